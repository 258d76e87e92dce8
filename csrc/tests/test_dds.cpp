// The bytes on the wire, and two participants of one process: states and commands over real DDS.
#include <dds/ddsi/ddsi_serdata.h>

#include <functional>
#include <string>

#include "amp/runtime/fault.hpp"
#include "amp/unitree/crc.hpp"
#include "check.hpp"
#include "driver.hpp"
#include "robot_link.hpp"
#include "simulated_robot.hpp"
#include "topic.hpp"

namespace {

using namespace amp::dds;
using namespace amp::unitree;
namespace rt = amp::runtime;

constexpr std::uint32_t kDomain = 77;
const std::string kGo2 = "family=go net=lo domain=77 slots=3,4,5,0,1,2,9,10,11,6,7,8";
const std::string kG1 = "family=hg net=lo domain=77 mode_machine=5 slots=0,1,2,28";

// Messages that are sent and received within one participant, as CDR.
template <class Message>
std::vector<unsigned char> wire_bytes(const Message& message, const char* topic_name) {
  const Participant participant(kDomain, "lo");
  const dds_entity_t topic = checked(
      dds_create_topic(participant.handle(), descriptor<Message>(), topic_name, nullptr, nullptr),
      "topic");
  const dds_entity_t reader =
      checked(dds_create_reader(participant.handle(), topic, nullptr, nullptr), "reader");
  const dds_entity_t writer =
      checked(dds_create_writer(participant.handle(), topic, nullptr, nullptr), "writer");
  CHECK(dds_write(writer, &message) == DDS_RETCODE_OK);
  ddsi_serdata* data = nullptr;
  dds_sample_info_t info;
  CHECK(dds_takecdr(reader, &data, 1, &info, DDS_ANY_STATE) == 1);
  std::vector<unsigned char> bytes(ddsi_serdata_size(data));
  ddsi_serdata_to_ser(data, 0, bytes.size(), bytes.data());
  ddsi_serdata_unref(data);
  // four bytes say how it is encoded (plain CDR, little-endian), the last of them the padding
  CHECK(bytes[0] == 0 && bytes[1] == 1);
  const std::size_t padding = bytes[3] & 3U;
  return {bytes.begin() + 4, bytes.end() - static_cast<std::ptrdiff_t>(padding)};
}

// CDR: fields in order, each aligned to its own size, nothing at the end. Written out here from the
// reference, field by field, with a value that no other field has.
class Cdr {
 public:
  template <class T>
  void put(T& field) {
    while (bytes.size() % sizeof(T) != 0) {
      bytes.push_back(0);
    }
    ++count_;
    field = static_cast<T>(std::is_floating_point_v<T> ? count_ + 0.5 : count_ * 7 + 3);
    const auto* raw = reinterpret_cast<const unsigned char*>(&field);
    bytes.insert(bytes.end(), raw, raw + sizeof(T));
  }
  template <class T, std::size_t N>
  void put(T (&fields)[N]) {
    for (T& field : fields) {
      put(field);
    }
  }
  template <class... Fields>
  void all(Fields&... fields) {
    (put(fields), ...);
  }
  std::vector<unsigned char> bytes;

 private:
  int count_ = 0;
};

void test_go_command() {
  go::LowCmd m{};
  Cdr cdr;
  cdr.all(m.head, m.level_flag, m.frame_reserve, m.sn, m.version, m.bandwidth);
  for (go::MotorCmd& motor : m.motor_cmd) {
    cdr.all(motor.mode, motor.q, motor.dq, motor.tau, motor.kp, motor.kd, motor.reserve);
  }
  cdr.all(m.bms_cmd.off, m.bms_cmd.reserve, m.wireless_remote, m.led, m.fan, m.gpio, m.reserve,
          m.crc);
  CHECK(cdr.bytes.size() == 808 && kWireSize<go::LowCmd> == 808);
  CHECK(wire_bytes(m, "go_cmd") == cdr.bytes);
}

void test_hg_command() {
  hg::LowCmd m{};
  Cdr cdr;
  cdr.all(m.mode_pr, m.mode_machine);
  for (hg::MotorCmd& motor : m.motor_cmd) {
    cdr.all(motor.mode, motor.q, motor.dq, motor.tau, motor.kp, motor.kd, motor.reserve);
  }
  cdr.all(m.reserve, m.crc);
  CHECK(cdr.bytes.size() == 1000 && kWireSize<hg::LowCmd> == 1000);
  CHECK(wire_bytes(m, "hg_cmd") == cdr.bytes);
}

void test_go_state() {
  go::LowState m{};
  Cdr cdr;
  cdr.all(m.head, m.level_flag, m.frame_reserve, m.sn, m.version, m.bandwidth);
  go::ImuState& imu = m.imu_state;
  cdr.all(imu.quaternion, imu.gyroscope, imu.accelerometer, imu.rpy, imu.temperature);
  for (go::MotorState& x : m.motor_state) {
    cdr.all(x.mode, x.q, x.dq, x.ddq, x.tau_est, x.q_raw, x.dq_raw, x.ddq_raw, x.temperature,
            x.lost, x.reserve);
  }
  go::BmsState& bms = m.bms_state;
  cdr.all(bms.version_high, bms.version_low, bms.status, bms.soc, bms.current, bms.cycle,
          bms.bq_ntc, bms.mcu_ntc, bms.cell_vol);
  cdr.all(m.foot_force, m.foot_force_est, m.tick, m.wireless_remote, m.bit_flag, m.adc_reel,
          m.temperature_ntc1, m.temperature_ntc2, m.power_v, m.power_a, m.fan_frequency, m.reserve,
          m.crc);
  CHECK(cdr.bytes.size() == 1176 && kWireSize<go::LowState> == 1176);
  CHECK(wire_bytes(m, "go_state") == cdr.bytes);
}

void test_hg_state() {
  hg::LowState m{};
  Cdr cdr;
  cdr.all(m.version, m.mode_pr, m.mode_machine, m.tick);
  hg::ImuState& imu = m.imu_state;
  cdr.all(imu.quaternion, imu.gyroscope, imu.accelerometer, imu.rpy, imu.temperature);
  for (hg::MotorState& x : m.motor_state) {
    cdr.all(x.mode, x.q, x.dq, x.ddq, x.tau_est, x.temperature, x.vol, x.sensor, x.motorstate,
            x.reserve);
  }
  cdr.all(m.wireless_remote, m.reserve, m.crc);
  CHECK(cdr.bytes.size() == 2088 && kWireSize<hg::LowState> == 2088);
  CHECK(wire_bytes(m, "hg_state") == cdr.bytes);
}

// Waits for what takes a moment between participants.
bool eventually(const std::function<bool()>& holds) {
  const std::int64_t end_ns = rt::now_ns() + 30'000'000'000;
  while (rt::now_ns() < end_ns) {
    if (holds()) {
      return true;
    }
    rt::sleep_until(rt::now_ns() + 2'000'000);
  }
  return false;
}

rt::JointCommand servo(double target) {
  rt::JointCommand command{};
  for (std::size_t i = 0; i < 12; ++i) {
    command.mode[i] = 1;
    command.target_pos[i] = target + static_cast<double>(i);
    command.kp[i] = 20.0;
  }
  return command;
}

void test_go2_there_and_back() {
  const auto robot = make_simulated_robot(parse_options(kGo2), 0);
  const auto driver = make_driver(parse_options(kGo2));
  MotorReport report;
  report.tick = 100000;
  report.q[3] = 0.25;  // the first joint's motor
  report.battery_percent = 55.0;
  rt::RobotState state{};
  MotorTargets targets;
  CHECK(eventually([&] {
    ++report.tick;
    robot->publish(report);
    driver->write(servo(0.5));
    return driver->read(state) && robot->read(targets);
  }));
  CHECK(state.joint_pos[0] == 0.25 && state.battery_percent == 55.0 && state.tick > 0);
  CHECK(targets.q[3] == 0.5 && targets.q[0] == 3.5 && targets.kp[3] == 20.0);
  CHECK(targets.enabled[3] == 1 && targets.enabled[12] == 0);
  const CommandCounters counters = robot->counters();
  CHECK(counters.accepted > 0 && counters.bad_crc == 0 && counters.bad_header == 0);
  CHECK(driver->faults() == rt::kNoFault);

  // a wrong check sum is no state
  report.corrupt = true;
  const std::uint64_t tick = state.tick;
  for (int i = 0; i < 50; ++i) {
    ++report.tick;
    robot->publish(report);
    rt::sleep_until(rt::now_ns() + 1'000'000);
  }
  while (driver->read(state)) {
  }
  CHECK(state.tick <= tick + 50 && state.tick < report.tick - 40);

  // the robot reboots: said once
  report.corrupt = false;
  report.tick = 1;
  bool restarted = false;
  CHECK(eventually([&] {
    ++report.tick;
    robot->publish(report);
    const bool read = driver->read(state);
    restarted = restarted || (driver->faults() & rt::kRobotRestart) != 0;
    return read && restarted;
  }));
  CHECK(eventually([&] {
    ++report.tick;
    robot->publish(report);
    return driver->read(state) && (driver->faults() & rt::kRobotRestart) == 0;
  }));

  // the remote's L2 and B
  report.remote.buttons = kL2 | kB;
  CHECK(eventually([&] {
    ++report.tick;
    robot->publish(report);
    return driver->read(state) && (driver->faults() & rt::kEstop) != 0;
  }));
}

// The public simulator seals and counts nothing. Its states are taken where no robot is, and where
// robots are they are not.
void test_plain_states() {
  for (const std::uint32_t domain : {kDomain, 0U}) {
    const std::string line = "net=lo domain=" + std::to_string(domain);
    const auto driver =
        make_driver(parse_options("family=hg mode_machine=5 slots=0,1,2,28 " + line));
    const auto link = make_robot_link(parse_options("family=hg slots=0,1,2,28 " + line));
    const Participant participant(domain, "lo");
    Writer<hg::LowState> writer(participant, kStateTopic);
    hg::LowState plain{};
    plain.imu_state.quaternion[0] = 1.0F;
    rt::RobotState state{};
    CHECK(eventually([&] {
      writer.write(plain);
      const LinkStatus seen = link->status();
      return (domain == 0 ? seen.crc_errors : seen.plain) > 5;
    }));
    if (domain == 0) {
      CHECK(!driver->read(state) && link->status().received == 0);
      continue;
    }
    CHECK(eventually([&] {
      writer.write(plain);
      return driver->read(state) && state.tick > 2;
    }));
    CHECK(driver->faults() == rt::kNoFault);
    plain.crc = 1;  // a check sum, and a wrong one
    const std::uint64_t received = link->status().received;
    CHECK(eventually([&] {
      writer.write(plain);
      return link->status().crc_errors > 5;
    }));
    CHECK(link->status().received <= received + 1);
  }
}

void test_second_publisher() {
  const auto driver = make_driver(parse_options(kGo2));
  CHECK(driver->faults() == rt::kNoFault);
  const auto other = make_driver(parse_options(kGo2));
  CHECK(eventually([&] {
    other->write(servo(0.0));
    return (driver->faults() & rt::kSecondPublisher) != 0;
  }));
  CHECK(eventually([&] { return (driver->faults() & rt::kSecondPublisher) == 0; }));
}

void test_g1_variant() {
  const auto driver = make_driver(parse_options(kG1));
  rt::RobotState state{};
  MotorTargets targets;
  MotorReport report;
  {
    const auto stranger = make_simulated_robot(parse_options(kG1), 4);
    CHECK(eventually([&] {
      ++report.tick;
      stranger->publish(report);
      return driver->read(state) && (driver->faults() & rt::kWrongVariant) != 0;
    }));
    for (int i = 0; i < 50; ++i) {
      CHECK(driver->write(servo(0.5)));
      rt::sleep_until(rt::now_ns() + 1'000'000);
    }
    CHECK(!stranger->read(targets) && stranger->counters().senders == 0);
  }
  const auto robot = make_simulated_robot(parse_options(kG1), 5);
  CHECK(eventually([&] {
    ++report.tick;
    robot->publish(report);
    driver->read(state);
    driver->write(servo(0.5));
    return robot->read(targets);
  }));
  CHECK((driver->faults() & rt::kWrongVariant) == 0);
  CHECK(targets.q[28] == 3.5 && targets.enabled[28] == 1 && targets.enabled[3] == 0);
  CHECK(robot->counters().bad_machine == 0);
}

void test_dry_run_sends_nothing() {
  const auto robot = make_simulated_robot(parse_options(kGo2), 0);
  const auto driver = make_driver(parse_options(kGo2 + " dry_run=1"));
  MotorReport report;
  rt::RobotState state{};
  CHECK(eventually([&] {
    ++report.tick;
    robot->publish(report);
    return driver->write(servo(0.5)) && driver->read(state);
  }));
  const auto link = make_robot_link(parse_options(kGo2));
  CHECK(eventually([&] {
    ++report.tick;
    robot->publish(report);
    return link->read(state);
  }));
  CHECK(link->command_types().empty() && link->state_types().size() == 1);
  CHECK(robot->counters().senders == 0);
}

// Somebody else's type under the same name, shorter or longer: dropped, and nothing breaks.
template <class Foreign>
void test_foreign_size(Foreign message) {
  const auto link = make_robot_link(parse_options(kGo2));
  const Participant participant(kDomain, "lo");
  dds_topic_descriptor_t disguised = *descriptor<Foreign>();
  disguised.m_typename = descriptor<go::LowState>()->m_typename;
  const dds_entity_t topic = checked(
      dds_create_topic(participant.handle(), &disguised, kStateTopic, nullptr, nullptr), "topic");
  const dds_entity_t writer =
      checked(dds_create_writer(participant.handle(), topic, nullptr, nullptr), "writer");
  CHECK(eventually([&] {
    dds_publication_matched_status_t matched{};
    dds_get_publication_matched_status(writer, &matched);
    return matched.current_count > 0;
  }));
  rt::RobotState state{};
  for (int i = 0; i < 100; ++i) {
    seal(message);
    dds_write(writer, &message);
    CHECK(!link->read(state));
    rt::sleep_until(rt::now_ns() + 1'000'000);
  }
  CHECK(link->status().received == 0);
}

}  // namespace

int main() {
  try {
    const Participant participant(kDomain, "lo");
  } catch (const std::exception& error) {
    std::printf("skipped: no DDS on the loopback interface: %s\n", error.what());
    return 77;
  }
  test_go_command();
  test_hg_command();
  test_go_state();
  test_hg_state();
  test_go2_there_and_back();
  test_plain_states();
  test_second_publisher();
  test_g1_variant();
  test_dry_run_sends_nothing();
  test_foreign_size(go::LowCmd{});
  test_foreign_size(hg::LowState{});
  return 0;
}

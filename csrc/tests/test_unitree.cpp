// Unitree's messages without DDS: layout, check sums, conversion by joint, remote, options.
#include <random>
#include <stdexcept>
#include <string>

#include "amp/unitree/convert.hpp"
#include "amp/unitree/crc.hpp"
#include "amp/unitree/options.hpp"
#include "amp/unitree/remote.hpp"
#include "check.hpp"

namespace {

using namespace amp::unitree;
using amp::runtime::JointCommand;
using amp::runtime::MotorMode;
using amp::runtime::RobotState;

// The definition, bit by bit.
std::uint32_t crc_by_bits(const std::vector<std::uint32_t>& words) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::uint32_t word : words) {
    for (int bit = 31; bit >= 0; --bit) {
      const bool top = (crc >> 31U) != 0;
      crc <<= 1U;
      if (top != ((word >> static_cast<unsigned>(bit) & 1U) != 0)) {
        crc ^= 0x04C11DB7U;
      }
    }
  }
  return crc;
}

void test_crc_is_its_definition() {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 70; ++size) {
    std::vector<std::uint32_t> words(size);
    for (std::uint32_t& word : words) {
      word = static_cast<std::uint32_t>(random());
    }
    CHECK(crc32_words(words.data(), size) == crc_by_bits(words));
  }
}

void test_vectors() {
  hg::LowCmd hg{};
  CHECK(message_crc(hg) == 0xFE172F9F);
  hg.mode_machine = 5;
  for (std::size_t i = 0; i < 29; ++i) {
    hg.motor_cmd[i].mode = 1;
  }
  CHECK(message_crc(hg) == 0x058980D1);
  for (std::size_t i = 0; i < 29; ++i) {
    hg.motor_cmd[i].kd = 8.0F;
  }
  CHECK(message_crc(hg) == 0xE61896D2);
  go::LowCmd go{};
  go.head[0] = 0xFE;
  go.head[1] = 0xEF;
  go.level_flag = 0xFF;
  for (go::MotorCmd& motor : go.motor_cmd) {
    motor.mode = 1;
  }
  CHECK(message_crc(go) == 0x57ECF19D);
  for (go::MotorCmd& motor : go.motor_cmd) {
    motor.q = go::kPosStop;
    motor.dq = go::kVelStop;
  }
  CHECK(message_crc(go) == 0x06E577CD);
}

// A command that moves nothing is the reference's idle message.
void test_idle() {
  const JointCommand idle{};
  MotorMap map;
  map.joints = 12;
  for (std::size_t i = 0; i < 12; ++i) {
    map.slot[i] = i;
  }
  go::LowCmd go{};
  to_wire(idle, map, go);
  seal(go);
  CHECK(go.crc == 0x06E577CD && is_sealed(go));
  go.motor_cmd[3].kd += 1.0F;
  CHECK(!is_sealed(go));
  hg::LowCmd hg{};
  to_wire(idle, map, hg);
  seal(hg);
  CHECK(hg.crc == 0xFE172F9F);
}

MotorMap backwards(std::size_t joints, std::size_t motors) {
  MotorMap map;
  map.joints = joints;
  for (std::size_t i = 0; i < joints; ++i) {
    map.slot[i] = motors - 1 - 2 * i % motors - 2 * i / motors;
  }
  return map;
}

template <class Cmd>
void test_command(std::size_t joints) {
  const std::size_t motors = sizeof(Cmd::motor_cmd) / sizeof(Cmd{}.motor_cmd[0]);
  const MotorMap map = backwards(joints, motors);
  JointCommand command{};
  for (std::size_t i = 0; i < joints; ++i) {
    const double x = static_cast<double>(i + 1);
    command.target_pos[i] = x;
    command.target_vel[i] = 100.0 + x;
    command.torque[i] = 200.0 + x;
    command.kp[i] = 300.0 + x;
    command.kd[i] = 400.0 + x;
    command.mode[i] = static_cast<std::uint32_t>(MotorMode::servo);
  }
  command.mode[joints - 1] = static_cast<std::uint32_t>(MotorMode::idle);
  Cmd out;
  std::memset(&out, 0xAB, sizeof(out));  // nothing of what was there may stay
  to_wire(command, map, out);
  Cmd idle;
  to_wire(JointCommand{}, map, idle);
  for (std::size_t i = 0; i + 1 < joints; ++i) {
    auto& motor = out.motor_cmd[map.slot[i]];
    const float x = static_cast<float>(i + 1);
    CHECK(motor.mode == 1 && motor.q == x && motor.dq == 100.0F + x && motor.tau == 200.0F + x);
    CHECK(motor.kp == 300.0F + x && motor.kd == 400.0F + x);
    motor = idle.motor_cmd[map.slot[i]];
  }
  CHECK(std::memcmp(&out, &idle, sizeof(out) - 4) == 0);  // all the rest is idle
}

template <class State>
State numbered_state(std::size_t motors) {
  State in{};
  in.tick = 77;
  for (std::size_t i = 0; i < 4; ++i) {
    in.imu_state.quaternion[i] = 0.1F * static_cast<float>(i + 1);
  }
  for (std::size_t i = 0; i < 3; ++i) {
    in.imu_state.gyroscope[i] = 1.0F + static_cast<float>(i);
    in.imu_state.accelerometer[i] = 7.0F + static_cast<float>(i);
  }
  for (std::size_t i = 0; i < motors; ++i) {
    auto& motor = in.motor_state[i];
    const float x = static_cast<float>(i);
    motor.q = x;
    motor.dq = 100.0F + x;
    motor.ddq = 1e6F;
    motor.tau_est = 200.0F + x;
  }
  return in;
}

template <class State>
RobotState check_state(const State& in, const MotorMap& map) {
  RobotState state{};
  state.time_ns = 5;
  from_wire(in, map, state);
  CHECK(state.time_ns == 5 && state.tick == 77);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(state.quat_wxyz[i] == static_cast<double>(0.1F * static_cast<float>(i + 1)));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(state.gyro_b[i] == 1.0 + static_cast<double>(i));
    CHECK(state.accel_b[i] == 7.0 + static_cast<double>(i));
  }
  for (std::size_t i = 0; i < map.joints; ++i) {
    const double x = static_cast<double>(map.slot[i]);
    CHECK(state.joint_pos[i] == x && state.joint_vel[i] == 100.0 + x);
    CHECK(state.joint_torque[i] == 200.0 + x);
  }
  CHECK((state.flags & amp::runtime::kHasTorque) != 0);
  CHECK((state.flags & amp::runtime::kHasAcceleration) != 0);
  CHECK((state.flags & amp::runtime::kHasTemperature) != 0);
  return state;
}

void test_states() {
  auto go = numbered_state<go::LowState>(go::kMotors);
  const MotorMap legs = backwards(12, go::kMotors);
  for (std::size_t i = 0; i < go::kMotors; ++i) {
    go.motor_state[i].temperature = static_cast<std::uint8_t>(30 + i);
  }
  go.bms_state.soc = 64;
  RobotState state = check_state(go, legs);
  CHECK((state.flags & amp::runtime::kHasBattery) != 0 && state.battery_percent == 64.0);
  CHECK(state.motor_temperature_c[2] == 30.0 + static_cast<double>(legs.slot[2]));

  auto hg = numbered_state<hg::LowState>(hg::kMotors);
  const MotorMap body = backwards(29, hg::kMotors);
  hg.motor_state[body.slot[4]].temperature[0] = 50;
  hg.motor_state[body.slot[4]].temperature[1] = 70;
  hg.motor_state[body.slot[5]].temperature[0] = 50;
  hg.motor_state[body.slot[5]].temperature[1] = 130;
  state = check_state(hg, body);
  CHECK((state.flags & amp::runtime::kHasBattery) == 0);
  CHECK(state.motor_temperature_c[4] == 50.0 && state.motor_temperature_c[5] == 95.0);
}

void test_remote() {
  Remote40 bytes{};
  bytes[2] = 0x20;  // L2
  bytes[3] = 0x02;  // B
  const float ly = 0.5F, beyond = -3.0F, bad = NAN;
  std::memcpy(bytes + 20, &ly, 4);
  std::memcpy(bytes + 8, &beyond, 4);
  std::memcpy(bytes + 12, &bad, 4);
  const Remote remote = decode_remote(bytes);
  CHECK(remote.buttons == (kL2 | kB) && stop_pressed(remote));
  CHECK(remote.ly == 0.5F && remote.lx == 0.0F && remote.rx == -1.0F && remote.ry == 0.0F);
  for (const auto one : {kL2, kB}) {
    CHECK(!stop_pressed({one, 0, 0, 0, 0}));
  }
  Remote40 again;
  encode_remote({kStart | kLeft, 0.1F, 0.2F, 0.3F, 0.4F}, again);
  const Remote back = decode_remote(again);
  CHECK(back.buttons == (kStart | kLeft));
  CHECK(back.lx == 0.1F && back.ly == 0.2F && back.rx == 0.3F && back.ry == 0.4F);
}

void test_options() {
  const Options o =
      parse_options("family=hg net=eth0 domain=3 slots=2,0,34 mode_machine=5,6 dry_run=1");
  CHECK(o.family == Family::hg && o.interface == "eth0" && o.domain == 3 && o.dry_run);
  CHECK(o.map.joints == 3 && o.map.slot[0] == 2 && o.map.slot[2] == 34);
  CHECK(o.mode_machine == (std::vector<std::uint8_t>{5, 6}));
  for (const char* bad :
       {"", "net=lo", "slots=0", "net=lo slots=0,0", "net=lo slots=20", "net=lo slots=0 family=b2",
        "net=lo slots=0 domain=-1", "net=lo slots=0 domain=233", "net=lo slots=0 speed=1",
        "net=lo slots=x", "net=l<o slots=0", "net=lo slots=0 mode_machine=256", "net"}) {
    bool refused = false;
    try {
      parse_options(bad);
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    CHECK(refused);
  }
}

}  // namespace

int main() {
  test_crc_is_its_definition();
  test_vectors();
  test_idle();
  test_command<go::LowCmd>(10);
  test_command<hg::LowCmd>(17);
  test_states();
  test_remote();
  test_options();
  return 0;
}

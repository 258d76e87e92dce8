#include "simulated_robot.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "amp/runtime/channel.hpp"
#include "amp/unitree/crc.hpp"
#include "topic.hpp"

namespace amp::dds {
namespace {

struct AtomicCounters {
  std::atomic<std::uint64_t> accepted{0}, bad_crc{0}, bad_header{0}, bad_machine{0}, bad_motor{0},
      senders{0};
};

template <class Motor>
bool valid(const Motor& motor) {
  const float values[] = {motor.q, motor.dq, motor.tau, motor.kp, motor.kd};
  return motor.mode <= 1 && motor.kp >= 0.0F && motor.kd >= 0.0F &&
         std::all_of(std::begin(values), std::end(values),
                     [](float x) { return std::isfinite(x); });
}

bool valid_header(const unitree::go::LowCmd& command) {
  return std::equal(command.head, command.head + 2, unitree::go::kHead) &&
         command.level_flag == unitree::go::kLevelFlag;
}
bool valid_header(const unitree::hg::LowCmd& command) {
  return command.mode_pr == unitree::hg::kPitchRoll;
}

bool valid_machine(const unitree::go::LowCmd&, std::uint8_t) { return true; }
bool valid_machine(const unitree::hg::LowCmd& command, std::uint8_t machine) {
  return command.mode_machine == machine;
}

// An idle motor of a Go2 is enabled, with a position and a speed that mean none.
template <class Motor>
bool is_enabled(const Motor& motor) {
  return motor.mode == 1 && motor.q != unitree::go::kPosStop;
}

template <class Command>
void fill(const Command& command, MotorTargets& targets) {
  for (std::size_t i = 0; i < std::size(command.motor_cmd); ++i) {
    const auto& motor = command.motor_cmd[i];
    targets.enabled[i] = is_enabled(motor) ? 1 : 0;
    targets.q[i] = motor.q;
    targets.dq[i] = motor.dq;
    targets.tau[i] = motor.tau;
    targets.kp[i] = motor.kp;
    targets.kd[i] = motor.kd;
  }
}

template <class To, std::size_t N>
void copy(const std::array<double, N>& from, To (&to)[N]) {
  std::transform(from.begin(), from.end(), to, [](double x) { return static_cast<To>(x); });
}

template <class State>
void fill_common(const MotorReport& report, State& state) {
  state.tick = report.tick;
  copy(report.quat_wxyz, state.imu_state.quaternion);
  copy(report.gyro_b, state.imu_state.gyroscope);
  copy(report.accel_b, state.imu_state.accelerometer);
  const auto& q = report.quat_wxyz;
  const double rpy[3] = {
      std::atan2(2.0 * (q[0] * q[1] + q[2] * q[3]), 1.0 - 2.0 * (q[1] * q[1] + q[2] * q[2])),
      std::asin(std::clamp(2.0 * (q[0] * q[2] - q[3] * q[1]), -1.0, 1.0)),
      std::atan2(2.0 * (q[0] * q[3] + q[1] * q[2]), 1.0 - 2.0 * (q[2] * q[2] + q[3] * q[3]))};
  std::copy(std::begin(rpy), std::end(rpy), state.imu_state.rpy);
  for (std::size_t i = 0; i < std::size(state.motor_state); ++i) {
    auto& motor = state.motor_state[i];
    motor.mode = 1;
    motor.q = static_cast<float>(report.q[i]);
    motor.dq = static_cast<float>(report.dq[i]);
    motor.ddq = static_cast<float>(report.ddq[i]);
    motor.tau_est = static_cast<float>(report.tau[i]);
  }
  unitree::encode_remote(report.remote, state.wireless_remote);
}

void fill(const MotorReport& report, std::uint8_t, unitree::go::LowState& state) {
  fill_common(report, state);
  std::copy_n(unitree::go::kHead, 2, state.head);
  state.level_flag = unitree::go::kLevelFlag;
  for (std::size_t i = 0; i < unitree::go::kMotors; ++i) {
    const double celsius = std::clamp(report.temperature_c[i], 0.0, 255.0);
    state.motor_state[i].temperature = static_cast<std::uint8_t>(celsius);
  }
  state.bms_state.soc = static_cast<std::uint8_t>(std::clamp(report.battery_percent, 0.0, 100.0));
  state.power_v = 28.8F;  // the nominal voltage of its battery
}

void fill(const MotorReport& report, std::uint8_t machine, unitree::hg::LowState& state) {
  fill_common(report, state);
  state.mode_pr = unitree::hg::kPitchRoll;
  state.mode_machine = machine;
  for (std::size_t i = 0; i < unitree::hg::kMotors; ++i) {
    const double celsius = std::clamp(report.temperature_c[i], -300.0, 300.0);
    std::fill_n(state.motor_state[i].temperature, 2, static_cast<std::int16_t>(celsius));
  }
}

template <class Kind>
class UnitreeInSimulation : public SimulatedRobot, Receiver<typename Kind::Command> {
 public:
  using Command = typename Kind::Command;

  UnitreeInSimulation(const unitree::Options& options, std::uint8_t mode_machine)
      : machine_(mode_machine),
        participant_(options.domain, options.interface),
        writer_(participant_, kStateTopic),
        reader_(participant_, kCommandTopic, *this) {}

  bool read(MotorTargets& targets) override { return channel_.read(targets, seen_); }

  CommandCounters counters() const override {
    return {counters_.accepted,    counters_.bad_crc,   counters_.bad_header,
            counters_.bad_machine, counters_.bad_motor, counters_.senders};
  }

  bool publish(const MotorReport& report) override {
    state_ = typename Kind::State{};
    fill(report, machine_, state_);
    unitree::seal(state_);
    if (report.corrupt) {
      state_.crc ^= 1U;
    }
    return writer_.write(state_);
  }

  void received(const Command& command, std::int64_t time_ns, std::uint64_t sender) override {
    if (sender != sender_) {
      sender_ = sender;
      ++counters_.senders;
    }
    if (!unitree::is_sealed(command)) {
      ++counters_.bad_crc;
    } else if (!valid_header(command)) {
      ++counters_.bad_header;
    } else if (!valid_machine(command, machine_)) {
      ++counters_.bad_machine;
    } else if (!std::all_of(std::begin(command.motor_cmd), std::end(command.motor_cmd),
                            [](const auto& motor) { return valid(motor); })) {
      ++counters_.bad_motor;
    } else {
      ++counters_.accepted;
      targets_.time_ns = time_ns;
      fill(command, targets_);
      channel_.write(targets_);
    }
  }

 private:
  std::uint8_t machine_;
  AtomicCounters counters_;
  runtime::Channel<MotorTargets> channel_;
  MotorTargets targets_;
  std::uint64_t seen_ = 0, sender_ = 0;
  typename Kind::State state_{};
  Participant participant_;
  Writer<typename Kind::State> writer_;
  Reader<Command> reader_;  // last: it may call at once
};

}  // namespace

std::unique_ptr<SimulatedRobot> make_simulated_robot(const unitree::Options& options,
                                                     std::uint8_t mode_machine) {
  if (options.family == unitree::Family::go) {
    return std::make_unique<UnitreeInSimulation<Go>>(options, mode_machine);
  }
  return std::make_unique<UnitreeInSimulation<Hg>>(options, mode_machine);
}

}  // namespace amp::dds

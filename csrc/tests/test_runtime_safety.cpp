// The limits hold for any input, and change nothing that is well within them.
#include <limits>

#include "amp/runtime/safety.hpp"
#include "runtime_robot.hpp"

namespace {

using namespace amp::runtime;
using amp::test::loop_config;
using amp::test::robot_state;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void soft_clamps() {
  double before = -1.0;
  for (double target = -5.0; target < 5.0; target += 1e-3) {
    const double clamped = soft_clamp(target, -1.0, 0.5, 0.1);
    CHECK(clamped >= -1.0 && clamped <= 0.5 && clamped >= before);  // monotonous
    CHECK(target < -0.9 || target > 0.4 || clamped == target);
    CHECK(std::fabs(clamped - before) < 1.001e-3 || before == -1.0);  // slope at most 1
    before = clamped;
  }
  CHECK(soft_clamp(3.0, -1.0, 1.0, 0.0) == 1.0);
  CHECK(soft_clamp(0.0, -1.0, 1.0, 9.0) == 0.0);  // a zone wider than the range
  CHECK(soft_clamp(1e300, -1.0, 1.0, 0.1) == 1.0 && soft_clamp(-1e300, -1.0, 1.0, 0.1) == -1.0);
}

void tilts() {
  for (double angle = 0.0; angle <= 3.1; angle += 0.1) {
    const double c = std::cos(angle / 2), s = std::sin(angle / 2);
    const double roll[4] = {c, s, 0.0, 0.0}, pitch[4] = {2 * c, 0.0, -2 * s, 0.0};
    const double yaw[4] = {c, 0.0, 0.0, s};
    CHECK(std::fabs(tilt_rad(roll) - angle) < 1e-12);
    CHECK(std::fabs(tilt_rad(pitch) - angle) < 1e-12);  // of any length
    CHECK(tilt_rad(yaw) == 0.0);
  }
}

void torques() {
  amp::test::Random random;
  const std::vector<float> numbers = random.normal(6000);
  for (std::size_t i = 0; i + 6 <= numbers.size(); i += 6) {
    const float* x = &numbers[i];
    const double q = x[3], dq = 20.0 * x[4];
    const TorqueRange range = torque_range(20.0, dq, 20.0);
    CHECK(range.lower <= 0.0 && range.upper >= 0.0 && range.upper - range.lower >= 20.0);
    const Servo wish{3.0 * x[0], 0.1 * x[1], x[2], i % 4 == 0 ? 0.0 : 40.0, 1.0};
    const Servo servo = limit_torque(wish, q, dq, range);
    const double torque = predicted_torque(servo, q, dq);
    CHECK(torque <= range.upper + 1e-9 && torque >= range.lower - 1e-9);
    const double asked = predicted_torque(wish, q, dq);
    if (asked <= range.upper && asked >= range.lower) {
      CHECK(servo.pos == wish.pos && servo.torque == wish.torque);
    }
  }
  CHECK(torque_range(20.0, 22.1, 20.0).upper == 0.0);  // no further acceleration
  CHECK(torque_range(20.0, 22.1, 20.0).lower == -20.0);
  CHECK(limit_rate(1.0, 0.0, 0.25) == 0.25 && limit_rate(0.1, 0.0, 0.25) == 0.1);
}

template <class Change>
std::uint64_t faults_of(const Change& change) {
  RobotState state = robot_state();
  state.flags = kHasTorque | kHasTemperature | kHasBattery | kHasAcceleration;
  state.battery_percent = 50.0;
  CHECK(check_state(state, loop_config()) == kNoFault);
  change(state);
  return check_state(state, loop_config());
}

void states() {
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    CHECK(faults_of([&](RobotState& s) { s.quat_wxyz[2] = bad; }) == kStateNotFinite);
    CHECK(faults_of([&](RobotState& s) { s.gyro_b[1] = bad; }) == kStateNotFinite);
    CHECK(faults_of([&](RobotState& s) { s.accel_b[1] = bad; }) == kStateNotFinite);
    CHECK(faults_of([&](RobotState& s) { s.joint_pos[11] = bad; }) == kStateNotFinite);
    CHECK(faults_of([&](RobotState& s) { s.joint_vel[0] = bad; }) == kStateNotFinite);
    CHECK(faults_of([&](RobotState& s) { s.joint_torque[0] = bad; }) == kStateNotFinite);
    CHECK(faults_of([&](RobotState& s) { s.battery_percent = bad; }) == kStateNotFinite);
    CHECK(faults_of([&](RobotState& s) { s.joint_pos[12] = bad; }) == kNoFault);  // no such joint
  }
  CHECK(faults_of([](RobotState& s) { s.quat_wxyz[0] = 0.0; }) == kImu);
  CHECK(faults_of([](RobotState& s) { s.quat_wxyz[1] = 1.0; }) == kTilt);
  CHECK(faults_of([](RobotState& s) { s.gyro_b[2] = -12.5; }) == kGyro);
  CHECK(faults_of([](RobotState& s) { s.joint_pos[3] = -1.2; }) == kJointLimit);
  CHECK(faults_of([](RobotState& s) { s.joint_pos[3] = 1.05; }) == kNoFault);
  CHECK(faults_of([](RobotState& s) { s.joint_vel[3] = -31.0; }) == kJointVelocity);
  CHECK(faults_of([](RobotState& s) { s.joint_torque[3] = 31.0; }) == kJointTorque);
  CHECK(faults_of([](RobotState& s) { s.motor_temperature_c[3] = 90.0; }) == kTemperature);
  CHECK(faults_of([](RobotState& s) { s.battery_percent = 4.0; }) == kBattery);
  CHECK(faults_of([](RobotState& s) {  // what is not measured is not looked at
          s.flags = 0;
          s.joint_torque[3] = s.motor_temperature_c[1] = s.battery_percent = kNan;
        }) == kNoFault);
}

void targets_and_operators() {
  const LoopConfig config = loop_config();
  PolicyTarget target{};
  CHECK(check_target(target, config, 0, 0) == kNoFault);
  CHECK(check_target(target, config, 1, 0) == kTargetInvalid);
  target.state_tick = 5;
  CHECK(check_target(target, config, 0, 4) == kTargetInvalid);
  target.action[2] = -51.0F;
  CHECK(check_target(target, config, 0, 5) == kActionRange);
  target.target[1] = kNan;
  CHECK(check_target(target, config, 0, 5) == kTargetNotFinite);

  OperatorInput input{};
  LoopConfig held = config;
  held.safety.deadman_timeout_s = 0.1;
  CHECK(check_operator(nullptr, config, 0) == kNoFault);
  CHECK(check_operator(nullptr, held, 0) == kDeadman);
  CHECK(check_operator(&input, held, 100'000'000) == kNoFault);
  CHECK(check_operator(&input, held, 100'000'001) == kDeadman);
  CHECK(check_operator(&input, held, -3'000'000) == kDeadman);  // of the future
  input.requested_mode = 3;
  input.requested_policy = 2;
  CHECK(check_operator(&input, config, 0) == kOperatorInvalid);  // no policy there
  input.requested_policy = 1;
  CHECK(check_operator(&input, config, 0) == kNoFault);
  input.requested_mode = 4;
  CHECK(check_operator(&input, config, 0) == kOperatorInvalid);
  input.requested_mode = 0;
  input.velocity_command[1] = kInfinity;
  input.estop = 1;
  CHECK(check_operator(&input, config, 0) == (kOperatorInvalid | kEstop));
}

void fault_names() {
  for (std::size_t i = 0; i < kFaults; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      CHECK(std::strcmp(fault_name(i), fault_name(j)) != 0);
    }
  }
  CHECK(std::strcmp(fault_name(0), "estop") == 0 && std::strcmp(fault_name(99), "unknown") == 0);
}

}  // namespace

int main() {
  soft_clamps();
  tilts();
  torques();
  states();
  targets_and_operators();
  fault_names();
  return 0;
}

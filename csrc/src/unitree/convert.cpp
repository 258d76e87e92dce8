#include "amp/unitree/convert.hpp"

#include <algorithm>

namespace amp::unitree {
namespace {

using runtime::JointCommand;
using runtime::MotorMode;
using runtime::RobotState;

constexpr double kWindingMargin_c = 120.0 - 85.0;

bool servo(const JointCommand& command, std::size_t joint) {
  return command.mode[joint] == static_cast<std::uint32_t>(MotorMode::servo);
}

template <class Motor>
void fill_servo(const JointCommand& command, std::size_t joint, Motor& motor) {
  motor.q = static_cast<float>(command.target_pos[joint]);
  motor.dq = static_cast<float>(command.target_vel[joint]);
  motor.tau = static_cast<float>(command.torque[joint]);
  motor.kp = static_cast<float>(command.kp[joint]);
  motor.kd = static_cast<float>(command.kd[joint]);
}

template <class State>
void fill_common(const State& in, const MotorMap& map, RobotState& state) {
  state.tick = in.tick;
  std::copy_n(in.imu_state.quaternion, 4, state.quat_wxyz);
  std::copy_n(in.imu_state.gyroscope, 3, state.gyro_b);
  std::copy_n(in.imu_state.accelerometer, 3, state.accel_b);
  for (std::size_t i = 0; i < map.joints; ++i) {
    const auto& motor = in.motor_state[map.slot[i]];
    state.joint_pos[i] = motor.q;
    state.joint_vel[i] = motor.dq;
    state.joint_torque[i] = motor.tau_est;
  }
  state.flags = runtime::kHasTorque | runtime::kHasTemperature | runtime::kHasAcceleration;
}

}  // namespace

void to_wire(const JointCommand& command, const MotorMap& map, go::LowCmd& out) {
  out = go::LowCmd{};
  std::copy_n(go::kHead, 2, out.head);
  out.level_flag = go::kLevelFlag;
  for (go::MotorCmd& motor : out.motor_cmd) {
    motor.mode = go::kServo;
    motor.q = go::kPosStop;
    motor.dq = go::kVelStop;
  }
  for (std::size_t i = 0; i < map.joints; ++i) {
    if (servo(command, i)) {
      fill_servo(command, i, out.motor_cmd[map.slot[i]]);
    }
  }
}

void to_wire(const JointCommand& command, const MotorMap& map, hg::LowCmd& out) {
  out = hg::LowCmd{};
  out.mode_pr = hg::kPitchRoll;
  for (std::size_t i = 0; i < map.joints; ++i) {
    if (servo(command, i)) {
      hg::MotorCmd& motor = out.motor_cmd[map.slot[i]];
      motor.mode = hg::kEnabled;
      fill_servo(command, i, motor);
    }
  }
}

void from_wire(const go::LowState& in, const MotorMap& map, RobotState& state) {
  fill_common(in, map, state);
  for (std::size_t i = 0; i < map.joints; ++i) {
    state.motor_temperature_c[i] = in.motor_state[map.slot[i]].temperature;
  }
  state.battery_percent = in.bms_state.soc;
  state.flags |= runtime::kHasBattery;
}

void from_wire(const hg::LowState& in, const MotorMap& map, RobotState& state) {
  fill_common(in, map, state);
  for (std::size_t i = 0; i < map.joints; ++i) {
    const hg::MotorState& motor = in.motor_state[map.slot[i]];
    state.motor_temperature_c[i] =
        std::max<double>(motor.temperature[0], motor.temperature[1] - kWindingMargin_c);
  }
}

}  // namespace amp::unitree

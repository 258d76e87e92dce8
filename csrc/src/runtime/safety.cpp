#include "amp/runtime/safety.hpp"

#include <algorithm>
#include <cmath>

#include "amp/runtime/watchdog.hpp"

namespace amp::runtime {
namespace {

template <class T>
bool finite(const T* values, std::size_t count) {
  return std::all_of(values, values + count, [](T value) { return std::isfinite(value); });
}

// How much of its effort a joint keeps while it turns with `speed` in the direction of the torque.
double effort_share(double speed, double limit) {
  constexpr double kFade = 0.1;
  return std::clamp((limit * (1.0 + kFade) - speed) / (limit * kFade), 0.0, 1.0);
}

std::uint64_t check_imu(const RobotState& state, const SafetyConfig& safety) {
  double squared = 0.0;
  for (const double q : state.quat_wxyz) {
    squared += q * q;
  }
  const double* gyro = state.gyro_b;
  const double rate = std::sqrt(gyro[0] * gyro[0] + gyro[1] * gyro[1] + gyro[2] * gyro[2]);
  const std::uint64_t turning = rate > safety.max_gyro_rad_s ? kGyro : kNoFault;
  if (squared < 0.25 || squared > 4.0) {  // a dead IMU reports zeros
    return kImu | turning;
  }
  return turning | (tilt_rad(state.quat_wxyz) > safety.max_tilt_rad ? kTilt : kNoFault);
}

std::uint64_t check_joint(const RobotState& state, std::size_t i, const LoopConfig& config) {
  const JointConfig& joint = config.joint[i];
  const SafetyConfig& safety = config.safety;
  std::uint64_t faults = kNoFault;
  if (state.joint_pos[i] < joint.lower_rad - safety.limit_margin_rad ||
      state.joint_pos[i] > joint.upper_rad + safety.limit_margin_rad) {
    faults |= kJointLimit;
  }
  if (std::fabs(state.joint_vel[i]) > safety.velocity_fault_ratio * joint.velocity_limit_rad_s) {
    faults |= kJointVelocity;
  }
  if ((state.flags & kHasTorque) != 0 &&
      std::fabs(state.joint_torque[i]) > safety.torque_fault_ratio * joint.effort_limit_nm) {
    faults |= kJointTorque;
  }
  if ((state.flags & kHasTemperature) != 0 &&
      state.motor_temperature_c[i] > safety.max_temperature_c) {
    faults |= kTemperature;
  }
  return faults;
}

bool state_finite(const RobotState& state, std::size_t joints) {
  const std::uint64_t flags = state.flags;
  return finite(state.quat_wxyz, 4) && finite(state.gyro_b, 3) && finite(state.joint_pos, joints) &&
         finite(state.joint_vel, joints) &&
         ((flags & kHasAcceleration) == 0 || finite(state.accel_b, 3)) &&
         ((flags & kHasTorque) == 0 || finite(state.joint_torque, joints)) &&
         ((flags & kHasTemperature) == 0 || finite(state.motor_temperature_c, joints)) &&
         ((flags & kHasBattery) == 0 || std::isfinite(state.battery_percent));
}

}  // namespace

double tilt_rad(const double quat_wxyz[4]) {
  const double w = quat_wxyz[0], x = quat_wxyz[1], y = quat_wxyz[2], z = quat_wxyz[3];
  // the z axis' height is cos = (w^2 + z^2 - x^2 - y^2) / |q|^2, and tan(angle / 2) is exact at 0
  return 2.0 * std::atan2(std::sqrt(x * x + y * y), std::sqrt(w * w + z * z));
}

double soft_clamp(double target, double lower, double upper, double zone) {
  zone = std::min(zone, 0.5 * (upper - lower));
  if (zone <= 0.0) {
    return std::clamp(target, lower, upper);
  }
  if (target > upper - zone) {
    return upper - zone * std::exp((upper - zone - target) / zone);
  }
  if (target < lower + zone) {
    return lower + zone * std::exp((target - lower - zone) / zone);
  }
  return target;
}

double limit_rate(double target, double previous, double step) {
  return std::clamp(target, previous - step, previous + step);
}

TorqueRange torque_range(double effort, double velocity, double velocity_limit) {
  return {-effort * effort_share(-velocity, velocity_limit),
          effort * effort_share(velocity, velocity_limit)};
}

double predicted_torque(const Servo& servo, double joint_pos, double joint_vel) {
  return servo.kp * (servo.pos - joint_pos) + servo.kd * (servo.vel - joint_vel) + servo.torque;
}

Servo limit_torque(Servo servo, double joint_pos, double joint_vel, TorqueRange range) {
  const double torque = predicted_torque(servo, joint_pos, joint_vel);
  const double excess = torque - std::clamp(torque, range.lower, range.upper);
  if (servo.kp > 0.0) {
    servo.pos -= excess / servo.kp;
  } else {
    servo.torque -= excess;
  }
  return servo;
}

std::uint64_t check_state(const RobotState& state, const LoopConfig& config) {
  if (!state_finite(state, config.joints)) {
    return kStateNotFinite;
  }
  std::uint64_t faults = check_imu(state, config.safety);
  for (std::size_t i = 0; i < config.joints; ++i) {
    faults |= check_joint(state, i, config);
  }
  if ((state.flags & kHasBattery) != 0 &&
      state.battery_percent < config.safety.min_battery_percent) {
    faults |= kBattery;
  }
  return faults;
}

std::uint64_t check_target(const PolicyTarget& target, const LoopConfig& config, std::size_t slot,
                           std::uint64_t newest_tick) {
  if (!finite(target.action, config.joints) || !finite(target.target, config.joints)) {
    return kTargetNotFinite;
  }
  std::uint64_t faults = kNoFault;
  if (target.policy != slot || target.state_tick > newest_tick) {
    faults |= kTargetInvalid;
  }
  const double limit = config.policy[slot].action_limit;
  for (std::size_t i = 0; i < config.joints; ++i) {
    if (std::fabs(static_cast<double>(target.action[i])) > limit) {
      faults |= kActionRange;
    }
  }
  return faults;
}

std::uint64_t check_operator(const OperatorInput* input, const LoopConfig& config,
                             std::int64_t time_ns) {
  const std::int64_t timeout_ns = to_ns(config.safety.deadman_timeout_s);
  if (input == nullptr) {
    return timeout_ns > 0 ? kDeadman : kNoFault;
  }
  std::uint64_t faults = input->estop != 0 ? kEstop : kNoFault;
  if (timeout_ns > 0 && is_stale(time_ns, input->deadman_ns, timeout_ns)) {
    faults |= kDeadman;
  }
  const bool mode_known = input->requested_mode <= static_cast<std::uint32_t>(Mode::policy);
  const bool policy_known = input->requested_policy < kMaxPolicies &&
                            (input->requested_mode < static_cast<std::uint32_t>(Mode::policy) ||
                             config.policy[input->requested_policy].present != 0);
  if (!mode_known || !policy_known || !finite(input->velocity_command, kCommands)) {
    faults |= kOperatorInvalid;
  }
  return faults;
}

}  // namespace amp::runtime

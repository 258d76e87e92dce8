// What keeps a robot whole, as free functions: checks give the bits of Fault, limits give a number.
#pragma once

#include <cstddef>
#include <cstdint>

#include "amp/runtime/config.hpp"
#include "amp/runtime/fault.hpp"
#include "amp/runtime/types.hpp"

namespace amp::runtime {

// The angle in rad between the base's z axis and the vertical, for a quaternion of any length but
// 0.
double tilt_rad(const double quat_wxyz[4]);

// `target` where it is further than `zone` from both limits; in the zones the excess is compressed,
// L - zone exp(-excess / zone), whose value and slope are continuous and which never passes L. A
// zone wider than half the range counts as half of it.
double soft_clamp(double target, double lower, double upper, double zone);

// The value nearest to `target` that is at most `step` away from `previous`.
double limit_rate(double target, double previous, double step);

// The torques a joint may be given: +-effort, falling to zero in the direction of motion while the
// speed goes from the limit to 1.1 times the limit.
struct TorqueRange {
  double lower, upper;
};
TorqueRange torque_range(double effort, double velocity, double velocity_limit);

// PD control of one joint, torque = kp (pos - q) + kd (vel - dq) + torque.
struct Servo {
  double pos, vel, torque, kp, kd;
};
double predicted_torque(const Servo& servo, double joint_pos, double joint_vel);

// The servo whose predicted torque lies in `range`: its target position is moved; the feed-forward
// torque is where kp is zero.
Servo limit_torque(Servo servo, double joint_pos, double joint_vel, TorqueRange range);

// Faults of one measurement by itself; of those that are optional only what `flags` says is there.
std::uint64_t check_state(const RobotState& state, const LoopConfig& config);

// Faults of one answer of the policy in `slot` by itself. `newest_tick` is of the newest state.
std::uint64_t check_target(const PolicyTarget& target, const LoopConfig& config, std::size_t slot,
                           std::uint64_t newest_tick);

// kOperatorInvalid, kEstop and kDeadman of the operator's input; null: there was none yet.
std::uint64_t check_operator(const OperatorInput* input, const LoopConfig& config,
                             std::int64_t time_ns);

}  // namespace amp::runtime

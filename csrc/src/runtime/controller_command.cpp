#include <algorithm>
#include <cmath>

#include "amp/runtime/controller.hpp"
#include "amp/runtime/safety.hpp"

namespace amp::runtime {
namespace {

// The share of `duration_s` that has passed; 1 where there is none.
double progress(std::int64_t passed_ns, double duration_s) {
  return duration_s > 0.0 ? 1e-9 * static_cast<double>(passed_ns) / duration_s : 1.0;
}

}  // namespace

void Controller::command(const RobotState* state, std::int64_t time_ns, double dt_s) {
  command_.time_ns = time_ns;
  command_.tick = status_.tick;
  switch (mode()) {
    case Mode::stop:
      command_idle();
      break;
    case Mode::damp:
      command_damped(state);
      break;
    case Mode::stand:
      command_pose(stand_pose(time_ns), *state, dt_s);
      break;
    case Mode::policy:
      command_pose(policy_pose(time_ns), *state, dt_s);
      break;
  }
}

Pose Controller::stand_pose(std::int64_t time_ns) {
  Pose stand;
  for (std::size_t i = 0; i < config_.joints; ++i) {
    stand.pos[i] = config_.joint[i].stand_pos_rad;
    stand.kp[i] = config_.joint[i].stand_kp;
    stand.kd[i] = config_.joint[i].stand_kd;
  }
  const double share = progress(time_ns - entered_ns_, config_.stand_time_s);
  status_.stand_done = share >= 1.0 ? 1 : 0;
  return mix(from_, stand, smooth(share), config_.joints);
}

Pose Controller::slot_pose(std::size_t slot, std::int64_t time_ns) const {
  Pose pose;
  const PolicyConfig& policy = config_.policy[slot];
  for (std::size_t i = 0; i < config_.joints; ++i) {
    pose.pos[i] = slots_[slot].interpolator.at(i, time_ns);
    pose.kp[i] = policy.kp[i];
    pose.kd[i] = policy.kd[i];
  }
  return pose;
}

Pose Controller::policy_pose(std::int64_t time_ns) {
  const Pose pose = slot_pose(status_.active_policy, time_ns);
  // the first tick already moves, as the interpolation of targets does
  const double share = progress(time_ns - blend_ns_ + period_ns_, config_.blend_time_s);
  status_.blend = smooth(share);
  const Pose mixed = mix(previous_ == kNone ? from_ : slot_pose(previous_, time_ns), pose,
                         status_.blend, config_.joints);
  if (share >= 1.0) {
    previous_ = kNone;
  }
  return mixed;
}

void Controller::command_idle() {
  for (std::size_t i = 0; i < config_.joints; ++i) {
    command_.target_vel[i] = command_.torque[i] = command_.kp[i] = command_.kd[i] = 0.0;
    command_.mode[i] = static_cast<std::uint32_t>(MotorMode::idle);
  }
}

// Needs no measurement: the motors damp themselves. Where speeds are known, a fast joint is braked
// with no more than its effort.
void Controller::command_damped(const RobotState* state) {
  for (std::size_t i = 0; i < config_.joints; ++i) {
    const JointConfig& joint = config_.joint[i];
    command_.kd[i] = joint.damp_kd;
    if (state != nullptr && std::isfinite(state->joint_vel[i])) {
      const double torque = joint.damp_kd * std::fabs(state->joint_vel[i]);
      command_.kd[i] *= torque > joint.effort_limit_nm ? joint.effort_limit_nm / torque : 1.0;
    }
    if (state != nullptr && std::isfinite(state->joint_pos[i])) {
      command_.target_pos[i] = state->joint_pos[i];
    }
    command_.target_vel[i] = command_.torque[i] = command_.kp[i] = 0.0;
    command_.mode[i] = static_cast<std::uint32_t>(MotorMode::servo);
  }
}

void Controller::command_pose(const Pose& pose, const RobotState& state, double dt_s) {
  const SafetyConfig& safety = config_.safety;
  for (std::size_t i = 0; i < config_.joints; ++i) {
    const JointConfig& joint = config_.joint[i];
    const double soft =
        soft_clamp(pose.pos[i], joint.lower_rad, joint.upper_rad, safety.soft_zone_rad);
    target_[i] = limit_rate(soft, target_[i], safety.target_rate_rad_s * dt_s);
    const double pos = state.joint_pos[i], vel = state.joint_vel[i];
    const Servo servo =
        limit_torque({target_[i], 0.0, 0.0, pose.kp[i], pose.kd[i]}, pos, vel,
                     torque_range(joint.effort_limit_nm, vel, joint.velocity_limit_rad_s));
    command_.target_pos[i] = servo.pos;
    command_.target_vel[i] = servo.vel;
    command_.torque[i] = servo.torque;
    command_.kp[i] = servo.kp;
    command_.kd[i] = servo.kd;
    command_.mode[i] = static_cast<std::uint32_t>(MotorMode::servo);
  }
}

}  // namespace amp::runtime

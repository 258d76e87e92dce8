// What a loop must know, fixed for its life: trivially copyable, handed over in the board.
#pragma once

#include "amp/runtime/types.hpp"

namespace amp::runtime {

constexpr std::size_t kNameSize = 64;  // with the final zero
constexpr std::size_t kPathSize = 1024;

enum class DriverKind : std::uint32_t { mock = 0, shared_memory = 1, dds = 2 };

// One joint, as robot and contract say.
struct JointConfig {
  char name[kNameSize];
  double lower_rad, upper_rad;
  double effort_limit_nm;
  double velocity_limit_rad_s;
  double stand_pos_rad;
  double stand_kp, stand_kd;
  double damp_kd;
};

// When a state or an operator's input is a fault, and how far targets may go.
struct SafetyConfig {
  double soft_zone_rad;         // before a joint's limit, where targets are compressed
  double limit_margin_rad;      // a measured angle this far past its range is a fault
  double target_rate_rad_s;     // how fast a target may move
  double velocity_fault_ratio;  // of velocity_limit_rad_s, measured
  double torque_fault_ratio;    // of effort_limit_nm, measured
  double max_tilt_rad;
  double max_gyro_rad_s;
  double max_temperature_c;
  double min_battery_percent;
  double state_timeout_s;    // age of the newest measurement
  double frozen_timeout_s;   // the robot's counter standing still
  double state_period_s;     // at which measurements should come
  double max_state_loss;     // share of them that may be missing for good, below 1
  double state_loss_time_s;  // missing beyond that share until it is a fault
  double deadman_timeout_s;  // 0: no dead-man's switch is asked for
  double overrun_timeout_s;  // between two ticks of the loop
};

// One policy: its gains, commands and times.
struct PolicyConfig {
  std::uint64_t present;  // 0: no policy in this slot
  char name[kNameSize];
  double period_s;       // of its control
  double timeout_s;      // oldest answer that is acted on, since its measurement
  double interpolation;  // share of the period in which a target is reached; 0: at once
  double action_limit;   // |action| above it is a fault
  double kp[kMaxJoints], kd[kMaxJoints];
  double command_lower[kCommands], command_upper[kCommands];
};

struct LoopConfig {
  std::uint64_t joints;
  JointConfig joint[kMaxJoints];
  SafetyConfig safety;
  PolicyConfig policy[kMaxPolicies];
  double period_s;                 // of the loop
  double stand_time_s;             // from anywhere to the stand pose
  double blend_time_s;             // into a policy, and from one to another
  double damp_time_s;              // of damping before the motors go limp on request
  double command_rate[kCommands];  // how fast commands ramp, per second
  // how the loop process runs
  std::uint32_t driver;   // DriverKind
  std::int32_t priority;  // SCHED_FIFO; 0: ordinary scheduling
  std::int32_t cpu;       // to run on; -1: any
  std::uint32_t lock_memory;
  double orphan_time_s;  // damped and limp for so long without its owner: the loop ends; 0: never
  char record_path[kPathSize];  // flight record; empty: none
  char driver_options[kPathSize];
};

}  // namespace amp::runtime

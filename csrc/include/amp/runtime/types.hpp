// What the processes of a running robot say to each other: trivially copyable, fixed size.
//
// Joints are in the order of the policy's contract; drivers map them to the wire by name. Times are
// nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share. Quaternions are wxyz and
// turn the base frame (_b) into the world's. Flags are whole words, so that no message has padding.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amp::runtime {

constexpr std::size_t kMaxJoints = 64;
constexpr std::size_t kMaxPolicies = 4;
constexpr std::size_t kMaxObservation = 2048;
constexpr std::size_t kCommands = 3;  // lin_vel_x m/s, lin_vel_y m/s, ang_vel_z rad/s

// What the loop does with the motors; the order is that of the state machine.
enum class Mode : std::uint32_t { stop = 0, damp = 1, stand = 2, policy = 3 };

// What a motor is told to do: nothing (limp), or PD control with feed-forward torque.
enum class MotorMode : std::uint32_t { idle = 0, servo = 1 };

// Which of the optional measurements a RobotState holds.
enum StateFlag : std::uint64_t {
  kHasTorque = 1,
  kHasTemperature = 2,
  kHasBattery = 4,
  kHasAcceleration = 8,
};

// One measurement of the robot.
struct RobotState {
  std::int64_t time_ns;  // when it was measured, or received where the robot's clock is another
  std::uint64_t tick;    // the robot's own counter: it grows with every measurement
  double quat_wxyz[4];
  double gyro_b[3];   // rad/s
  double accel_b[3];  // m/s^2, what the sensor reports
  double joint_pos[kMaxJoints];
  double joint_vel[kMaxJoints];
  double joint_torque[kMaxJoints];
  double motor_temperature_c[kMaxJoints];
  double battery_percent;
  std::uint64_t flags;  // of StateFlag
};

// What the motors are told: torque = kp (pos - q) + kd (vel - dq) + torque.
struct JointCommand {
  std::int64_t time_ns;
  std::uint64_t tick;  // of the loop
  double target_pos[kMaxJoints];
  double target_vel[kMaxJoints];
  double torque[kMaxJoints];
  double kp[kMaxJoints];
  double kd[kMaxJoints];
  std::uint32_t mode[kMaxJoints];  // MotorMode
};

// One answer of a policy. Every policy slot has a channel of its own.
struct PolicyTarget {
  std::int64_t time_ns;       // of the measurement that it answers
  std::int64_t written_ns;    // when it was written
  std::uint64_t state_tick;   // of the measurement that it answers
  std::uint64_t sequence;     // 1, 2, 3, ...: how many this policy has written
  std::uint64_t policy;       // its slot, 0 to kMaxPolicies - 1
  std::uint64_t obs_size;     // how much of `observation` counts
  double command[kCommands];  // what the policy was told, as observed
  double target[kMaxJoints];  // rad, from the action as the contract says
  float action[kMaxJoints];   // the network's output, before action_clip
  float observation[kMaxObservation];
};

// What the operator wants. `requested_mode` is a lasting wish, not an event.
struct OperatorInput {
  std::int64_t time_ns;            // when it was written
  std::int64_t deadman_ns;         // when the operator last held the dead-man's switch
  std::uint64_t sequence;          // 1, 2, 3, ...
  std::uint64_t clear_fault;       // a counter: a new value clears the latched faults once
  std::uint32_t requested_mode;    // Mode
  std::uint32_t requested_policy;  // slot
  std::uint32_t estop;             // not 0: emergency stop
  std::uint32_t reserved;
  double velocity_command[kCommands];
};

// When one tick happened.
struct TickTiming {
  std::int64_t time_ns;            // when the tick began
  std::int64_t period_ns;          // since the tick before
  std::int64_t lateness_ns;        // behind its due time
  std::int64_t compute_ns;         // of the tick before: reading, controlling, writing
  std::int64_t state_age_ns;       // of the newest measurement
  std::int64_t target_age_ns;      // of the active policy's target: since the measurement answered
  std::int64_t policy_latency_ns;  // of that target: from the measurement to its being written
};

// What the loop tells everybody, every tick.
struct LoopStatus {
  std::uint64_t tick;
  std::uint32_t mode;             // Mode
  std::uint32_t active_policy;    // slot; of the one being blended in while there are two
  std::uint32_t wanted_policies;  // bit i: policy slot i must write targets now
  std::uint32_t stand_done;       // 1: the stand pose is reached
  std::uint32_t armed;            // 1: a request of stand or policy is followed
  std::uint32_t reserved;
  std::uint64_t faults;                // bits of Fault: what keeps the robot damped
  std::uint64_t first_faults;          // those of the tick in which it was damped
  std::uint64_t fault_tick;            // that tick; 0: none yet
  double velocity_command[kCommands];  // ramped and clipped: what the policy must observe
  double blend;                        // share of the active policy, 0 to 1
  TickTiming timing;
};

// Everything of one tick, for the recorder.
struct TickRecord {
  RobotState state;
  OperatorInput operator_input;
  PolicyTarget target;  // the newest of the active policy's slot
  JointCommand command;
  LoopStatus status;
  std::uint64_t has_state;   // 1: `state` is new in this tick
  std::uint64_t has_target;  // 1: `target` is new in this tick
};

}  // namespace amp::runtime

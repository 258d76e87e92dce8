// State and targets in, command out: the whole behaviour of the loop, without clock or memory
// allocation, so that lock-step simulation and the robot run the same code with the same result.
//
//   stop    motors idle                           the mode at the start
//   damp    kp = 0, kd = damp_kd                  the answer to every fault
//   stand   from where the joints are to the stand pose in stand_time_s
//   policy  the targets of a policy, blended in over blend_time_s
//
// The operator's requested mode is reached through the modes between. Going up needs: no fault, and
// a request of stop or damp seen since the start and since the last fault, so that nothing moves
// only because a fault went away. A fault in stand or policy damps in the same tick and stays until
// the operator clears it; in stop and damp it only keeps the robot there, except the emergency
// stop, which stays too.
#pragma once

#include <array>
#include <memory>

#include "amp/runtime/config.hpp"
#include "amp/runtime/trajectory.hpp"
#include "amp/runtime/types.hpp"
#include "amp/runtime/watchdog.hpp"

namespace amp::runtime {

// What one tick sees. Null: nothing was received yet.
struct Inputs {
  const RobotState* state = nullptr;
  bool fresh_state = false;  // `state` is new since the last tick
  std::array<const PolicyTarget*, kMaxPolicies> targets{};
  const OperatorInput* operator_input = nullptr;
  std::uint64_t loop_faults = 0;  // what the loop itself found: kDriver, kOrphan
};

class Controller {
 public:
  explicit Controller(const LoopConfig& config);

  // One tick at `time_ns`, which must not go back. The result lives until the next call.
  const JointCommand& step(const Inputs& inputs, std::int64_t time_ns);

  const LoopStatus& status() const { return status_; }
  // Whether the last step took a new answer of the active policy.
  bool took_target() const { return took_target_; }

 private:
  static constexpr std::size_t kNone = kMaxPolicies;

  // What is known of a policy's answers.
  struct Slot {
    Interpolator interpolator;
    std::uint64_t sequence = 0;    // of the answer that was looked at last
    std::int64_t answered_ns = 0;  // the measurement that the newest good answer is for
    std::int64_t latency_ns = 0;   // from that measurement to the answer
    bool ready = false;            // there is a good answer since the policy was asked for
  };

  Mode mode() const { return static_cast<Mode>(status_.mode); }
  bool wanted(std::size_t slot) const { return (status_.wanted_policies >> slot & 1U) != 0; }
  bool in_use(std::size_t slot) const;

  // controller_faults.cpp
  std::uint64_t find_faults(const Inputs& inputs, std::int64_t time_ns);
  std::uint64_t take_targets(const Inputs& inputs, std::int64_t time_ns);
  bool stale(std::size_t slot, std::int64_t time_ns) const;
  void latch(const OperatorInput* input, std::uint64_t faults);

  // controller.cpp
  void change_mode(const Inputs& inputs, std::int64_t time_ns);
  void enter(Mode mode, const RobotState* state, std::int64_t time_ns);
  void enter_policy(std::size_t slot, std::int64_t time_ns);
  bool can_enter(std::size_t slot, std::int64_t time_ns) const;
  void want_policies(const OperatorInput* input);
  void ramp_command(const OperatorInput* input, double dt_s);
  void report(const RobotState* state, std::int64_t time_ns);

  // controller_command.cpp
  void command(const RobotState* state, std::int64_t time_ns, double dt_s);
  Pose stand_pose(std::int64_t time_ns);
  Pose policy_pose(std::int64_t time_ns);
  Pose slot_pose(std::size_t slot, std::int64_t time_ns) const;
  void command_idle();
  void command_damped(const RobotState* state);
  void command_pose(const Pose& pose, const RobotState& state, double dt_s);

  std::shared_ptr<const LoopConfig> held_;  // shared by copies of a controller, which is most of it
  const LoopConfig& config_;
  StateWatchdog watchdog_;
  LoopStatus status_{};
  JointCommand command_{};
  std::array<Slot, kMaxPolicies> slots_{};
  Pose from_{};                              // where the present change of mode began
  std::array<double, kMaxJoints> target_{};  // after the limit of rate, before that of torque
  std::size_t previous_ = kNone;             // the policy that is blended out
  std::uint64_t latched_ = 0, clear_count_ = 0;
  std::int64_t last_ns_ = 0, period_ns_ = 0, entered_ns_ = 0, blend_ns_ = 0;
  bool had_operator_ = false, took_target_ = false;
};

}  // namespace amp::runtime

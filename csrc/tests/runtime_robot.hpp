// A small robot, its configuration and its messages, for the tests of the runtime.
#pragma once

#include "amp/runtime/board.hpp"
#include "amp/runtime/controller.hpp"
#include "amp/runtime/fault.hpp"
#include "check.hpp"

namespace amp::test {

using namespace amp::runtime;

constexpr std::int64_t kTick_ns = 2'000'000;
constexpr std::size_t kJoints = 12;

inline LoopConfig loop_config() {
  LoopConfig config{};
  config.joints = kJoints;
  for (std::size_t i = 0; i < kJoints; ++i) {
    std::snprintf(config.joint[i].name, kNameSize, "joint_%zu", i);
    config.joint[i] = {{}, -1.0, 1.0, 20.0, 20.0, 0.1 * static_cast<double>(i % 3), 40.0, 1.0, 2.0};
  }
  config.safety = {0.05, 0.1,  50.0, 1.5,  1.5,  1.0,  12.0, 85.0,
                   5.0,  0.02, 0.02, 2e-3, 0.25, 0.03, 0.0,  0.02};
  for (std::size_t slot = 0; slot < 2; ++slot) {
    PolicyConfig& policy = config.policy[slot];
    policy.present = 1;
    policy.period_s = 0.02;
    policy.timeout_s = 0.05;
    policy.interpolation = 0.5;
    policy.action_limit = 50.0;
    for (std::size_t i = 0; i < kJoints; ++i) {
      policy.kp[i] = 30.0 + 10.0 * static_cast<double>(slot);
      policy.kd[i] = 1.0;
    }
    policy.command_lower[0] = -1.0;
    policy.command_upper[0] = 1.0;
  }
  config.period_s = 2e-3;
  config.stand_time_s = 0.1;
  config.blend_time_s = 0.04;
  config.damp_time_s = 0.02;
  for (double& rate : config.command_rate) {
    rate = 1.0;
  }
  config.driver = static_cast<std::uint32_t>(DriverKind::mock);
  config.cpu = -1;
  return config;
}

inline RobotState robot_state() {
  RobotState state{};
  state.quat_wxyz[0] = 1.0;
  return state;
}

// A controller with a robot that measures every tick and a policy that answers every tenth.
class Rig {
 public:
  explicit Rig(const LoopConfig& loop = loop_config()) : config(loop), controller(loop) {
    inputs.state = &state;
    inputs.operator_input = &operator_input;
  }

  const JointCommand& tick() {
    time_ns += kTick_ns;
    inputs.fresh_state = measuring;
    if (measuring) {
      state.time_ns = time_ns;
      ++state.tick;
    }
    const std::uint32_t wanted = controller.status().wanted_policies;
    for (std::size_t i = 0; i < kMaxPolicies; ++i) {
      if (answering && (wanted >> i & 1U) != 0 && state.tick % 10 == 0) {
        answer(i);
      }
    }
    operator_input.deadman_ns = time_ns;
    return controller.step(inputs, time_ns);
  }

  void answer(std::size_t slot) {
    PolicyTarget& target = targets[slot];
    target.time_ns = target.written_ns = state.time_ns;
    target.state_tick = state.tick;
    target.policy = slot;
    ++target.sequence;
    inputs.targets[slot] = &target;
  }

  void ticks(int count) {
    for (int i = 0; i < count; ++i) {
      tick();
    }
  }

  Mode mode() const { return static_cast<Mode>(controller.status().mode); }
  void request(Mode mode) { operator_input.requested_mode = static_cast<std::uint32_t>(mode); }
  void run_policy() {
    request(Mode::stop);
    ticks(2);
    request(Mode::policy);
    ticks(100);
    CHECK(mode() == Mode::policy);
  }

  LoopConfig config;
  Controller controller;
  Inputs inputs;
  RobotState state = robot_state();
  OperatorInput operator_input{};
  std::array<PolicyTarget, kMaxPolicies> targets{};
  std::int64_t time_ns = 1'000'000'000;
  bool measuring = true, answering = true;
};

}  // namespace amp::test

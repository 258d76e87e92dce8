#include "amp/runtime/controller.hpp"

#include <algorithm>

#include "amp/runtime/fault.hpp"

namespace amp::runtime {
namespace {

Mode requested(const OperatorInput* input) {
  const bool known =
      input != nullptr && input->requested_mode <= static_cast<std::uint32_t>(Mode::policy);
  return known ? static_cast<Mode>(input->requested_mode) : Mode::stop;
}

// The policy slot that the operator wants to run, or kMaxPolicies for none.
std::size_t requested_policy(const OperatorInput* input) {
  return requested(input) == Mode::policy && input->requested_policy < kMaxPolicies
             ? input->requested_policy
             : kMaxPolicies;
}

std::shared_ptr<const LoopConfig> bounded(const LoopConfig& config) {
  auto result = std::make_shared<LoopConfig>(config);
  result->joints = std::min<std::uint64_t>(config.joints, kMaxJoints);
  return result;
}

}  // namespace

Controller::Controller(const LoopConfig& config)
    : held_(bounded(config)), config_(*held_), watchdog_(config.safety) {
  for (std::size_t i = 0; i < kMaxPolicies; ++i) {
    const PolicyConfig& policy = config_.policy[i];
    slots_[i].interpolator.set_duration(to_ns(policy.interpolation * policy.period_s));
  }
}

const JointCommand& Controller::step(const Inputs& inputs, std::int64_t time_ns) {
  period_ns_ = status_.tick == 0 ? to_ns(config_.period_s) : time_ns - last_ns_;
  last_ns_ = time_ns;
  ++status_.tick;
  // after a break, targets move on as if it had been short
  const double dt_s = std::min(1e-9 * static_cast<double>(period_ns_), 2.0 * config_.period_s);

  const std::uint64_t faults = find_faults(inputs, time_ns);
  latch(inputs.operator_input, faults);
  if (status_.faults != 0 && mode() > Mode::damp) {
    enter(Mode::damp, inputs.state, time_ns);
  } else {
    change_mode(inputs, time_ns);
  }
  ramp_command(inputs.operator_input, dt_s);
  command(inputs.state, time_ns, dt_s);
  report(inputs.state, time_ns);
  want_policies(inputs.operator_input);
  return command_;
}

bool Controller::in_use(std::size_t slot) const {
  return mode() == Mode::policy && (slot == status_.active_policy || slot == previous_);
}

void Controller::change_mode(const Inputs& inputs, std::int64_t time_ns) {
  const Mode wish = requested(inputs.operator_input);
  const std::size_t slot = requested_policy(inputs.operator_input);
  const bool damped_enough = time_ns - entered_ns_ >= to_ns(config_.damp_time_s);
  switch (mode()) {
    case Mode::stop:
      if (wish >= Mode::damp && latched_ == 0) {
        enter(Mode::damp, inputs.state, time_ns);
      }
      break;
    case Mode::damp:
      if (wish == Mode::stop && damped_enough) {
        enter(Mode::stop, inputs.state, time_ns);
      } else if (wish >= Mode::stand && status_.armed != 0 && status_.faults == 0) {
        enter(Mode::stand, inputs.state, time_ns);
      }
      break;
    case Mode::stand:
      if (wish <= Mode::damp) {
        enter(Mode::damp, inputs.state, time_ns);
      } else if (slot != kNone && status_.stand_done != 0 && can_enter(slot, time_ns)) {
        enter_policy(slot, time_ns);
      }
      break;
    case Mode::policy:
      if (wish <= Mode::stand) {
        enter(std::max(wish, Mode::damp), inputs.state, time_ns);
      } else if (slot != status_.active_policy && previous_ == kNone && can_enter(slot, time_ns)) {
        enter_policy(slot, time_ns);
      }
      break;
  }
}

bool Controller::can_enter(std::size_t slot, std::int64_t time_ns) const {
  return slot != kNone && config_.policy[slot].present != 0 && slots_[slot].ready &&
         !stale(slot, time_ns);
}

void Controller::enter(Mode mode, const RobotState* state, std::int64_t time_ns) {
  if (mode == Mode::stand) {
    const bool held = this->mode() == Mode::policy;  // otherwise the joints hang in their damping
    for (std::size_t i = 0; i < config_.joints; ++i) {
      if (!held) {
        target_[i] = state->joint_pos[i];
      }
      from_.pos[i] = target_[i];
      from_.kp[i] = held ? command_.kp[i] : config_.joint[i].stand_kp;
      from_.kd[i] = held ? command_.kd[i] : config_.joint[i].stand_kd;
    }
  }
  status_.mode = static_cast<std::uint32_t>(mode);
  status_.stand_done = 0;
  status_.blend = 0.0;
  previous_ = kNone;
  entered_ns_ = time_ns;
}

void Controller::enter_policy(std::size_t slot, std::int64_t time_ns) {
  if (mode() == Mode::policy) {
    previous_ = status_.active_policy;
  } else {
    for (std::size_t i = 0; i < config_.joints; ++i) {
      from_.pos[i] = target_[i];
      from_.kp[i] = command_.kp[i];
      from_.kd[i] = command_.kd[i];
    }
  }
  status_.mode = static_cast<std::uint32_t>(Mode::policy);
  status_.active_policy = static_cast<std::uint32_t>(slot);
  entered_ns_ = blend_ns_ = time_ns;
}

void Controller::want_policies(const OperatorInput* input) {
  const std::size_t wish = requested_policy(input);
  std::uint32_t wanted = 0;
  for (std::size_t i = 0; i < kMaxPolicies; ++i) {
    const bool asked = mode() >= Mode::stand && i == wish && config_.policy[i].present != 0;
    if (asked || in_use(i)) {
      wanted |= 1U << i;
    } else {
      slots_[i].ready = false;
      slots_[i].interpolator.reset();
    }
  }
  status_.wanted_policies = wanted;
}

void Controller::ramp_command(const OperatorInput* input, double dt_s) {
  std::size_t slot = status_.active_policy;
  if (mode() != Mode::policy && requested_policy(input) != kNone) {
    slot = requested_policy(input);
  }
  const PolicyConfig& policy = config_.policy[slot];
  for (std::size_t i = 0; i < kCommands; ++i) {
    const double lower = policy.command_lower[i], upper = policy.command_upper[i];
    double& value = status_.velocity_command[i];
    if (mode() != Mode::policy) {
      value = std::clamp(0.0, lower, upper);  // a policy begins with the slowest that it knows
    } else if (input != nullptr) {
      const double goal = std::clamp(input->velocity_command[i], lower, upper);
      const double step = config_.command_rate[i] * dt_s;
      value = std::clamp(value + std::clamp(goal - value, -step, step), lower, upper);
    }
  }
}

void Controller::report(const RobotState* state, std::int64_t time_ns) {
  const Slot& slot = slots_[status_.active_policy];
  TickTiming& timing = status_.timing;
  timing.time_ns = time_ns;
  timing.period_ns = period_ns_;
  timing.state_age_ns = state == nullptr ? 0 : age_ns(time_ns, state->time_ns);
  timing.target_age_ns = slot.ready ? age_ns(time_ns, slot.answered_ns) : 0;
  timing.policy_latency_ns = slot.ready ? slot.latency_ns : 0;
}

}  // namespace amp::runtime

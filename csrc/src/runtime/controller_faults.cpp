#include "amp/runtime/controller.hpp"
#include "amp/runtime/fault.hpp"
#include "amp/runtime/safety.hpp"

namespace amp::runtime {

std::uint64_t Controller::find_faults(const Inputs& inputs, std::int64_t time_ns) {
  std::uint64_t faults = inputs.loop_faults;
  faults |= watchdog_.step(inputs.state, inputs.fresh_state, time_ns);
  faults |= check_operator(inputs.operator_input, config_, time_ns);
  if (inputs.state != nullptr) {
    faults |= check_state(*inputs.state, config_);
  }
  if (status_.tick > 1 && period_ns_ > to_ns(config_.safety.overrun_timeout_s)) {
    faults |= kOverrun;
  }
  faults |= take_targets(inputs, time_ns);
  for (std::size_t i = 0; i < kMaxPolicies; ++i) {
    if (in_use(i) && stale(i, time_ns)) {
      faults |= kTargetStale;
    }
  }
  return faults;
}

// Looks at every answer once. An old one of a policy that is only now asked for counts for nothing.
std::uint64_t Controller::take_targets(const Inputs& inputs, std::int64_t time_ns) {
  took_target_ = false;
  std::uint64_t faults = kNoFault;
  for (std::size_t i = 0; i < kMaxPolicies; ++i) {
    const PolicyTarget* target = inputs.targets[i];
    Slot& slot = slots_[i];
    if (!wanted(i) || target == nullptr || target->sequence == slot.sequence) {
      continue;
    }
    slot.sequence = target->sequence;
    if (!in_use(i) && is_stale(time_ns, target->time_ns, to_ns(config_.policy[i].timeout_s))) {
      continue;
    }
    const std::uint64_t newest_tick = inputs.state == nullptr ? 0 : inputs.state->tick;
    const std::uint64_t found = check_target(*target, config_, i, newest_tick);
    faults |= found;
    if (found == kNoFault) {
      slot.interpolator.push(*target, config_.joints, time_ns, period_ns_);
      slot.answered_ns = target->time_ns;
      slot.latency_ns = age_ns(target->written_ns, target->time_ns);
      slot.ready = true;
      took_target_ = took_target_ || i == status_.active_policy;
    }
  }
  return faults;
}

bool Controller::stale(std::size_t slot, std::int64_t time_ns) const {
  return is_stale(time_ns, slots_[slot].answered_ns, to_ns(config_.policy[slot].timeout_s));
}

// Faults stay once the robot was moving; at rest only the emergency stop does.
void Controller::latch(const OperatorInput* input, std::uint64_t faults) {
  if (input != nullptr) {
    if (had_operator_ && input->clear_fault != clear_count_) {
      latched_ = kNoFault;
    }
    clear_count_ = input->clear_fault;
    had_operator_ = true;
  }
  const std::uint64_t lasting = mode() > Mode::damp ? faults : faults & kEstop;
  if (latched_ == kNoFault && lasting != kNoFault) {
    status_.first_faults = lasting;
    status_.fault_tick = status_.tick;
  }
  latched_ |= lasting;
  status_.faults = latched_ | faults;

  const bool asks_up =
      input != nullptr && input->requested_mode > static_cast<std::uint32_t>(Mode::damp);
  if (latched_ != kNoFault || (asks_up && mode() <= Mode::damp && status_.faults != kNoFault)) {
    status_.armed = 0;
  } else if (input != nullptr && !asks_up) {
    status_.armed = 1;
  }
}

}  // namespace amp::runtime

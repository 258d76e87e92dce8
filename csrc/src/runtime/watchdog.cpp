#include "amp/runtime/watchdog.hpp"

#include <algorithm>
#include <cmath>

namespace amp::runtime {

std::int64_t to_ns(double seconds) { return std::llround(seconds * 1e9); }

StateWatchdog::StateWatchdog(const SafetyConfig& config)
    : state_timeout_ns_(to_ns(config.state_timeout_s)),
      frozen_timeout_ns_(to_ns(config.frozen_timeout_s)),
      loss_limit_ns_(to_ns(config.state_loss_time_s)),
      gain_ns_(to_ns(config.state_period_s / (1.0 - config.max_state_loss))) {}

std::uint64_t StateWatchdog::step(const RobotState* state, bool fresh, std::int64_t time_ns) {
  if (state == nullptr) {
    return kNoState;
  }
  if (!started_) {
    last_ns_ = changed_ns_ = time_ns;
    tick_ = state->tick;
    started_ = true;
  }
  bucket_ns_ += time_ns - last_ns_;
  last_ns_ = time_ns;
  if (fresh) {
    bucket_ns_ = std::max<std::int64_t>(0, bucket_ns_ - gain_ns_);
    if (state->tick != tick_) {
      tick_ = state->tick;
      changed_ns_ = time_ns;
    }
  }
  // what is beyond the limit is forgotten, so that a long break is made up for at once
  const bool lossy = bucket_ns_ > loss_limit_ns_;
  bucket_ns_ = std::min(bucket_ns_, loss_limit_ns_ + 1);
  std::uint64_t faults = lossy ? kStateLoss : kNoFault;
  if (is_stale(time_ns, state->time_ns, state_timeout_ns_)) {
    faults |= kStateStale;
  }
  if (time_ns - changed_ns_ > frozen_timeout_ns_) {
    faults |= kStateFrozen;
  }
  return faults;
}

}  // namespace amp::runtime

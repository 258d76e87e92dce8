// Whether measurements still come. Time is an argument: nothing here looks at a clock.
#pragma once

#include "amp/runtime/config.hpp"
#include "amp/runtime/fault.hpp"
#include "amp/runtime/types.hpp"

namespace amp::runtime {

// How far a time stamp may be ahead: clocks are read by several processes.
constexpr std::int64_t kFutureTolerance_ns = 2'000'000;

// Nanoseconds in `seconds`, to the nearest.
std::int64_t to_ns(double seconds);

// From a message's time stamp to `time_ns`; defined for every stamp, one of garbage too.
inline std::int64_t age_ns(std::int64_t time_ns, std::int64_t stamp_ns) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time_ns) -
                                   static_cast<std::uint64_t>(stamp_ns));
}

// Whether that age is above the time-out, or of the future.
inline bool is_stale(std::int64_t time_ns, std::int64_t stamp_ns, std::int64_t timeout_ns) {
  const std::int64_t age = age_ns(time_ns, stamp_ns);
  return age > timeout_ns || age < -kFutureTolerance_ns;
}

// Age, counter and loss of measurements.
//
// Loss is a bucket of time: it fills with the time that passes, and every measurement takes
// state_period_s / (1 - max_state_loss) out, so it stays empty up to the permitted share.
class StateWatchdog {
 public:
  explicit StateWatchdog(const SafetyConfig& config);
  // Faults at `time_ns`; `state` is the newest measurement (null: none yet), `fresh` whether it is
  // new since the last call.
  std::uint64_t step(const RobotState* state, bool fresh, std::int64_t time_ns);

 private:
  std::int64_t state_timeout_ns_, frozen_timeout_ns_, loss_limit_ns_, gain_ns_;
  std::int64_t last_ns_ = 0, changed_ns_ = 0, bucket_ns_ = 0;
  std::uint64_t tick_ = 0;
  bool started_ = false;
};

}  // namespace amp::runtime

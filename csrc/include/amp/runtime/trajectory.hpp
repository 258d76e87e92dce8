// Joint targets over time: between a policy's answers, and between modes.
#pragma once

#include <array>

#include "amp/runtime/config.hpp"
#include "amp/runtime/types.hpp"

namespace amp::runtime {

// Target angles with the gains that belong to them.
struct Pose {
  std::array<double, kMaxJoints> pos{}, kp{}, kd{};
};

// a + share (b - a) of the first `joints`, where share is 0 to 1; exactly a and b at the ends.
Pose mix(const Pose& a, const Pose& b, double share, std::size_t joints);

// 3 s^2 - 2 s^3 of a share that is first limited to 0 to 1: starts and ends at rest.
double smooth(double share);

// Follows the answers of one policy: from what it gave when an answer came straight to the answer,
// in `duration_ns` (the loop's period or less: at once), and then stays.
class Interpolator {
 public:
  void set_duration(std::int64_t duration_ns) { duration_ns_ = duration_ns; }
  void reset() { empty_ = true; }
  // A new answer, in the tick at `time_ns` that began `period_ns` after the last.
  void push(const PolicyTarget& target, std::size_t joints, std::int64_t time_ns,
            std::int64_t period_ns);
  double at(std::size_t joint, std::int64_t time_ns) const;

 private:
  std::array<double, kMaxJoints> from_{}, to_{};
  std::int64_t start_ns_ = 0, duration_ns_ = 0;
  bool empty_ = true;
};

}  // namespace amp::runtime

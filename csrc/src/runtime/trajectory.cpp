#include "amp/runtime/trajectory.hpp"

#include <algorithm>

namespace amp::runtime {
namespace {

double between(double a, double b, double share) { return share >= 1.0 ? b : a + share * (b - a); }

}  // namespace

double smooth(double share) {
  const double s = std::clamp(share, 0.0, 1.0);
  return s * s * (3.0 - 2.0 * s);
}

Pose mix(const Pose& a, const Pose& b, double share, std::size_t joints) {
  Pose pose;
  for (std::size_t i = 0; i < joints; ++i) {
    pose.pos[i] = between(a.pos[i], b.pos[i], share);
    pose.kp[i] = between(a.kp[i], b.kp[i], share);
    pose.kd[i] = between(a.kd[i], b.kd[i], share);
  }
  return pose;
}

void Interpolator::push(const PolicyTarget& target, std::size_t joints, std::int64_t time_ns,
                        std::int64_t period_ns) {
  for (std::size_t i = 0; i < joints; ++i) {
    // where the target of the last tick was: this tick is already a step on the way
    from_[i] = empty_ ? target.target[i] : at(i, time_ns - period_ns);
  }
  std::copy(target.target, target.target + joints, to_.begin());
  start_ns_ = time_ns - period_ns;
  empty_ = false;
}

double Interpolator::at(std::size_t joint, std::int64_t time_ns) const {
  const std::int64_t passed_ns = time_ns - start_ns_;
  if (passed_ns >= duration_ns_) {
    return to_[joint];
  }
  const double share =
      static_cast<double>(std::max<std::int64_t>(0, passed_ns)) / static_cast<double>(duration_ns_);
  return between(from_[joint], to_[joint], share);
}

}  // namespace amp::runtime

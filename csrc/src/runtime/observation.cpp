#include "amp/runtime/observation.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace amp::runtime {
namespace {

constexpr double kMinNormSquared = 0.25;
constexpr double kMaxNormSquared = 4.0;

double norm_squared(const double* q) noexcept {
  return q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
}

bool is_quaternion(const double* q) noexcept {
  const double squared = norm_squared(q);
  return squared >= kMinNormSquared && squared <= kMaxNormSquared;
}

// scale, then clip, then float32; a NaN stays one
float sampled(double value, const ObservationTerm& term) noexcept {
  const double scaled = value * term.scale;
  const double raised = scaled < term.lower ? term.lower : scaled;
  return static_cast<float>(raised > term.upper ? term.upper : raised);
}

void check(const ObservationLayout& layout, std::size_t robots) {
  if (robots == 0) {
    throw std::invalid_argument("observation: no robot");
  }
  if (layout.measured.size() != layout.joints()) {
    throw std::invalid_argument("observation: measured and default_pos differ in length");
  }
  for (const std::size_t index : layout.measured) {
    if (index >= layout.measured_joints) {
      throw std::invalid_argument("observation: a joint is beyond the measured ones");
    }
  }
  for (const ObservationTerm& term : layout.terms) {
    if (term.history == 0) {
      throw std::invalid_argument("observation: a term has no history");
    }
  }
}

}  // namespace

std::size_t ObservationLayout::size(ObservationSource source) const noexcept {
  switch (source) {
    case ObservationSource::base_ang_vel_b:
    case ObservationSource::projected_gravity_b:
      return 3;
    case ObservationSource::command:
      return commands;
    default:
      return joints();
  }
}

bool ObservationLayout::uses(ObservationSource source) const noexcept {
  return std::any_of(terms.begin(), terms.end(),
                     [source](const ObservationTerm& term) { return term.source == source; });
}

std::size_t ObservationLayout::width() const noexcept {
  std::size_t total = 0;
  for (const ObservationTerm& term : terms) {
    total += term.history * size(term.source);
  }
  return total;
}

bool projected_gravity(const double* quat_w, double* gravity) noexcept {
  if (!is_quaternion(quat_w)) {
    return false;
  }
  const double w = quat_w[0], x = quat_w[1], y = quat_w[2], z = quat_w[3];
  const double factor = -2.0 / norm_squared(quat_w);
  gravity[0] = (x * z - w * y) * factor;
  gravity[1] = (y * z + w * x) * factor;
  gravity[2] = 0.5 * (w * w - x * x - y * y + z * z) * factor;
  return true;
}

ObservationBuilder::ObservationBuilder(ObservationLayout layout, std::size_t robots)
    : layout_(std::move(layout)), robots_(robots), width_(layout_.width()) {
  check(layout_, robots);
  history_.resize(robots_ * width_);
  filled_.resize(robots_);
  next_.resize(robots_ * layout_.terms.size());
}

void ObservationBuilder::reset() noexcept { std::fill(filled_.begin(), filled_.end(), 0); }

void ObservationBuilder::reset(std::size_t robot) noexcept { filled_[robot] = 0; }

void ObservationBuilder::sample(const ObservationTerm& term, const Measurements& in,
                                std::size_t robot, float* to) const noexcept {
  const std::size_t size = layout_.size(term.source);
  const std::size_t row = robot * layout_.measured_joints;
  double gravity[3] = {};
  const double* from = nullptr;
  switch (term.source) {
    case ObservationSource::joint_pos:
      for (std::size_t i = 0; i < size; ++i) {
        to[i] = sampled(in.joint_pos[row + layout_.measured[i]] - layout_.default_pos[i], term);
      }
      return;
    case ObservationSource::joint_vel:
      for (std::size_t i = 0; i < size; ++i) {
        to[i] = sampled(in.joint_vel[row + layout_.measured[i]], term);
      }
      return;
    case ObservationSource::projected_gravity_b:
      projected_gravity(in.quat_w + 4 * robot, gravity);  // `build` has checked the quaternion
      from = gravity;
      break;
    case ObservationSource::base_ang_vel_b:
      from = in.ang_vel_b + size * robot;
      break;
    case ObservationSource::command:
      from = in.command + size * robot;
      break;
    case ObservationSource::last_action:
      from = in.last_action + size * robot;
      break;
  }
  for (std::size_t i = 0; i < size; ++i) {
    to[i] = sampled(from[i], term);
  }
}

std::size_t ObservationBuilder::build(const Measurements& in, const bool* active,
                                      float* out) noexcept {
  const auto skipped = [active](std::size_t robot) { return active != nullptr && !active[robot]; };
  if (layout_.uses(ObservationSource::projected_gravity_b)) {
    for (std::size_t robot = 0; robot < robots_; ++robot) {
      if (!skipped(robot) && !is_quaternion(in.quat_w + 4 * robot)) {
        return robot;
      }
    }
  }
  for (std::size_t robot = 0; robot < robots_; ++robot) {
    if (skipped(robot)) {
      continue;
    }
    float* ring = history_.data() + robot * width_;
    float* row = out + robot * width_;
    std::size_t* next = next_.data() + robot * layout_.terms.size();
    for (const ObservationTerm& term : layout_.terms) {
      const std::size_t size = layout_.size(term.source);
      const std::size_t width = size * term.history;
      if (filled_[robot] == 0) {
        *next = 0;
        sample(term, in, robot, ring);
        for (std::size_t i = 1; i < term.history; ++i) {
          std::copy_n(ring, size, ring + i * size);
        }
      } else {
        sample(term, in, robot, ring + *next * size);
        *next = *next + 1 == term.history ? 0 : *next + 1;
      }
      const std::size_t newer = *next * size;  // from the oldest to the ring's end, then the rest
      std::copy_n(ring, newer, std::copy_n(ring + newer, width - newer, row));
      ring += width;
      row += width;
      ++next;
    }
    filled_[robot] = 1;
  }
  return robots_;
}

}  // namespace amp::runtime

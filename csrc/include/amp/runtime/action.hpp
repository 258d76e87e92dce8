// From a network's output to joint targets, as the policy's contract says.
#pragma once

#include <cstddef>
#include <vector>

namespace amp::runtime {

// True where none of `count` numbers is NaN or infinite.
bool all_finite(const float* values, std::size_t count) noexcept;

// applied = clip(action, +-limit) and target = offset + scale * applied, in double precision.
struct ActionMap {
  std::vector<double> offset_rad;  // [J]
  std::vector<double> scale;       // [J]
  double limit = 0.0;              // the contract's action_clip

  // One robot: all [J]. False, with the results untouched, where an action is not finite.
  bool apply(const float* action, double* applied, double* target_rad) const noexcept;
};

}  // namespace amp::runtime

#include "amp/runtime/action.hpp"

#include <cstdint>
#include <cstring>

namespace amp::runtime {

bool all_finite(const float* values, std::size_t count) noexcept {
  constexpr std::uint32_t kExponent = 0x7F800000U;  // all ones: NaN or infinity
  bool finite = true;
  for (std::size_t i = 0; i < count; ++i) {  // without an early end, so that it is vectorised
    std::uint32_t bits = 0;
    std::memcpy(&bits, values + i, sizeof(bits));
    finite &= (bits & kExponent) != kExponent;
  }
  return finite;
}

bool ActionMap::apply(const float* action, double* applied, double* target_rad) const noexcept {
  const std::size_t joints = scale.size();
  if (!all_finite(action, joints)) {
    return false;
  }
  for (std::size_t i = 0; i < joints; ++i) {
    const double value = action[i];
    const double raised = value < -limit ? -limit : value;
    applied[i] = raised > limit ? limit : raised;
    target_rad[i] = offset_rad[i] + scale[i] * applied[i];
  }
  return true;
}

}  // namespace amp::runtime

// Generalised advantage estimation on the CPU; the formula stands at GaeArgs.
#pragma once

#include "amp/kernels.hpp"

namespace amp {

// Throws std::invalid_argument when a span's size is not steps * columns or a parameter is not
// finite. Outputs must not overlap inputs or each other.
void gae(const GaeArgs& args);

}  // namespace amp

// Which instruction set the kernels run on.
//
// The sources in src/isa/ are compiled once per instruction set, with AMP_ISA naming the namespace,
// and chosen at run time, so one build is fast everywhere. They include only headers without
// inline functions: the linker keeps one copy of an inline function, and the copy that uses AVX-512
// could end up in code that runs on every machine.
#pragma once

#include <cstddef>

#include "amp/elu.hpp"
#include "amp/kernels.hpp"

#if defined(AMP_X86_DISPATCH)
#define AMP_FOR_EACH_ISA(MACRO) MACRO(baseline) MACRO(avx2) MACRO(avx512)
#else
#define AMP_FOR_EACH_ISA(MACRO) MACRO(baseline)
#endif

namespace amp {

#define AMP_DECLARE(isa)                                                               \
  namespace isa {                                                                      \
  void gae_columns(const GaeArgs& args, std::size_t begin, std::size_t end);           \
  void disc_obs_windows(const DiscObsArgs& args, std::size_t begin, std::size_t end);  \
  void elu(Span<float> values, std::size_t begin, std::size_t end);                    \
  void elu_backward(Span<float> gradient, Span<const float> output, std::size_t begin, \
                    std::size_t end);                                                  \
  void elu_adjoint(const EluAdjoint& args, std::size_t begin, std::size_t end);        \
  }
AMP_FOR_EACH_ISA(AMP_DECLARE)
#undef AMP_DECLARE

// One instruction set's functions; results are the same bits for all of them.
struct IsaTable {
  const char* name;
  void (*gae_columns)(const GaeArgs& args, std::size_t begin, std::size_t end);
  void (*disc_obs_windows)(const DiscObsArgs& args, std::size_t begin, std::size_t end);
  void (*elu)(Span<float> values, std::size_t begin, std::size_t end);
  void (*elu_backward)(Span<float> gradient, Span<const float> output, std::size_t begin,
                       std::size_t end);
  void (*elu_adjoint)(const EluAdjoint& args, std::size_t begin, std::size_t end);
};

// The table in use: the best that this CPU supports, unless select_isa chose another.
const IsaTable& isa();

// Use the instruction set `name` from now on (tests and benchmarks). False when this CPU or this
// build does not have it.
bool select_isa(const char* name);

}  // namespace amp

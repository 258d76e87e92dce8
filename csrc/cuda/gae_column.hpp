// GAE of one column, one CUDA thread's work; also runs on the host, where the unit tests call it.
#pragma once

#include "amp/kernels.hpp"

namespace amp::cuda {

// Rows that are read ahead of the recurrence: enough to hide the latency of memory.
constexpr int kRows = 16;

// Rows [first, first + count) of a column, the last one first. `count` is kRows, or less for the
// rows at the start; `carry` is the advantage of the row after them, and becomes that of `first`.
template <class Failed, class Done>
AMP_HOST_DEVICE void gae_rows(const GaeArgs& args, std::size_t column, std::size_t first, int count,
                              float& carry) {
  const Failed* failed = static_cast<const Failed*>(args.failed.data);
  const Done* done = static_cast<const Done*>(args.done.data);
  float delta[kRows], value[kRows];
  bool cut[kRows];
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
  for (int i = 0; i < kRows; ++i) {
    if (i < count) {
      const std::size_t at = (first + static_cast<std::size_t>(i)) * args.columns + column;
      const float next = args.next_values.data[at];
      value[i] = args.values.data[at];
      cut[i] = done[at] != 0;
      delta[i] = args.rewards.data[at] + (failed[at] != 0 ? 0.0F : args.gamma * next) - value[i];
    }
  }
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
  for (int i = kRows - 1; i >= 0; --i) {
    if (i < count) {
      const std::size_t at = (first + static_cast<std::size_t>(i)) * args.columns + column;
      carry = delta[i] + (cut[i] ? 0.0F : args.gamma_lambda * carry);
      args.advantages.data[at] = carry;
      args.returns.data[at] = carry + value[i];
    }
  }
}

template <class Failed, class Done>
AMP_HOST_DEVICE void gae_column(const GaeArgs& args, std::size_t column) {
  float carry = 0.0F;
  std::size_t end = args.steps;
  for (; end >= kRows; end -= kRows) {
    gae_rows<Failed, Done>(args, column, end - kRows, kRows, carry);
  }
  gae_rows<Failed, Done>(args, column, 0, static_cast<int>(end), carry);
}

}  // namespace amp::cuda

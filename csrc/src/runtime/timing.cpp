#include "amp/runtime/timing.hpp"

#include <algorithm>
#include <cmath>

namespace amp::runtime {

void Histogram::clear() {
  for (std::atomic<std::uint64_t>& counter : counts_) {
    counter.store(0, std::memory_order_relaxed);
  }
  count_.store(0, std::memory_order_relaxed);
  min_ns_.store(0, std::memory_order_relaxed);
  max_ns_.store(0, std::memory_order_relaxed);
}

std::int64_t Histogram::quantile_ns(double q) const {
  // of the bins, not of count_: a reader may see one without the other
  std::uint64_t total = 0;
  for (const std::atomic<std::uint64_t>& counter : counts_) {
    total += counter.load(std::memory_order_relaxed);
  }
  if (total == 0) {
    return 0;
  }
  const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(total));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  std::size_t bin = 0;
  while (bin + 1 < kBins && (seen += count(bin)) < rank) {
    ++bin;
  }
  const std::int64_t middle = (lower_edge_ns(bin) + lower_edge_ns(bin + 1) - 1) / 2;
  return std::clamp(middle, min_ns(), std::max(min_ns(), max_ns()));
}

}  // namespace amp::runtime

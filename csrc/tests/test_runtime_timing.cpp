// Bins tile the axis, quantiles agree with sorting, and the ends are exact.
#include <algorithm>
#include <memory>

#include "amp/runtime/timing.hpp"
#include "check.hpp"

namespace {

using amp::runtime::Histogram;

void bins_tile_the_axis() {
  for (std::size_t bin = 0; bin < Histogram::kBins; ++bin) {
    const std::int64_t low = Histogram::lower_edge_ns(bin);
    const std::int64_t next = Histogram::lower_edge_ns(bin + 1);
    CHECK(low < next);
    CHECK(Histogram::bin(low) == bin && Histogram::bin(next - 1) == bin);
    CHECK(static_cast<double>(next - low) <= std::max(1.0, static_cast<double>(low) / 256.0));
  }
  CHECK(Histogram::bin(-5) == 0);
  CHECK(Histogram::bin(INT64_MAX) == Histogram::kBins - 1);
}

void quantiles_agree_with_sorting() {
  const auto histogram = std::make_unique<Histogram>();
  CHECK(histogram->quantile_ns(0.5) == 0 && histogram->count() == 0);
  amp::test::Random random;
  std::vector<std::int64_t> values;
  for (const float normal : random.normal(20001)) {
    values.push_back(static_cast<std::int64_t>(std::exp(9.0 + 3.0 * static_cast<double>(normal))));
    histogram->add(values.back());
  }
  std::sort(values.begin(), values.end());
  CHECK(histogram->count() == values.size());
  CHECK(histogram->min_ns() == values.front() && histogram->max_ns() == values.back());
  for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
    const auto exact = static_cast<double>(values[rank - 1]);
    CHECK(std::fabs(static_cast<double>(histogram->quantile_ns(q)) - exact) <= 1 + exact / 256);
  }
  CHECK(histogram->quantile_ns(0.0) >= values.front());
  histogram->clear();
  CHECK(histogram->count() == 0 && histogram->max_ns() == 0 && histogram->quantile_ns(1.0) == 0);
}

void ends_are_exact() {
  const auto histogram = std::make_unique<Histogram>();
  histogram->add(1'000'003);
  for (const double q : {0.0, 0.5, 1.0}) {
    CHECK(histogram->quantile_ns(q) == 1'000'003);
  }
  histogram->add(std::int64_t{1} << 40);  // longer than the last bin
  CHECK(histogram->max_ns() == std::int64_t{1} << 40);
  histogram->add(-1);
  CHECK(histogram->min_ns() == 0 && histogram->count(0) == 1);
}

}  // namespace

int main() {
  bins_tile_the_axis();
  quantiles_agree_with_sorting();
  ends_are_exact();
  return 0;
}

// What the loop measures of its own timing, at the price of a few instructions per tick.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace amp::runtime {

// Counts of durations in ns in log-linear bins: exact below 256 ns, above that 256 bins in each
// octave, so a quantile is right to 0.4 %. Holds up to 68 s; what is longer goes to the last bin,
// `max_ns` stays exact. One thread adds, any thread or process (the block may be shared memory)
// reads at any time. All zero is a valid, empty histogram.
class Histogram {
 public:
  static constexpr int kSubBits = 8;
  static constexpr int kOctaves = 28;  // above the exact ones
  static constexpr std::size_t kSub = std::size_t{1} << kSubBits;
  static constexpr std::size_t kBins = kSub * (kOctaves + 1);

  // The bin of a duration; negative ones are counted as 0.
  static std::size_t bin(std::int64_t duration_ns) {
    const auto value = static_cast<std::uint64_t>(duration_ns < 0 ? 0 : duration_ns);
    if (value < kSub) {
      return static_cast<std::size_t>(value);
    }
    const int octave = 63 - __builtin_clzll(value) - kSubBits;  // 0 for [256, 512)
    const std::size_t index =
        (static_cast<std::size_t>(octave) << kSubBits) + static_cast<std::size_t>(value >> octave);
    return index < kBins ? index : kBins - 1;
  }

  // The smallest duration in ns that `bin` holds; of kBins, the end of the last one.
  static std::int64_t lower_edge_ns(std::size_t bin) {
    if (bin < kSub) {
      return static_cast<std::int64_t>(bin);
    }
    const std::size_t octave = (bin >> kSubBits) - 1;
    return static_cast<std::int64_t>((kSub + (bin & (kSub - 1))) << octave);
  }

  // O(1); no read-modify-write, since there is one writer.
  void add(std::int64_t duration_ns) {
    const std::int64_t value = duration_ns < 0 ? 0 : duration_ns;
    bump(counts_[bin(value)]);
    const bool first = count_.load(std::memory_order_relaxed) == 0;
    if (first || value < min_ns_.load(std::memory_order_relaxed)) {
      min_ns_.store(value, std::memory_order_relaxed);
    }
    if (value > max_ns_.load(std::memory_order_relaxed)) {
      max_ns_.store(value, std::memory_order_relaxed);
    }
    bump(count_);
  }

  void clear();

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  std::uint64_t count(std::size_t bin) const {
    return counts_[bin].load(std::memory_order_relaxed);
  }
  std::int64_t min_ns() const { return min_ns_.load(std::memory_order_relaxed); }
  std::int64_t max_ns() const { return max_ns_.load(std::memory_order_relaxed); }

  // The duration that a share `q` (0 to 1) of all do not exceed: the middle of its bin, within
  // [min_ns, max_ns]; 0 of an empty histogram.
  std::int64_t quantile_ns(double q) const;

 private:
  static void bump(std::atomic<std::uint64_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, kBins> counts_{};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::int64_t> min_ns_{0};
  std::atomic<std::int64_t> max_ns_{0};
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared memory needs it");

// The timing of one run, as in TickTiming; `policy_latency` once for each answer.
struct LoopTiming {
  Histogram period;
  Histogram lateness;
  Histogram compute;
  Histogram policy_latency;
};

}  // namespace amp::runtime

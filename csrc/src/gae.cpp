#include "amp/gae.hpp"

#include <cmath>
#include <stdexcept>

#include "amp/thread_pool.hpp"
#include "isa.hpp"

namespace amp {
namespace {

// Columns per chunk of work: long enough rows for the prefetcher, enough chunks to share.
constexpr std::size_t kGrain = 512;

void check(const GaeArgs& args) {
  const std::size_t size = args.steps * args.columns;
  if (args.rewards.size != size || args.values.size != size || args.next_values.size != size ||
      args.failed.size != size || args.done.size != size || args.advantages.size != size ||
      args.returns.size != size) {
    throw std::invalid_argument("gae: every array must hold steps * columns elements");
  }
  if (!std::isfinite(args.gamma) || !std::isfinite(args.gamma_lambda)) {
    throw std::invalid_argument("gae: gamma and gamma * lambda must be finite");
  }
}

}  // namespace

void gae(const GaeArgs& args) {
  check(args);
  const std::size_t bytes = args.steps * args.columns * (5 * sizeof(float) + 2);
  const auto run = isa().gae_columns;
  parallel_for(args.columns, kGrain, threads_for(bytes),
               [&args, run](std::size_t begin, std::size_t end) { run(args, begin, end); });
}

}  // namespace amp

// GAE against the formula in double precision, and the same bits everywhere.
#include <limits>
#include <stdexcept>

#include "amp/gae.hpp"
#include "amp/thread_pool.hpp"
#include "check.hpp"
#include "gae_column.hpp"
#include "isa.hpp"

using amp::GaeArgs;
namespace test = amp::test;

namespace {

struct Rollout {
  std::vector<float> rewards, values, next_values, advantages, returns;
  std::vector<unsigned char> failed, done;
  GaeArgs args;

  Rollout(std::size_t steps, std::size_t columns, double failed_share, double done_share) {
    test::Random random;
    const std::size_t size = steps * columns;
    rewards = random.normal(size);
    values = random.normal(size);
    next_values = random.normal(size);
    failed = random.flags(size, failed_share);
    done = random.flags(size, done_share);
    advantages.assign(size, -7.0F);
    returns.assign(size, -7.0F);
    args.steps = steps;
    args.columns = columns;
    args.rewards = test::in(rewards);
    args.values = test::in(values);
    args.next_values = test::in(next_values);
    args.failed = test::flags(failed);
    args.done = test::flags(done);
    args.gamma = 0.99F;
    args.gamma_lambda = 0.94F;
    args.advantages = test::out(advantages);
    args.returns = test::out(returns);
  }
};

std::vector<double> reference(const Rollout& r) {
  const std::size_t n = r.args.columns;
  std::vector<double> advantages(r.rewards.size());
  for (std::size_t i = advantages.size(); i-- > 0;) {
    const double next = i + n < advantages.size() && r.done[i] == 0 ? advantages[i + n] : 0.0;
    const double bootstrap = r.failed[i] != 0 ? 0.0 : r.next_values[i];
    advantages[i] = double(r.rewards[i]) + double(r.args.gamma) * bootstrap - double(r.values[i]) +
                    double(r.args.gamma_lambda) * next;
  }
  return advantages;
}

void agrees(std::size_t steps, std::size_t columns, double failed_share, double done_share) {
  Rollout r(steps, columns, failed_share, done_share);
  amp::gae(r.args);
  CHECK(test::difference(r.advantages, reference(r)) < 1e-5);
  for (std::size_t i = 0; i < r.returns.size(); ++i) {
    CHECK(r.returns[i] == r.advantages[i] + r.values[i]);
  }
  const std::vector<float> first = r.advantages;
  for (const char* isa : {"baseline", "avx2", "avx512"}) {
    if (!amp::select_isa(isa)) {
      continue;
    }
    for (const std::size_t threads : {1, 2, 5}) {
      amp::set_num_threads(threads);
      amp::gae(r.args);
      CHECK(test::same_bits(r.advantages, first));
    }
  }
  r.advantages.assign(first.size(), -7.0F);
  for (std::size_t column = 0; column < columns; ++column) {
    amp::cuda::gae_column<unsigned char, unsigned char>(r.args, column);  // the CUDA thread's work
  }
  CHECK(test::same_bits(r.advantages, first));
}

void flags_as_floats() {
  Rollout r(9, 33, 0.3, 0.5);
  amp::gae(r.args);
  const std::vector<float> first = r.advantages;
  const std::vector<float> failed(r.failed.begin(), r.failed.end());
  const std::vector<float> done(r.done.begin(), r.done.end());
  const amp::Flags as_floats[] = {{failed.data(), failed.size(), amp::Flags::Type::float32},
                                  {done.data(), done.size(), amp::Flags::Type::float32}};
  for (const bool both : {false, true}) {
    r.args.failed = as_floats[0];
    r.args.done = both ? as_floats[1] : test::flags(r.done);
    amp::gae(r.args);
    CHECK(test::same_bits(r.advantages, first));
  }
  r.args.failed = test::flags(r.failed);
  amp::gae(r.args);
  CHECK(test::same_bits(r.advantages, first));
}

// What a mask hides is not read, not even a NaN.
void masks_select() {
  Rollout r(3, 1, 0.0, 0.0);
  r.failed = {0, 1, 0};
  r.done = {0, 1, 0};
  r.next_values[1] = std::numeric_limits<float>::quiet_NaN();
  r.rewards[2] = std::numeric_limits<float>::quiet_NaN();
  amp::gae(r.args);
  CHECK(std::isfinite(r.advantages[0]) && std::isfinite(r.advantages[1]));
  CHECK(std::isnan(r.advantages[2]));
}

void wrong_sizes_throw() {
  Rollout r(2, 3, 0.0, 0.0);
  r.args.values.size = 5;
  bool thrown = false;
  try {
    amp::gae(r.args);
  } catch (const std::invalid_argument&) {
    thrown = true;
  }
  CHECK(thrown);
}

}  // namespace

int main() {
  for (const std::size_t steps : {1, 2, 15, 16, 17, 33}) {
    for (const std::size_t columns : {1, 7, 512, 513, 3000}) {
      agrees(steps, columns, 0.1, 0.2);
    }
  }
  agrees(5, 20, 1.0, 1.0);
  agrees(5, 20, 0.0, 0.0);
  flags_as_floats();
  masks_select();
  wrong_sizes_throw();
  return 0;
}

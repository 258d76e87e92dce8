// The inner loops of GAE, compiled once per instruction set (see isa.hpp).
#include "../isa.hpp"

namespace amp {
namespace AMP_ISA {
namespace {

// Columns whose running advantage stays in the first-level cache on the way through time.
constexpr std::size_t kBlock = 512;

template <class Failed, class Done>
void row(std::size_t count, float gamma, float gamma_lambda, const float* __restrict rewards,
         const float* __restrict values, const float* __restrict next_values,
         const Failed* __restrict failed, const Done* __restrict done, float* __restrict carry,
         float* __restrict advantages, float* __restrict returns) {
  for (std::size_t i = 0; i < count; ++i) {
    const float bootstrap = failed[i] != 0 ? 0.0F : gamma * next_values[i];
    const float trace = done[i] != 0 ? 0.0F : gamma_lambda * carry[i];
    const float advantage = rewards[i] + bootstrap - values[i] + trace;
    carry[i] = advantage;
    advantages[i] = advantage;
    returns[i] = advantage + values[i];
  }
}

template <class Failed, class Done>
void columns(const GaeArgs& args, std::size_t begin, std::size_t end) {
  const Failed* failed = static_cast<const Failed*>(args.failed.data);
  const Done* done = static_cast<const Done*>(args.done.data);
  float carry[kBlock];
  for (std::size_t first = begin; first < end; first += kBlock) {
    const std::size_t count = end - first < kBlock ? end - first : kBlock;
    for (std::size_t i = 0; i < count; ++i) {
      carry[i] = 0.0F;
    }
    for (std::size_t t = args.steps; t-- > 0;) {
      const std::size_t at = t * args.columns + first;
      row(count, args.gamma, args.gamma_lambda, args.rewards.data + at, args.values.data + at,
          args.next_values.data + at, failed + at, done + at, carry, args.advantages.data + at,
          args.returns.data + at);
    }
  }
}

template <class Failed>
void dispatch_done(const GaeArgs& args, std::size_t begin, std::size_t end) {
  if (args.done.type == Flags::Type::byte) {
    columns<Failed, std::uint8_t>(args, begin, end);
  } else {
    columns<Failed, float>(args, begin, end);
  }
}

}  // namespace

void gae_columns(const GaeArgs& args, std::size_t begin, std::size_t end) {
  if (args.failed.type == Flags::Type::byte) {
    dispatch_done<std::uint8_t>(args, begin, end);
  } else {
    dispatch_done<float>(args, begin, end);
  }
}

}  // namespace AMP_ISA
}  // namespace amp

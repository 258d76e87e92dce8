#include "amp/elu.hpp"

#include <stdexcept>

#include "amp/thread_pool.hpp"
#include "isa.hpp"

namespace amp {
namespace {

constexpr std::size_t kGrain = 16 * 1024;  // elements

void check(bool same) {
  if (!same) {
    throw std::invalid_argument("elu: every array must hold as many elements");
  }
}

}  // namespace

void elu(Span<float> values) {
  const auto run = isa().elu;
  parallel_for(values.size, kGrain, threads_for(values.size * sizeof(float)),
               [values, run](std::size_t begin, std::size_t end) { run(values, begin, end); });
}

void elu_backward(Span<float> gradient, Span<const float> output) {
  check(gradient.size == output.size);
  const auto run = isa().elu_backward;
  parallel_for(gradient.size, kGrain, threads_for(2 * gradient.size * sizeof(float)),
               [gradient, output, run](std::size_t begin, std::size_t end) {
                 run(gradient, output, begin, end);
               });
}

void elu_adjoint(const EluAdjoint& args) {
  const std::size_t size = args.adjoint.size;
  check(args.gradient.size == size && args.output.size == size && args.curvature.size == size);
  const auto run = isa().elu_adjoint;
  parallel_for(size, kGrain, threads_for(4 * size * sizeof(float)),
               [&args, run](std::size_t begin, std::size_t end) { run(args, begin, end); });
}

}  // namespace amp

// The inner loops of ELU layers, compiled once per instruction set (see isa.hpp).
#include "../isa.hpp"

namespace amp {
namespace AMP_ISA {
namespace {

// e^x - 1 for x <= 0: x = n ln 2 + r with |r| <= ln 2 / 2, a Taylor polynomial for e^r - 1 (its
// error is a quarter of a unit in the last place), then 2^n (e^r - 1) + (2^n - 1).
AMP_HOST_DEVICE float expm1_of_negative(float x) {
  const float least = -87.0F;  // below it e^x is no more than a rounding error of 1
  const float held = x < least ? least : x;
  const float magic = 12582912.0F;  // 1.5 * 2^23: adding it rounds to a whole number
  const float shifted = held * 1.44269504F + magic;
  const float n = shifted - magic;
  const float r = (held - n * 0.693359375F) - n * -2.12194440e-4F;
  const float p6 = 1.0F / 720.0F + r * (1.0F / 5040.0F);
  const float p4 = 1.0F / 24.0F + r * (1.0F / 120.0F + r * p6);
  const float p = r + r * r * (0.5F + r * (1.0F / 6.0F + r * p4));
  std::int32_t bits = 0;
  __builtin_memcpy(&bits, &shifted, sizeof(bits));
  bits = static_cast<std::int32_t>((static_cast<std::uint32_t>(bits) + 127U) << 23U);
  float power = 0.0F;
  __builtin_memcpy(&power, &bits, sizeof(power));
  return power * p + (power - 1.0F);
}

AMP_HOST_DEVICE float slope(float h) { return h < 0.0F ? 1.0F + h : 1.0F; }

}  // namespace

void elu(Span<float> values, std::size_t begin, std::size_t end) {
  float* __restrict x = values.data;
  for (std::size_t i = begin; i < end; ++i) {
    const float low = expm1_of_negative(x[i] > 0.0F ? 0.0F : x[i]);
    x[i] = x[i] > 0.0F ? x[i] : low;
  }
}

void elu_backward(Span<float> gradient, Span<const float> output, std::size_t begin,
                  std::size_t end) {
  float* __restrict g = gradient.data;
  const float* __restrict h = output.data;
  for (std::size_t i = begin; i < end; ++i) {
    g[i] = g[i] * slope(h[i]);
  }
}

void elu_adjoint(const EluAdjoint& args, std::size_t begin, std::size_t end) {
  float* __restrict a = args.adjoint.data;
  const float* __restrict g = args.gradient.data;
  const float* __restrict h = args.output.data;
  float* __restrict curvature = args.curvature.data;
  for (std::size_t i = begin; i < end; ++i) {
    curvature[i] = h[i] < 0.0F ? a[i] * g[i] : 0.0F;
    a[i] = a[i] * slope(h[i]);
  }
}

}  // namespace AMP_ISA
}  // namespace amp

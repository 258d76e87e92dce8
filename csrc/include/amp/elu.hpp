// ELU layers on the CPU, in place: h = x where x > 0, else e^x - 1.
//
// With h at hand no exponential is needed again: the slope is 1 where h >= 0, else 1 + h, and the
// slope of the slope is 0 where h >= 0, else 1 + h.
#pragma once

#include "amp/kernels.hpp"

namespace amp {

// x becomes h. Within two units in the last place, NaN stays NaN.
void elu(Span<float> values);

// gradient times the slope at `output` (h).
void elu_backward(Span<float> gradient, Span<const float> output);

// The reverse of `gradient = before * slope(h)` for given `adjoint` of gradient: adjoint becomes
// that of `before`, `curvature` that of the layer's input x through the slope. Curvature gets
// adjoint * gradient where h < 0, else 0.
struct EluAdjoint {
  Span<float> adjoint;
  Span<const float> gradient, output;
  Span<float> curvature;
};
void elu_adjoint(const EluAdjoint& args);

}  // namespace amp

// The kernels' Python functions, the same for the CPU module and the CUDA module.
#pragma once

#include "amp/kernels.hpp"
#include "array_view.hpp"

namespace amp::bindings {

// What runs a kernel once its arguments are known to be good. `stream` is a cudaStream_t of the
// current device as an integer, 0 on the CPU.
struct Backend {
  Kind kind;
  void (*gae)(const GaeArgs& args, std::uintptr_t stream);
  void (*disc_obs)(const DiscObsArgs& args, std::uintptr_t stream);
};

// Add every kernel to `module`, with messages turned into amp_sdk.kernels.ArrayError.
void bind_kernels(py::module_& module, const Backend& backend);

// One kernel each. `out` is None or the user's buffers; `allocate(shape)` makes float32 arrays of
// the kind and on the device of the inputs.
void bind_gae(py::module_& module, const Backend& backend);
void bind_disc_obs(py::module_& module, const Backend& backend);

}  // namespace amp::bindings

// amp_sdk._cuda: the kernels on CUDA. Links no torch library: tensors come as pointers.
#include <pybind11/pybind11.h>

#include "kernels.hpp"
#include "launch.hpp"

namespace py = pybind11;

PYBIND11_MODULE(_cuda, module) {
  module.doc() = "CUDA kernels of amp_sdk; use them through amp_sdk.kernels.";
  amp::bindings::Backend backend{};
  backend.kind = amp::bindings::Kind::cuda;
  backend.gae = &amp::cuda::gae;
  backend.disc_obs = &amp::cuda::disc_obs;
  amp::bindings::bind_kernels(module, backend);

  module.def("problem", &amp::cuda::problem,
             "Why the kernels cannot run on the current device; empty when they can.");
  module.def("architectures", &amp::cuda::architectures);
}

// amp_sdk._core: the kernels on the CPU.
#include <pybind11/pybind11.h>

#include "action.hpp"
#include "amp/disc_obs.hpp"
#include "amp/gae.hpp"
#include "amp/thread_pool.hpp"
#include "elu.hpp"
#include "isa.hpp"
#include "kernels.hpp"
#include "observation.hpp"
#if defined(AMP_RUNTIME)
#include "runtime.hpp"
#endif

namespace py = pybind11;

PYBIND11_MODULE(_core, module) {
  module.doc() = "Compiled core of amp_sdk; use it through amp_sdk.kernels and amp_sdk.runtime.";
  amp::bindings::Backend backend{};
  backend.kind = amp::bindings::Kind::cpu;
  backend.gae = [](const amp::GaeArgs& args, std::uintptr_t) { amp::gae(args); };
  backend.disc_obs = [](const amp::DiscObsArgs& args, std::uintptr_t) { amp::disc_obs(args); };
  amp::bindings::bind_kernels(module, backend);

  // The same checks and buffers with nothing computed, for implementations in Python.
  py::module_ checked = module.def_submodule("checked", "Checks arguments, gives the buffers.");
  amp::bindings::Backend nothing{};
  nothing.kind = amp::bindings::Kind::any;
  nothing.gae = [](const amp::GaeArgs&, std::uintptr_t) {};
  nothing.disc_obs = [](const amp::DiscObsArgs&, std::uintptr_t) {};
  amp::bindings::bind_kernels(checked, nothing);

  amp::bindings::bind_observation(module);
  amp::bindings::bind_action(module);
  amp::bindings::bind_elu(module);

  module.def("set_num_threads", &amp::set_num_threads, py::arg("count"));
  module.def("num_threads", &amp::num_threads);
  module.def("isa", [] { return amp::isa().name; }, "Name of the instruction set in use.");
  module.def("select_isa", &amp::select_isa, py::arg("name"));

#if defined(AMP_RUNTIME)
  amp::bindings::bind_runtime(module);
#endif
}

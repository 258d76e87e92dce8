#include "kernels.hpp"

namespace amp::bindings {

void bind_kernels(py::module_& module, const Backend& backend) {
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) {
        std::rethrow_exception(pointer);
      }
    } catch (const BadArray& error) {
      const py::object type = py::module_::import("amp_sdk.kernels").attr("ArrayError");
      PyErr_SetString(type.ptr(), error.what());
    }
  });
  bind_gae(module, backend);
  bind_disc_obs(module, backend);
}

}  // namespace amp::bindings

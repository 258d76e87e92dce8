// ELU layers in place, on the CPU alone.
#pragma once

#include <pybind11/pybind11.h>

namespace amp::bindings {

void bind_elu(pybind11::module_& module);

}  // namespace amp::bindings

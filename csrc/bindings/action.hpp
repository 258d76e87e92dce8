// What makes joint targets of a network's output, as a Python class.
#pragma once

#include <pybind11/pybind11.h>

namespace amp::bindings {

// Add ActionMap and all_finite to amp_sdk._core. For buffers of amp_sdk's own: an array that does
// not fit is a TypeError or ValueError, a mistake of ours.
void bind_action(pybind11::module_& module);

}  // namespace amp::bindings

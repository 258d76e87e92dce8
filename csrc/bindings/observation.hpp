// The observation builder's Python class.
#pragma once

#include <pybind11/pybind11.h>

namespace amp::bindings {

// Add ObservationBuilder and projected_gravity to amp_sdk._core. What the user passes wrongly is an
// amp_sdk.errors.InputError.
void bind_observation(pybind11::module_& module);

}  // namespace amp::bindings

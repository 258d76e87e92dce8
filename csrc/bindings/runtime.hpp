// amp_sdk._core.runtime: the parts of a running robot, use them through amp_sdk.runtime.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "amp/runtime/board.hpp"

namespace amp::bindings {

namespace py = pybind11;

void bind_runtime(py::module_& core);

// The structs of types.hpp and config.hpp as NumPy dtypes, limits and names.
void bind_runtime_types(py::module_& module);
void bind_runtime_board(py::module_& module);
void bind_runtime_controller(py::module_& module);
void bind_runtime_loop(py::module_& module);
void bind_runtime_recorder(py::module_& module);

// The struct in a NumPy array of one element of its dtype; throws std::invalid_argument otherwise.
template <class T>
T& message(py::array& array, bool writable);

// The structs in a contiguous NumPy array of `count` elements of their dtype, likewise.
template <class T>
T* messages(py::array& array, std::size_t count, bool writable);

}  // namespace amp::bindings

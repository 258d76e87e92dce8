#include "action.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <utility>
#include <vector>

#include "amp/runtime/action.hpp"

namespace amp::bindings {
namespace {

namespace py = pybind11;
using runtime::ActionMap;

// No conversion: a copy would be written to in place of the caller's buffer.
using Floats = py::array_t<float, py::array::c_style>;
using Doubles = py::array_t<double, py::array::c_style>;

ActionMap make(std::vector<double> offset_rad, std::vector<double> scale, double limit) {
  if (offset_rad.size() != scale.size()) {
    throw py::value_error("offset_rad and scale differ in length");
  }
  return {std::move(offset_rad), std::move(scale), limit};
}

bool apply(const ActionMap& map, const Floats& action, Doubles& applied, Doubles& target_rad) {
  const auto joints = static_cast<py::ssize_t>(map.scale.size());
  if (action.size() != joints || applied.size() != joints || target_rad.size() != joints) {
    throw py::value_error("expected one number for each joint");
  }
  return map.apply(action.data(), applied.mutable_data(), target_rad.mutable_data());
}

bool all_finite(const Floats& values) {
  return runtime::all_finite(values.data(), static_cast<std::size_t>(values.size()));
}

}  // namespace

void bind_action(py::module_& module) {
  py::class_<ActionMap>(module, "ActionMap")
      .def(py::init(&make), py::arg("offset_rad"), py::arg("scale"), py::arg("limit"))
      .def("apply", &apply, py::arg("action").noconvert(), py::arg("applied").noconvert(),
           py::arg("target_rad").noconvert());
  module.def("all_finite", &all_finite, py::arg("values").noconvert());
}

}  // namespace amp::bindings

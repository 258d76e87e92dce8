#include "observation.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "amp/runtime/observation.hpp"

namespace amp::bindings {
namespace {

namespace py = pybind11;
using runtime::Measurements;
using runtime::ObservationLayout;
using runtime::ObservationSource;
using runtime::ObservationTerm;

using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Floats = py::array_t<float, py::array::c_style>;
using Flags = py::array_t<bool, py::array::c_style>;
using Term = std::tuple<std::string, std::size_t, double, std::optional<std::array<double, 2>>>;

constexpr std::array<std::pair<const char*, ObservationSource>, 6> kSources = {{
    {"base_ang_vel_b", ObservationSource::base_ang_vel_b},
    {"projected_gravity_b", ObservationSource::projected_gravity_b},
    {"command", ObservationSource::command},
    {"joint_pos", ObservationSource::joint_pos},
    {"joint_vel", ObservationSource::joint_vel},
    {"last_action", ObservationSource::last_action},
}};

[[noreturn]] void refuse(const std::string& text) {
  const py::object type = py::module_::import("amp_sdk.errors").attr("InputError");
  PyErr_SetString(type.ptr(), text.c_str());
  throw py::error_already_set();
}

std::string shape_text(const py::array& array) {
  std::string text;
  for (py::ssize_t i = 0; i < array.ndim(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(array.shape(i));
  }
  return "[" + text + "]";
}

std::string quaternion_text(const double* q) {
  return py::str("[{:g}, {:g}, {:g}, {:g}]").format(q[0], q[1], q[2], q[3]);
}

ObservationTerm term_of(const Term& term) {
  ObservationTerm result;
  const auto& [name, history, scale, clip] = term;
  for (const auto& [known, source] : kSources) {
    if (name == known) {
      result.source = source;
      result.history = history;
      result.scale = scale;
      if (clip) {
        result.lower = (*clip)[0];
        result.upper = (*clip)[1];
      }
      return result;
    }
  }
  throw py::value_error("unknown observation term " + name);
}

// The builder with the arrays it takes: [...] for one robot, [N, ...] for a batch.
class Builder {
 public:
  Builder(const std::vector<Term>& terms, std::vector<double> default_pos,
          std::vector<std::size_t> measured, std::size_t measured_joints, std::size_t commands,
          std::optional<std::size_t> robots)
      : batched_(robots.has_value()),
        core_(layout(terms, std::move(default_pos), std::move(measured), measured_joints, commands),
              robots.value_or(1)) {}

  void reset(py::handle which_or_none) {
    if (which_or_none.is_none()) {
      core_.reset();
      return;
    }
    const Flags which = flags(which_or_none, "which");
    for (std::size_t robot = 0; robot < core_.robots(); ++robot) {
      if (which.data()[robot]) {
        core_.reset(robot);
      }
    }
  }

  void build(py::handle ang_vel_b, py::handle quat_w, py::handle joint_pos, py::handle joint_vel,
             py::handle command, py::handle last_action, py::handle out,
             py::handle active_or_none) {
    std::array<Doubles, 6> held;
    const ObservationLayout& layout = core_.layout();
    const std::size_t joints = layout.measured_joints;
    Measurements in;
    in.ang_vel_b = take(ObservationSource::base_ang_vel_b, ang_vel_b, "ang_vel_b", 3, held[0]);
    in.quat_w = take(ObservationSource::projected_gravity_b, quat_w, "quat_w", 4, held[1]);
    in.joint_pos = take(ObservationSource::joint_pos, joint_pos, "joint_pos", joints, held[2]);
    in.joint_vel = take(ObservationSource::joint_vel, joint_vel, "joint_vel", joints, held[3]);
    in.command = take(ObservationSource::command, command, "command", layout.commands, held[4]);
    in.last_action =
        take(ObservationSource::last_action, last_action, "last_action", layout.joints(), held[5]);
    float* to = result(out);
    const Flags active = active_or_none.is_none() ? Flags() : flags(active_or_none, "active");
    const bool* mask = active_or_none.is_none() ? nullptr : active.data();
    std::size_t bad = 0;
    if (batched_) {
      const py::gil_scoped_release release;
      bad = core_.build(in, mask, to);
    } else {  // takes less time than to give the lock away and wait for it
      bad = core_.build(in, mask, to);
    }
    if (bad != core_.robots()) {
      const std::string robot = batched_ ? " of robot " + std::to_string(bad) : "";
      refuse("quat_w" + robot + " is " + quaternion_text(in.quat_w + 4 * bad) +
             "; expected a unit quaternion (wxyz); check the IMU");
    }
  }

 private:
  static ObservationLayout layout(const std::vector<Term>& terms, std::vector<double> default_pos,
                                  std::vector<std::size_t> measured, std::size_t measured_joints,
                                  std::size_t commands) {
    ObservationLayout result;
    for (const Term& term : terms) {
      result.terms.push_back(term_of(term));
    }
    result.default_pos = std::move(default_pos);
    result.measured = std::move(measured);
    result.measured_joints = measured_joints;
    result.commands = commands;
    return result;
  }

  // `array` has the shape [N, size] or, for one robot, [size]; without `size` [N].
  void expect(const py::array& array, const char* name, std::optional<std::size_t> size) const {
    std::array<std::size_t, 2> shape{};
    py::ssize_t rank = 0;
    if (batched_ || !size) {
      shape[rank++] = core_.robots();
    }
    if (size) {
      shape[rank++] = *size;
    }
    bool same = array.ndim() == rank;
    std::string text;
    for (py::ssize_t i = 0; i < rank; ++i) {
      same = same && static_cast<std::size_t>(array.shape(i)) == shape[i];
      text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
    }
    if (!same) {
      refuse(std::string(name) + " has shape " + shape_text(array) + "; expected [" + text +
             "], as the policy's contract says");
    }
  }

  // The numbers of `values`, kept alive by `held`; null where no term uses them.
  const double* take(ObservationSource source, py::handle values, const char* name,
                     std::size_t size, Doubles& held) const {
    if (!core_.layout().uses(source)) {
      return nullptr;
    }
    held = Doubles::ensure(values);
    if (!held) {
      PyErr_Clear();
      refuse(std::string(name) + " is no array of numbers; expected float64");
    }
    expect(held, name, size);
    return held.data();
  }

  Flags flags(py::handle values, const char* name) const {
    if (!Flags::check_(values)) {
      refuse(std::string(name) + " must be a contiguous array of bool");
    }
    Flags array = py::reinterpret_borrow<Flags>(values);
    expect(array, name, {});
    return array;
  }

  float* result(py::handle out) const {
    if (!Floats::check_(out) || !py::reinterpret_borrow<py::array>(out).writeable()) {
      refuse("out must be a writable, contiguous array of float32");
    }
    Floats array = py::reinterpret_borrow<Floats>(out);
    expect(array, "out", core_.width());
    return array.mutable_data();
  }

  bool batched_;
  runtime::ObservationBuilder core_;
};

py::array_t<double> gravity(const Doubles& quat_w) {
  if (quat_w.ndim() != 1 || quat_w.shape(0) != 4) {
    refuse("quat_w has shape " + shape_text(quat_w) + "; expected [4]");
  }
  py::array_t<double> result(3);
  if (!runtime::projected_gravity(quat_w.data(), result.mutable_data())) {
    refuse("quat_w is " + quaternion_text(quat_w.data()) +
           "; expected a unit quaternion (wxyz); check the IMU");
  }
  return result;
}

}  // namespace

void bind_observation(py::module_& module) {
  py::class_<Builder>(module, "ObservationBuilder",
                      "Use it through amp_sdk.observation; robots None is one without batch axis.")
      .def(py::init<const std::vector<Term>&, std::vector<double>, std::vector<std::size_t>,
                    std::size_t, std::size_t, std::optional<std::size_t>>(),
           py::arg("terms"), py::arg("default_pos"), py::arg("measured"),
           py::arg("measured_joints"), py::arg("commands"), py::arg("robots") = py::none())
      .def("reset", &Builder::reset, py::arg("which") = py::none())
      .def("build", &Builder::build, py::arg("ang_vel_b"), py::arg("quat_w"), py::arg("joint_pos"),
           py::arg("joint_vel"), py::arg("command"), py::arg("last_action"), py::arg("out"),
           py::arg("active") = py::none());
  module.def("projected_gravity", &gravity, py::arg("quat_w"));
}

}  // namespace amp::bindings

#include <pybind11/stl.h>

#include <optional>

#include "amp/runtime/controller.hpp"
#include "amp/runtime/controller_batch.hpp"
#include "runtime.hpp"

namespace amp::bindings {
namespace {

using namespace amp::runtime;

// A controller with copies of the newest of what it was given, as the loop has them.
class HeldController {
 public:
  explicit HeldController(const LoopConfig& config) : controller_(config) {}

  // `state`, `operator_input`: a message that is new in this tick, or None. `targets`: the new
  // answers, each of which names its slot. Fills `command` and `status`.
  void step(std::int64_t time_ns, const py::object& state, const py::sequence& targets,
            const py::object& operator_input, std::uint64_t loop_faults, py::array& command,
            py::array& status) {
    inputs_.fresh_state = !state.is_none();
    if (inputs_.fresh_state) {
      take(state, state_);
      inputs_.state = &state_;
    }
    for (const py::handle& target : targets) {
      PolicyTarget taken{};
      take(target, taken);
      if (taken.policy >= kMaxPolicies) {
        throw std::invalid_argument("target: no such policy slot");
      }
      targets_[taken.policy] = taken;
      inputs_.targets[taken.policy] = &targets_[taken.policy];
    }
    if (!operator_input.is_none()) {
      take(operator_input, operator_);
      inputs_.operator_input = &operator_;
    }
    inputs_.loop_faults = loop_faults;
    message<JointCommand>(command, true) = controller_.step(inputs_, time_ns);
    message<LoopStatus>(status, true) = controller_.status();
  }

 private:
  template <class T>
  static void take(py::handle from, T& to) {
    auto array = py::cast<py::array>(from);
    to = message<T>(array, false);
  }

  Controller controller_;
  Inputs inputs_;
  RobotState state_{};
  OperatorInput operator_{};
  std::array<PolicyTarget, kMaxPolicies> targets_{};
};

using Flags = py::array_t<bool, py::array::c_style>;

const bool* flags(const std::optional<Flags>& array, std::size_t robots) {
  if (array && static_cast<std::size_t>(array->size()) != robots) {
    throw std::invalid_argument("expected one flag for each robot");
  }
  return array ? array->data() : nullptr;
}

void step_batch(ControllerBatch& batch, std::int64_t time_ns, py::array& states,
                const std::optional<Flags>& fresh, py::array& targets, py::array& operator_inputs,
                const std::optional<Flags>& active, py::array& commands, py::array& status) {
  const std::size_t robots = batch.robots();
  ControllerRows rows;
  rows.states = messages<RobotState>(states, robots, false);
  rows.fresh = flags(fresh, robots);
  rows.targets = messages<PolicyTarget>(targets, robots, false);
  rows.operator_inputs = messages<OperatorInput>(operator_inputs, robots, false);
  rows.active = flags(active, robots);
  rows.commands = messages<JointCommand>(commands, robots, true);
  rows.status = messages<LoopStatus>(status, robots, true);
  const py::gil_scoped_release release;
  batch.step(time_ns, rows);
}

}  // namespace

void bind_runtime_controller(py::module_& module) {
  py::class_<HeldController>(module, "Controller")
      .def(py::init([](py::array& config) {
        return std::make_unique<HeldController>(message<LoopConfig>(config, false));
      }))
      .def("step", &HeldController::step);
  py::class_<ControllerBatch>(module, "ControllerBatch")
      .def(py::init([](py::array& config, std::size_t robots) {
        return std::make_unique<ControllerBatch>(message<LoopConfig>(config, false), robots);
      }))
      .def("step", &step_batch);
}

}  // namespace amp::bindings

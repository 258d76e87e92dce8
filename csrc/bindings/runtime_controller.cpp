#include "amp/runtime/controller.hpp"
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

}  // namespace

void bind_runtime_controller(py::module_& module) {
  py::class_<HeldController>(module, "Controller")
      .def(py::init([](py::array& config) {
        return std::make_unique<HeldController>(message<LoopConfig>(config, false));
      }))
      .def("step", &HeldController::step);
}

}  // namespace amp::bindings

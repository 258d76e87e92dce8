#include "amp/runtime/fault.hpp"
#include "runtime.hpp"

namespace amp::bindings {
namespace {

using namespace amp::runtime;

void register_messages() {
  PYBIND11_NUMPY_DTYPE(RobotState, time_ns, tick, quat_wxyz, gyro_b, accel_b, joint_pos, joint_vel,
                       joint_torque, motor_temperature_c, battery_percent, flags);
  PYBIND11_NUMPY_DTYPE(JointCommand, time_ns, tick, target_pos, target_vel, torque, kp, kd, mode);
  PYBIND11_NUMPY_DTYPE(PolicyTarget, time_ns, written_ns, state_tick, sequence, policy, obs_size,
                       command, target, action, observation);
  PYBIND11_NUMPY_DTYPE(OperatorInput, time_ns, deadman_ns, sequence, clear_fault, requested_mode,
                       requested_policy, estop, reserved, velocity_command);
  PYBIND11_NUMPY_DTYPE(TickTiming, time_ns, period_ns, lateness_ns, compute_ns, state_age_ns,
                       target_age_ns, policy_latency_ns);
  PYBIND11_NUMPY_DTYPE(LoopStatus, tick, mode, active_policy, wanted_policies, stand_done, armed,
                       reserved, faults, first_faults, fault_tick, velocity_command, blend, timing);
  PYBIND11_NUMPY_DTYPE(TickRecord, state, operator_input, target, command, status, has_state,
                       has_target);
}

void register_config() {
  PYBIND11_NUMPY_DTYPE(JointConfig, name, lower_rad, upper_rad, effort_limit_nm,
                       velocity_limit_rad_s, stand_pos_rad, stand_kp, stand_kd, damp_kd);
  PYBIND11_NUMPY_DTYPE(SafetyConfig, soft_zone_rad, limit_margin_rad, target_rate_rad_s,
                       velocity_fault_ratio, torque_fault_ratio, max_tilt_rad, max_gyro_rad_s,
                       max_temperature_c, min_battery_percent, state_timeout_s, frozen_timeout_s,
                       state_period_s, max_state_loss, state_loss_time_s, deadman_timeout_s,
                       overrun_timeout_s);
  PYBIND11_NUMPY_DTYPE(PolicyConfig, present, name, period_s, timeout_s, interpolation,
                       action_limit, kp, kd, command_lower, command_upper);
  PYBIND11_NUMPY_DTYPE(LoopConfig, joints, joint, safety, policy, period_s, stand_time_s,
                       blend_time_s, damp_time_s, command_rate, driver, priority, cpu, lock_memory,
                       orphan_time_s, record_path, driver_options);
}

py::tuple fault_names() {
  py::tuple names(kFaults);
  for (std::size_t i = 0; i < kFaults; ++i) {
    names[i] = fault_name(i);
  }
  return names;
}

}  // namespace

void bind_runtime_types(py::module_& module) {
  register_messages();
  register_config();
  py::dict dtypes;
  dtypes["RobotState"] = py::dtype::of<RobotState>();
  dtypes["JointCommand"] = py::dtype::of<JointCommand>();
  dtypes["PolicyTarget"] = py::dtype::of<PolicyTarget>();
  dtypes["OperatorInput"] = py::dtype::of<OperatorInput>();
  dtypes["LoopStatus"] = py::dtype::of<LoopStatus>();
  dtypes["TickRecord"] = py::dtype::of<TickRecord>();
  dtypes["LoopConfig"] = py::dtype::of<LoopConfig>();
  module.attr("DTYPES") = dtypes;
  module.attr("FAULT_NAMES") = fault_names();
  module.attr("MAX_JOINTS") = kMaxJoints;
  module.attr("MAX_POLICIES") = kMaxPolicies;
  module.attr("MAX_OBSERVATION") = kMaxObservation;
  module.attr("NAME_SIZE") = kNameSize;
  module.attr("PATH_SIZE") = kPathSize;
  module.attr("HAS_TORQUE") = static_cast<std::uint64_t>(kHasTorque);
  module.attr("HAS_TEMPERATURE") = static_cast<std::uint64_t>(kHasTemperature);
  module.attr("HAS_BATTERY") = static_cast<std::uint64_t>(kHasBattery);
  module.attr("HAS_ACCELERATION") = static_cast<std::uint64_t>(kHasAcceleration);
}

template <class T>
T* messages(py::array& array, std::size_t count, bool writable) {
  const py::dtype expected = py::dtype::of<T>();
  if (!array.dtype().equal(expected) || static_cast<std::size_t>(array.size()) != count) {
    throw std::invalid_argument("expected an array of " + std::to_string(count) + " " +
                                py::str(py::object(expected)).cast<std::string>().substr(0, 60));
  }
  if ((array.flags() & py::array::c_style) == 0 || (writable && !array.writeable())) {
    throw std::invalid_argument("expected a contiguous array, writable where it is a result");
  }
  return static_cast<T*>(const_cast<void*>(array.data()));
}

template <class T>
T& message(py::array& array, bool writable) {
  return *messages<T>(array, 1, writable);
}

template RobotState& message<RobotState>(py::array&, bool);
template JointCommand& message<JointCommand>(py::array&, bool);
template PolicyTarget& message<PolicyTarget>(py::array&, bool);
template OperatorInput& message<OperatorInput>(py::array&, bool);
template LoopStatus& message<LoopStatus>(py::array&, bool);
template TickRecord& message<TickRecord>(py::array&, bool);
template LoopConfig& message<LoopConfig>(py::array&, bool);

template RobotState* messages<RobotState>(py::array&, std::size_t, bool);
template JointCommand* messages<JointCommand>(py::array&, std::size_t, bool);
template PolicyTarget* messages<PolicyTarget>(py::array&, std::size_t, bool);
template OperatorInput* messages<OperatorInput>(py::array&, std::size_t, bool);
template LoopStatus* messages<LoopStatus>(py::array&, std::size_t, bool);

}  // namespace amp::bindings

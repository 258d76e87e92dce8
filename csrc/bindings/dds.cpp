// amp_sdk._dds: robots over CycloneDDS; use it through amp_sdk.unitree.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "amp/runtime/clock.hpp"
#include "bench.hpp"
#include "rescue.hpp"
#include "robot_link.hpp"
#include "simulated_robot.hpp"

namespace py = pybind11;

namespace {

using namespace amp::dds;
using amp::unitree::Options;
using amp::unitree::parse_options;
using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using NoGil = py::gil_scoped_release;

// A message of amp_sdk.runtime, written in place.
amp::runtime::RobotState& robot_state(py::array& message) {
  if (static_cast<std::size_t>(message.nbytes()) != sizeof(amp::runtime::RobotState) ||
      !message.writeable()) {
    throw std::invalid_argument("expected a writable message RobotState");
  }
  return *static_cast<amp::runtime::RobotState*>(message.mutable_data());
}

py::dict link_status(const RobotLink& link) {
  const LinkStatus status = link.status();
  py::dict result;
  result["received"] = status.received;
  result["plain"] = status.plain;
  result["crc_errors"] = status.crc_errors;
  result["out_of_order"] = status.out_of_order;
  result["restarts"] = status.restarts;
  result["foreign_commands"] = status.foreign_commands;
  result["last_foreign_ns"] = status.last_foreign_ns;
  result["mode_machine"] = status.mode_machine;
  result["buttons"] = status.remote.buttons;
  result["sticks"] =
      py::make_tuple(status.remote.lx, status.remote.ly, status.remote.rx, status.remote.ry);
  return result;
}

void bind_link(py::module_& module) {
  py::class_<RobotLink>(module, "RobotLink")
      .def(py::init(
               [](const std::string& options) { return make_robot_link(parse_options(options)); }),
           py::call_guard<NoGil>())
      .def("read", [](RobotLink& self, py::array& out) { return self.read(robot_state(out)); })
      .def("status", &link_status)
      .def("state_types", &RobotLink::state_types)
      .def("command_types", &RobotLink::command_types);
  py::class_<Rescue>(module, "Rescue")
      .def(py::init([](const std::string& options, const std::string& board) {
             return make_rescue(parse_options(options), board);
           }),
           py::call_guard<NoGil>())
      .def_property_readonly("count", &Rescue::count);
}

py::object read_targets(SimulatedRobot& robot) {
  MotorTargets targets;
  if (!robot.read(targets)) {
    return py::none();
  }
  Doubles values({std::size_t{6}, kMostMotors});
  double* row = values.mutable_data();
  for (const auto* field : {&targets.q, &targets.dq, &targets.tau, &targets.kp, &targets.kd}) {
    row = std::copy(field->begin(), field->end(), row);
  }
  std::copy_n(targets.enabled.begin(), kMostMotors, row);
  return py::make_tuple(targets.time_ns, values);
}

py::dict command_counters(const SimulatedRobot& robot) {
  const CommandCounters counters = robot.counters();
  py::dict result;
  result["accepted"] = counters.accepted;
  result["bad_crc"] = counters.bad_crc;
  result["bad_header"] = counters.bad_header;
  result["bad_machine"] = counters.bad_machine;
  result["bad_motor"] = counters.bad_motor;
  result["senders"] = counters.senders;
  return result;
}

// motors: [5, M] of q, dq, ddq, torque, temperature; imu: quaternion 4, gyro 3, acceleration 3
bool publish(SimulatedRobot& robot, std::uint32_t tick, const Doubles& motors, const Doubles& imu,
             double battery_percent, std::uint16_t buttons, const Doubles& sticks, bool corrupt) {
  if (motors.ndim() != 2 || motors.shape(0) != 5 || imu.size() != 10 || sticks.size() != 4 ||
      motors.shape(1) > static_cast<py::ssize_t>(kMostMotors)) {
    throw std::invalid_argument("expected motors [5, M], imu [10] and sticks [4]");
  }
  MotorReport report;
  report.tick = tick;
  const auto count = static_cast<std::size_t>(motors.shape(1));
  const double* row = motors.data();
  for (auto* field : {&report.q, &report.dq, &report.ddq, &report.tau, &report.temperature_c}) {
    std::copy_n(row, count, field->begin());
    row += count;
  }
  std::copy_n(imu.data(), 4, report.quat_wxyz.begin());
  std::copy_n(imu.data() + 4, 3, report.gyro_b.begin());
  std::copy_n(imu.data() + 7, 3, report.accel_b.begin());
  report.battery_percent = battery_percent;
  const double* s = sticks.data();
  report.remote = {buttons, static_cast<float>(s[0]), static_cast<float>(s[1]),
                   static_cast<float>(s[2]), static_cast<float>(s[3])};
  report.corrupt = corrupt;
  return robot.publish(report);
}

void bind_simulated_robot(py::module_& module) {
  py::class_<SimulatedRobot>(module, "SimulatedRobot")
      .def(py::init([](const std::string& options, std::uint8_t mode_machine) {
             return make_simulated_robot(parse_options(options), mode_machine);
           }),
           py::call_guard<NoGil>())
      .def("read", &read_targets, "(time_ns, [6, motors]: q, dq, tau, kp, kd, enabled) or None.")
      .def("counters", &command_counters)
      .def("publish", &publish);
}

void bind_bench(py::module_& module) {
  module.def(
      "answer",
      [](const std::string& options, bool bare, double seconds) {
        answer(parse_options(options), bare,
               amp::runtime::now_ns() + static_cast<std::int64_t>(1e9 * seconds));
      },
      py::call_guard<NoGil>());
  module.def("round_trips", [](const std::string& options, bool bare, std::size_t rounds) {
    const Options parsed = parse_options(options);
    const NoGil released;
    return round_trips(parsed, bare, rounds);
  });
  module.def("writes", [](const std::string& options, std::size_t rounds) {
    const Options parsed = parse_options(options);
    const NoGil released;
    return writes(parsed, rounds);
  });
}

}  // namespace

PYBIND11_MODULE(_dds, module) {
  module.doc() = "Robots over CycloneDDS; use it through amp_sdk.unitree.";
  bind_link(module);
  bind_simulated_robot(module);
  bind_bench(module);
  module.def("sleep_until", &amp::runtime::sleep_until, py::call_guard<NoGil>(),
             "Sleeps until a time of CLOCK_MONOTONIC in ns.");
}

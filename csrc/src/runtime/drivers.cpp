#include "amp/runtime/drivers.hpp"

#include <algorithm>

#include "amp/runtime/clock.hpp"

namespace amp::runtime {

MockDriver::MockDriver(const LoopConfig& config) : config_(config) {
  state_.quat_wxyz[0] = 1.0;
  state_.accel_b[2] = 9.81;
  state_.battery_percent = 100.0;
  state_.flags = kHasTorque | kHasTemperature | kHasBattery | kHasAcceleration;
  for (std::size_t i = 0; i < config_.joints; ++i) {
    state_.joint_pos[i] = config_.joint[i].stand_pos_rad;
    state_.motor_temperature_c[i] = 25.0;
  }
}

bool MockDriver::read(RobotState& state) {
  ++state_.tick;
  state_.time_ns = now_ns();
  state = state_;
  return true;
}

bool MockDriver::write(const JointCommand& command) {
  for (std::size_t i = 0; i < config_.joints; ++i) {
    const double step = 0.5 * config_.joint[i].velocity_limit_rad_s * config_.period_s;
    const double error = command.kp[i] > 0.0 ? command.target_pos[i] - state_.joint_pos[i] : 0.0;
    const double moved = std::clamp(error, -step, step);
    state_.joint_pos[i] += moved;
    state_.joint_vel[i] = moved / config_.period_s;
  }
  return true;
}

bool SharedMemoryDriver::read(RobotState& state) {
  if (!board_->robot_state.read(received_, seen_)) {
    return false;
  }
  state = received_;
  return true;
}

bool SharedMemoryDriver::write(const JointCommand& command) {
  board_->robot_command.write(command);
  return true;
}

std::unique_ptr<Driver> make_driver(const LoopConfig& config, const Board& board) {
  switch (static_cast<DriverKind>(config.driver)) {
    case DriverKind::mock:
      return std::make_unique<MockDriver>(config);
    case DriverKind::shared_memory:
      return std::make_unique<SharedMemoryDriver>(board);
    case DriverKind::dds:
      break;
  }
  return nullptr;
}

}  // namespace amp::runtime

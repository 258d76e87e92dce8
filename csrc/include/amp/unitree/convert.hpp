// Between the loop's messages (joints in contract order, SI units) and the robot's (motors in the
// vendor's order). A motor that drives no joint of the contract stays idle.
#pragma once

#include <array>
#include <cstddef>

#include "amp/runtime/types.hpp"
#include "amp/unitree/messages.hpp"

namespace amp::unitree {

// `slot[i]` is the motor of joint i; made from names by amp_sdk.unitree.motor_slots.
struct MotorMap {
  std::size_t joints = 0;
  std::array<std::size_t, runtime::kMaxJoints> slot{};
};

// Fills every field but hg's mode_machine, which echoes the robot's, and `crc`.
void to_wire(const runtime::JointCommand& command, const MotorMap& map, go::LowCmd& out);
void to_wire(const runtime::JointCommand& command, const MotorMap& map, hg::LowCmd& out);

// Fills all but time_ns. The temperature is the casing's; a winding may be 35 C hotter before it
// counts for more (its limit is 120 C, the casing's 85 C). G1's LowState has no battery.
void from_wire(const go::LowState& in, const MotorMap& map, runtime::RobotState& state);
void from_wire(const hg::LowState& in, const MotorMap& map, runtime::RobotState& state);

}  // namespace amp::unitree

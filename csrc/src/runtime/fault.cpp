#include "amp/runtime/fault.hpp"

#include <array>

namespace amp::runtime {
namespace {

constexpr std::array<const char*, kFaults> kNames = {
    "estop",
    "deadman",
    "no_state",
    "state_stale",
    "state_frozen",
    "state_loss",
    "state_not_finite",
    "imu",
    "tilt",
    "gyro",
    "joint_limit",
    "joint_velocity",
    "joint_torque",
    "temperature",
    "battery",
    "target_stale",
    "target_not_finite",
    "action_range",
    "target_invalid",
    "operator_invalid",
    "driver",
    "overrun",
    "orphan",
    "second_publisher",
    "robot_restart",
    "wrong_variant",
};
static_assert(kWrongVariant == std::uint64_t{1} << (kFaults - 1));

}  // namespace

const char* fault_name(std::size_t bit) { return bit < kFaults ? kNames[bit] : "unknown"; }

}  // namespace amp::runtime

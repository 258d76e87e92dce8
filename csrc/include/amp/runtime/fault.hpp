// Why the robot is damped.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amp::runtime {

enum Fault : std::uint64_t {
  kNoFault = 0,
  kEstop = 1U << 0U,             // the operator's emergency stop
  kDeadman = 1U << 1U,           // the dead-man's switch was let go, or the operator is gone
  kNoState = 1U << 2U,           // nothing was measured yet
  kStateStale = 1U << 3U,        // the newest measurement is too old, or of the future
  kStateFrozen = 1U << 4U,       // measurements come, but the robot's counter stands still
  kStateLoss = 1U << 5U,         // too large a share of the measurements is missing
  kStateNotFinite = 1U << 6U,    // NaN or infinity in a measurement
  kImu = 1U << 7U,               // the attitude is no unit quaternion
  kTilt = 1U << 8U,              // tilted past the limit
  kGyro = 1U << 9U,              // turning faster than the limit
  kJointLimit = 1U << 10U,       // a joint is past its range
  kJointVelocity = 1U << 11U,    // a joint is faster than its limit
  kJointTorque = 1U << 12U,      // a measured torque is above its limit
  kTemperature = 1U << 13U,      // a motor is too hot
  kBattery = 1U << 14U,          // the battery is too low
  kTargetStale = 1U << 15U,      // the policy's answer is too old, or of the future
  kTargetNotFinite = 1U << 16U,  // NaN or infinity in an action or a target
  kActionRange = 1U << 17U,      // an action far outside its range
  kTargetInvalid = 1U << 18U,    // a target of another slot or of no known measurement
  kOperatorInvalid = 1U << 19U,  // NaN in a command, a mode or a policy that does not exist
  kDriver = 1U << 20U,           // the driver could not send the command
  kOverrun = 1U << 21U,          // the loop itself stood still for too long
  kOrphan = 1U << 22U,           // the program that started the loop is gone
  kSecondPublisher = 1U << 23U,  // somebody else commands the same robot
  kRobotRestart = 1U << 24U,     // the robot rebooted, or another one speaks in its place
  kWrongVariant = 1U << 25U,     // the robot is another variant than the policy's
};
constexpr std::size_t kFaults = 26;

// The name of one fault, by the number of its bit ("target_stale"); never null.
const char* fault_name(std::size_t bit);

}  // namespace amp::runtime

// The robot's side of the wire, for a simulator: stricter with commands than public ones are.
#pragma once

#include <array>
#include <memory>

#include "amp/unitree/options.hpp"
#include "amp/unitree/remote.hpp"

namespace amp::dds {

constexpr std::size_t kMostMotors = 35;

// Commands by what became of them.
struct CommandCounters {
  std::uint64_t accepted = 0;
  std::uint64_t bad_crc = 0;
  std::uint64_t bad_header = 0;   // go: head, level_flag; hg: mode_pr
  std::uint64_t bad_machine = 0;  // hg: mode_machine is not this robot's
  std::uint64_t bad_motor = 0;    // a motor's mode that does not exist, NaN, a negative gain
  std::uint64_t senders = 0;      // changes of who sends, the first one too
};

// What every motor is told, as the motor boards take it: torque = tau + kp (q - q_now) + kd (dq -
// dq_now) where it is enabled.
struct MotorTargets {
  std::int64_t time_ns = 0;  // when it was received; 0: never
  std::array<double, kMostMotors> q{}, dq{}, tau{}, kp{}, kd{};
  std::array<std::uint32_t, kMostMotors + 1> enabled{};  // one more, for whole words
};

// What every motor and the IMU report.
struct MotorReport {
  std::uint32_t tick = 0;  // ms
  std::array<double, 4> quat_wxyz{1, 0, 0, 0};
  std::array<double, 3> gyro_b{}, accel_b{};
  std::array<double, kMostMotors> q{}, dq{}, ddq{}, tau{}, temperature_c{};
  double battery_percent = 100.0;
  unitree::Remote remote;
  bool corrupt = false;  // send it with a wrong check sum
};

class SimulatedRobot {
 public:
  virtual ~SimulatedRobot() = default;
  // The newest command that was accepted; false where there is none that was not read before.
  virtual bool read(MotorTargets& targets) = 0;
  virtual CommandCounters counters() const = 0;
  virtual bool publish(const MotorReport& report) = 0;
};

// `mode_machine` is what a G1 says of itself.
std::unique_ptr<SimulatedRobot> make_simulated_robot(const unitree::Options& options,
                                                     std::uint8_t mode_machine);

}  // namespace amp::dds

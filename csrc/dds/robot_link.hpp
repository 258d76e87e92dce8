// Listens to a robot without ever commanding it: for the preflight and the robot's remote.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "amp/runtime/types.hpp"
#include "amp/unitree/options.hpp"
#include "amp/unitree/remote.hpp"

namespace amp::dds {

// What a link has seen.
struct LinkStatus {
  std::uint64_t received = 0, crc_errors = 0, out_of_order = 0, restarts = 0;
  std::uint64_t plain = 0;             // states without check sum, of a simulator
  std::uint64_t foreign_commands = 0;  // to the same robot, by anybody else than this process
  std::int64_t last_foreign_ns = 0;    // 0: none
  std::uint32_t mode_machine = 0;      // of a G1; 0 for a Go2
  unitree::Remote remote;              // as in the newest state
};

class RobotLink {
 public:
  virtual ~RobotLink() = default;
  // The newest measurement; false where there is none that was not read before.
  virtual bool read(runtime::RobotState& state) = 0;
  virtual LinkStatus status() const = 0;
  // The type names of those who publish states, or commands.
  virtual std::vector<std::string> state_types() const = 0;
  virtual std::vector<std::string> command_types() const = 0;
};

std::unique_ptr<RobotLink> make_robot_link(const unitree::Options& options);

}  // namespace amp::dds

// Which robot is on which wire: the loop's `driver_options`, a line of key=value pairs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "amp/unitree/convert.hpp"

namespace amp::unitree {

enum class Family { go, hg };

struct Options {
  Family family = Family::go;
  std::string interface;                   // of the network: "eth0", "lo"
  std::uint32_t domain = 0;                // of DDS: 0 is a real robot's
  MotorMap map;                            // joint -> motor
  std::vector<std::uint8_t> mode_machine;  // variants of a G1 that the contract is for
  bool dry_run = false;                    // nothing is ever sent

  // In the domains of simulators, states whose check sum is 0 were sent without one: the public
  // simulator leaves that, the counter, the battery and mode_machine at 0. A real robot's domain
  // takes no such state.
  bool takes_plain_states() const { return domain != 0; }
  std::size_t motors() const { return family == Family::go ? go::kMotors : hg::kMotors; }
};

// "family=hg net=eth0 domain=0 slots=0,1,2 mode_machine=5,6 dry_run=1". Throws
// std::invalid_argument that names the key for anything that is not so.
Options parse_options(const std::string& text);

}  // namespace amp::unitree

// Damps the robot when the loop's process no longer can: it crashed, was killed, or hangs.
#pragma once

#include <memory>

#include "amp/runtime/board.hpp"
#include "amp/unitree/options.hpp"

namespace amp::dds {

// Watches the loop of a board from another process, in a thread of its own, and publishes damping
// commands while the loop is silent. The loop, should it go on, takes them for those of a stranger
// and stays damped.
class Rescue {
 public:
  virtual ~Rescue() = default;
  // How often it had to step in.
  virtual std::uint64_t count() const = 0;
};

std::unique_ptr<Rescue> make_rescue(const unitree::Options& options, const std::string& board);

}  // namespace amp::dds

// What a robot must offer: one small interface.
#pragma once

#include "amp/runtime/types.hpp"

namespace amp::runtime {

// Called from the loop's thread, every tick. Neither call may wait, allocate, lock or throw.
class Driver {
 public:
  virtual ~Driver() = default;
  Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // Copies the newest measurement to `state` and returns true where there is one that was not read
  // before. Otherwise false, and `state` stays as it is.
  virtual bool read(RobotState& state) = 0;

  // Sends a command; false where that was not possible.
  virtual bool write(const JointCommand& command) = 0;

  // What the robot or its line has against going on: bits of Fault, asked for after every read.
  virtual std::uint64_t faults() { return 0; }

  // A short name for messages.
  virtual const char* name() const = 0;
};

}  // namespace amp::runtime

// The drivers that need no hardware.
#pragma once

#include "amp/runtime/board.hpp"
#include "amp/runtime/driver.hpp"

namespace amp::runtime {

// Ideal joints on a base that stands still: each joint follows its target, at no more than half its
// speed limit, and stays where it is while damped or idle. For tests, and to try things at a desk.
class MockDriver : public Driver {
 public:
  explicit MockDriver(const LoopConfig& config);
  bool read(RobotState& state) override;
  bool write(const JointCommand& command) override;
  const char* name() const override { return "mock"; }

 private:
  LoopConfig config_;
  RobotState state_{};
};

// A robot that is another process: a simulator, or a user's own robot in any language that can map
// the board. It writes robot_state and reads robot_command.
class SharedMemoryDriver : public Driver {
 public:
  explicit SharedMemoryDriver(const Board& board) : board_(board) {}
  bool read(RobotState& state) override;
  bool write(const JointCommand& command) override;
  const char* name() const override { return "shared memory"; }

 private:
  const Board& board_;
  RobotState received_{};
  std::uint64_t seen_ = 0;
};

// The driver that `config` asks for; null where this build has none of that kind.
std::unique_ptr<Driver> make_driver(const LoopConfig& config, const Board& board);

}  // namespace amp::runtime

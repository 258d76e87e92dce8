// Controllers of many robots side by side, each the one that its robot would have alone: a
// simulation of N robots steps them with one call, on rows of messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "amp/runtime/controller.hpp"

namespace amp::runtime {

// The messages of N robots; row i is robot i's. What is not new stays in its row.
struct ControllerRows {
  const RobotState* states = nullptr;              // [N], the newest of each
  const bool* fresh = nullptr;                     // [N], whether it is new; null: all are
  const PolicyTarget* targets = nullptr;           // [N]; sequence 0: there is none yet
  const OperatorInput* operator_inputs = nullptr;  // [N]; sequence 0: there is none yet
  const bool* active = nullptr;                    // [N], which controllers to step; null: all
  JointCommand* commands = nullptr;                // [N], of those stepped
  LoopStatus* status = nullptr;                    // [N], of those stepped
};

// Allocates in its constructor only. Not for several threads at once.
class ControllerBatch {
 public:
  ControllerBatch(const LoopConfig& config, std::size_t robots);

  std::size_t robots() const noexcept { return controllers_.size(); }

  // One tick of every active robot at `time_ns`, which must not go back.
  void step(std::int64_t time_ns, const ControllerRows& rows);

 private:
  std::vector<Controller> controllers_;
  std::vector<unsigned char> measured_;  // [N]: whether a state was received yet
};

}  // namespace amp::runtime

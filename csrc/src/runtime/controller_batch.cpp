#include "amp/runtime/controller_batch.hpp"

namespace amp::runtime {

ControllerBatch::ControllerBatch(const LoopConfig& config, std::size_t robots)
    : controllers_(robots, Controller(config)), measured_(robots, 0) {}

void ControllerBatch::step(std::int64_t time_ns, const ControllerRows& rows) {
  for (std::size_t i = 0; i < controllers_.size(); ++i) {
    if (rows.active != nullptr && !rows.active[i]) {
      continue;
    }
    Inputs inputs;
    inputs.fresh_state = rows.fresh == nullptr || rows.fresh[i];
    measured_[i] |= inputs.fresh_state ? 1 : 0;
    inputs.state = measured_[i] != 0 ? &rows.states[i] : nullptr;
    const PolicyTarget& target = rows.targets[i];
    if (target.sequence != 0 && target.policy < kMaxPolicies) {
      inputs.targets[target.policy] = &target;
    }
    const OperatorInput& wish = rows.operator_inputs[i];
    inputs.operator_input = wish.sequence != 0 ? &wish : nullptr;
    rows.commands[i] = controllers_[i].step(inputs, time_ns);
    rows.status[i] = controllers_[i].status();
  }
}

}  // namespace amp::runtime

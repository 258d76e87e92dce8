// Controllers side by side: each as it would be alone, those left out untouched, nothing allocated.
#include "amp/runtime/controller_batch.hpp"
#include "counting_allocator.hpp"
#include "runtime_robot.hpp"

namespace {

using namespace amp::runtime;
using amp::test::kTick_ns;
using amp::test::Rig;

template <class T>
bool same(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

constexpr std::size_t kRobots = 3;

// The messages of every robot, taken from a rig of its own in every tick.
struct Rows {
  std::array<Rig, kRobots> rigs;
  std::array<RobotState, kRobots> states{};
  std::array<PolicyTarget, kRobots> targets{};
  std::array<OperatorInput, kRobots> inputs{};
  std::array<JointCommand, kRobots> commands{};
  std::array<LoopStatus, kRobots> status{};
  std::array<bool, kRobots> fresh{};

  ControllerRows rows() {
    ControllerRows result;
    result.states = states.data();
    result.fresh = fresh.data();
    result.targets = targets.data();
    result.operator_inputs = inputs.data();
    result.commands = commands.data();
    result.status = status.data();
    return result;
  }

  void take(std::size_t i) {
    states[i] = rigs[i].state;
    targets[i] = rigs[i].targets[0];
    inputs[i] = rigs[i].operator_input;
    fresh[i] = rigs[i].measuring;
  }
};

// One tick of every rig; their controllers are the single ones.
std::array<JointCommand, kRobots> tick_alone(Rows& all, int tick) {
  std::array<JointCommand, kRobots> commands{};
  for (std::size_t i = 0; i < kRobots; ++i) {
    Rig& rig = all.rigs[i];
    rig.operator_input.sequence = 1;
    rig.request(tick < 5 ? Mode::stop : Mode::policy);
    rig.measuring = tick % (7 * (static_cast<int>(i) + 1)) != 3;
    rig.state.joint_pos[i] = 0.001 * tick;
    rig.targets[0].target[1] = 0.1 * static_cast<double>(i);
    rig.state.quat_wxyz[1] = i == 2 && tick > 300 ? 1.0 : 0.0;  // falls
    commands[i] = rig.tick();
    all.take(i);
  }
  return commands;
}

void equal_to_single_ones() {
  Rows all;
  ControllerBatch batch(amp::test::loop_config(), kRobots);
  CHECK(batch.robots() == kRobots);
  for (int tick = 0; tick < 400; ++tick) {
    const std::array<JointCommand, kRobots> alone = tick_alone(all, tick);
    const std::int64_t time_ns = all.rigs[0].time_ns;
    CHECK(amp::test::allocations_of([&] { batch.step(time_ns, all.rows()); }) == 0);
    for (std::size_t i = 0; i < kRobots; ++i) {
      CHECK(same(all.commands[i], alone[i]));
      CHECK(same(all.status[i], all.rigs[i].controller.status()));
    }
  }
  CHECK(all.rigs[0].mode() == Mode::policy && all.rigs[2].mode() == Mode::damp);
}

void who_is_left_out_stays() {
  Rows all;
  ControllerBatch batch(amp::test::loop_config(), kRobots);
  const std::array<bool, kRobots> active = {true, false, true};
  ControllerRows rows = all.rows();
  rows.active = active.data();
  batch.step(kTick_ns, rows);
  CHECK(all.status[0].tick == 1 && all.status[1].tick == 0 && all.status[2].tick == 1);
}

}  // namespace

int main() {
  equal_to_single_ones();
  who_is_left_out_stays();
  return 0;
}

// The state machine, the trajectories, and that a tick allocates nothing.
#include "counting_allocator.hpp"
#include "runtime_robot.hpp"

namespace {

using namespace amp::runtime;
using amp::test::kJoints;
using amp::test::kTick_ns;
using amp::test::loop_config;
using amp::test::Rig;

bool idle(const JointCommand& command) {
  return command.kp[0] == 0.0 && command.kd[0] == 0.0 &&
         command.mode[0] == static_cast<std::uint32_t>(MotorMode::idle);
}

bool damped(const JointCommand& command) {
  for (std::size_t i = 0; i < kJoints; ++i) {
    if (command.kp[i] != 0.0 || command.kd[i] <= 0.0 || command.torque[i] != 0.0 ||
        command.target_vel[i] != 0.0 ||
        command.mode[i] != static_cast<std::uint32_t>(MotorMode::servo)) {
      return false;
    }
  }
  return true;
}

void through_the_modes() {
  Rig rig;
  CHECK(idle(rig.tick()) && rig.mode() == Mode::stop);
  rig.request(Mode::damp);
  CHECK(damped(rig.tick()) && rig.mode() == Mode::damp);
  rig.request(Mode::stand);
  double before = rig.tick().target_pos[2];
  CHECK(rig.mode() == Mode::stand && before == 0.0);  // from where the joints are
  for (int i = 0; i < 50; ++i) {
    CHECK(rig.controller.status().stand_done == 0 || i > 48);
    const double now = rig.tick().target_pos[2];
    CHECK(now >= before && now - before < 0.01);  // smooth
    before = now;
  }
  CHECK(rig.controller.status().stand_done == 1 && before == 0.2);
  CHECK(rig.controller.status().wanted_policies == 0);
  rig.request(Mode::policy);
  rig.ticks(20);
  CHECK(rig.mode() == Mode::policy && rig.controller.status().wanted_policies == 1);
  rig.ticks(30);
  CHECK(rig.tick().kp[0] == 30.0 && rig.controller.status().blend == 1.0);
  rig.request(Mode::stand);
  CHECK(rig.tick().kp[0] == 30.0 && rig.mode() == Mode::stand);  // gains change slowly too
  rig.request(Mode::stop);
  CHECK(damped(rig.tick()) && rig.mode() == Mode::damp);  // first damped, limp after damp_time_s
  rig.ticks(9);
  CHECK(rig.mode() == Mode::damp);
  CHECK(idle(rig.tick()) && rig.mode() == Mode::stop);
}

// Nothing moves because a fault went away; only a request after it does.
void faults_stay() {
  Rig rig;
  rig.run_policy();
  rig.state.quat_wxyz[1] = 1.0;
  CHECK(damped(rig.tick()));
  CHECK(rig.controller.status().faults == kTilt && rig.controller.status().first_faults == kTilt);
  CHECK(rig.controller.status().fault_tick == rig.controller.status().tick);
  rig.operator_input.clear_fault = 1;  // while the reason is still there
  rig.ticks(2);
  CHECK(rig.controller.status().faults == kTilt && rig.mode() == Mode::damp);
  rig.state.quat_wxyz[1] = 0.0;
  rig.ticks(5);
  CHECK(rig.controller.status().faults == kNoFault && rig.mode() == Mode::damp);  // not armed
  rig.request(Mode::damp);
  rig.tick();
  rig.request(Mode::stand);
  rig.tick();
  CHECK(rig.mode() == Mode::stand);
  rig.inputs.loop_faults = kDriver;
  rig.tick();
  rig.inputs.loop_faults = 0;
  rig.ticks(100);
  CHECK(rig.mode() == Mode::damp && rig.controller.status().faults == kDriver);
  rig.request(Mode::stop);
  rig.ticks(12);
  CHECK(rig.mode() == Mode::stop);
  rig.request(Mode::damp);
  rig.ticks(3);
  CHECK(rig.mode() == Mode::stop);  // a fault in stop stays stop
  rig.operator_input.clear_fault = 2;
  rig.tick();
  CHECK(rig.mode() == Mode::damp && rig.controller.status().faults == kNoFault);
}

void estop_stays_in_every_mode() {
  Rig rig;
  rig.tick();
  rig.operator_input.estop = 1;
  rig.tick();
  rig.operator_input.estop = 0;
  rig.request(Mode::damp);
  rig.ticks(2);
  CHECK(rig.mode() == Mode::stop && rig.controller.status().faults == kEstop);
}

// A fast joint is braked with no more than its effort; without measurements the motors still damp.
void damping_needs_no_measurement() {
  Rig rig;
  rig.request(Mode::damp);
  rig.state.joint_vel[4] = -25.0;
  const JointCommand& command = rig.tick();
  CHECK(damped(command) && command.kd[3] == 2.0 && command.kd[4] == 20.0 / 25.0);
  rig.state.joint_vel[4] = rig.state.joint_pos[2] = std::nan("");
  CHECK(damped(rig.tick()) && command.kd[4] == 2.0 && command.target_pos[2] == 0.0);
  Controller blind(loop_config());
  Inputs inputs;
  inputs.operator_input = &rig.operator_input;
  CHECK(damped(blind.step(inputs, 1)));
}

// Targets go in a line over `interpolation` of the period; at once where that is 0.
void interpolates() {
  for (const double share : {0.0, 0.5}) {
    LoopConfig config = loop_config();
    config.blend_time_s = 0.0;
    config.policy[0].interpolation = share;
    Rig rig(config);
    rig.run_policy();
    rig.ticks(static_cast<int>(9 - rig.state.tick % 10));
    rig.targets[0].target[1] = 0.05;
    for (int i = 1; i <= 5; ++i) {
      const double pos = rig.tick().target_pos[1];
      CHECK(std::fabs(pos - (share == 0.0 ? 0.05 : 0.01 * i)) < 1e-12);
    }
    CHECK(rig.tick().target_pos[1] == 0.05);
  }
}

void blends_one_policy_into_the_next() {
  Rig rig;
  rig.run_policy();
  rig.targets[1].target[1] = 0.05;
  rig.operator_input.requested_policy = 1;
  rig.tick();
  CHECK(rig.controller.status().wanted_policies == 3);  // both answer while they are blended
  double before = 0.0, gain = 30.0;
  for (int i = 0; i < 40; ++i) {
    const JointCommand& command = rig.tick();
    CHECK(command.target_pos[1] >= before && command.kp[1] >= gain);
    CHECK(command.target_pos[1] - before < 0.005);
    before = command.target_pos[1];
    gain = command.kp[1];
  }
  CHECK(before == 0.05 && gain == 40.0 && rig.controller.status().active_policy == 1);
  CHECK(rig.controller.status().wanted_policies == 2);
}

void commands_ramp_within_their_range() {
  Rig rig;
  rig.operator_input.velocity_command[0] = 5.0;
  rig.operator_input.velocity_command[2] = 5.0;  // not a command of this policy
  rig.run_policy();
  double before = 0.0;
  for (int i = 0; i < 600; ++i) {
    rig.tick();
    const double now = rig.controller.status().velocity_command[0];
    CHECK(now - before <= 0.2 && now >= before && now <= 1.0);
    CHECK(rig.controller.status().velocity_command[2] == 0.0);
    before = now;
  }
  CHECK(before == 1.0);
  const std::uint64_t tick = rig.controller.status().tick;
  rig.operator_input.velocity_command[0] = -5.0;
  while (rig.controller.status().velocity_command[0] > -1.0) {
    rig.tick();
  }
  const std::uint64_t ticks = rig.controller.status().tick - tick;
  CHECK(ticks >= 1000 && ticks <= 1001);  // 2 m/s at 1 m/s^2
}

// Whatever a policy asks for, the predicted torque and the targets' speed stay in their limits.
void commands_stay_in_their_limits() {
  Rig rig;
  rig.run_policy();
  amp::test::Random random;
  const std::vector<float> noise = random.normal(2000 * kJoints);
  for (std::size_t i = 0; i < 2000 && rig.mode() == Mode::policy; ++i) {
    for (std::size_t j = 0; j < kJoints; ++j) {
      rig.targets[0].target[j] = 3.0 * noise[i * kJoints + j];
      rig.state.joint_vel[j] = 5.0 * noise[(i * 7 % 2000) * kJoints + j];
    }
    const JointCommand& command = rig.tick();
    for (std::size_t j = 0; j < kJoints && rig.mode() == Mode::policy; ++j) {
      const double torque = command.kp[j] * (command.target_pos[j] - rig.state.joint_pos[j]) -
                            command.kd[j] * rig.state.joint_vel[j];
      CHECK(std::fabs(torque) <= 20.0 + 1e-9);
    }
  }
}

// Overwrites single words of a message with anything: NaN, infinities, huge and tiny numbers.
template <class T>
void spoil(T& message, std::mt19937_64& random) {
  const std::uint64_t odd[] = {random(),           0,
                               ~std::uint64_t{0},  0x7ff8000000000000,
                               0x7ff0000000000000, std::uint64_t{1} << 63U};
  auto* words = reinterpret_cast<unsigned char*>(&message);
  std::memcpy(words + 8 * (random() % (sizeof(T) / 8)), &odd[random() % 6], 8);
}

// Whatever the other processes write, commands are finite numbers within the limits, and every
// fault damps.
void garbage_does_not_reach_the_motors() {
  std::mt19937_64 random(1);
  for (int life = 0; life < 400; ++life) {
    Rig rig;
    rig.run_policy();
    for (int i = 0; i < 30; ++i) {
      if (random() % 4 == 0) {
        spoil(rig.state, random);
      }
      if (random() % 4 == 0) {
        spoil(rig.operator_input, random);
      }
      spoil(rig.targets[0], random);
      const JointCommand& command = rig.tick();
      CHECK(rig.mode() <= Mode::damp || rig.controller.status().faults == kNoFault);
      CHECK(rig.mode() > Mode::damp || idle(command) || damped(command));
      for (std::size_t j = 0; j < kJoints; ++j) {
        CHECK(std::isfinite(command.target_pos[j]) && command.target_vel[j] == 0.0);
        CHECK(std::isfinite(command.torque[j]) && command.kp[j] >= 0.0 && command.kp[j] <= 40.0);
        CHECK(command.kd[j] >= 0.0 && command.kd[j] <= 2.0 && command.mode[j] <= 1);
      }
    }
  }
}

void nothing_is_allocated() {
  CHECK(amp::test::allocations_of([] { delete new int(1); }) <= 1);
  Rig rig;
  CHECK(amp::test::allocations_of([&] {
          rig.run_policy();
          rig.operator_input.requested_policy = 1;
          rig.ticks(100);
          rig.state.joint_pos[0] = 9.0;
          rig.ticks(100);
          rig.request(Mode::stop);
          rig.ticks(100);
        }) == 0);
  CHECK(rig.mode() == Mode::stop && rig.controller.status().faults == kJointLimit);
}

}  // namespace

int main() {
  through_the_modes();
  faults_stay();
  estop_stays_in_every_mode();
  damping_needs_no_measurement();
  interpolates();
  blends_one_policy_into_the_next();
  commands_ramp_within_their_range();
  commands_stay_in_their_limits();
  garbage_does_not_reach_the_motors();
  nothing_is_allocated();
  return 0;
}

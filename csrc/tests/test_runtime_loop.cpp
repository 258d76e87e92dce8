// The whole loop with its board: no allocation per tick, clean with a policy and an operator in
// other threads, and a robot that is limp at its end.
#include <memory>
#include <thread>

#include "amp/runtime/clock.hpp"
#include "amp/runtime/drivers.hpp"
#include "amp/runtime/loop.hpp"
#include "counting_allocator.hpp"
#include "runtime_robot.hpp"

namespace {

using namespace amp::runtime;
using amp::test::kJoints;
using amp::test::loop_config;

void request(const Board& board, Mode mode, std::uint64_t number) {
  OperatorInput input{};
  input.requested_mode = static_cast<std::uint32_t>(mode);
  input.sequence = number;
  input.time_ns = input.deadman_ns = now_ns();
  board->operator_input.write(input);
}

// Answers the newest measurement, in whatever slots are wanted; false: there was none.
class Policy {
 public:
  explicit Policy(const Board& board) : board_(board) {}
  void answer() {
    board_->state.read(state_, state_seen_);
    if (!board_->status.read(status_, status_seen_)) {
      return;
    }
    for (std::size_t i = 0; i < kMaxPolicies; ++i) {
      if ((status_.wanted_policies >> i & 1U) == 0) {
        continue;
      }
      target_.time_ns = state_.time_ns;
      target_.written_ns = now_ns();
      target_.state_tick = state_.tick;
      target_.policy = i;
      ++target_.sequence;
      board_->targets[i].write(target_);
    }
  }

 private:
  const Board& board_;
  RobotState state_{};
  LoopStatus status_{};
  PolicyTarget target_{};
  std::uint64_t state_seen_ = 0, status_seen_ = 0;
};

LoopConfig patient() {  // a loaded machine, or a sanitizer, makes every time-out too short
  LoopConfig config = loop_config();
  config.safety.state_timeout_s = config.safety.frozen_timeout_s = 100.0;
  config.safety.state_loss_time_s = config.safety.overrun_timeout_s = 100.0;
  config.policy[0].timeout_s = 100.0;
  return config;
}

class Counter : public TickListener {
 public:
  void tick(const TickRecord& record) override {
    ++ticks;
    targets += record.has_target;
    CHECK(record.status.tick == ticks && record.command.tick == ticks && record.has_state == 1);
    mode = static_cast<Mode>(record.status.mode);
  }
  std::uint64_t ticks = 0, targets = 0;
  Mode mode = Mode::stop;
};

void a_tick_allocates_nothing() {
  for (const DriverKind kind : {DriverKind::mock, DriverKind::shared_memory}) {
    LoopConfig config = patient();
    config.driver = static_cast<std::uint32_t>(kind);
    const auto board = Board::local(config);
    const std::unique_ptr<Driver> driver = make_driver(config, *board);
    Counter counter;
    Loop loop(*board, *driver, &counter);
    Policy policy(*board);
    RobotState state = amp::test::robot_state();
    const std::int64_t start_ns = now_ns();
    request(*board, Mode::stop, 1);
    const long allocated = amp::test::allocations_of([&] {
      for (int i = 0; i < 600; ++i) {
        state.time_ns = start_ns;
        ++state.tick;
        (*board)->robot_state.write(state);
        if (i == 10) {
          request(*board, Mode::policy, 2);
        }
        policy.answer();
        // ahead of the clock instead of waiting for it
        const std::int64_t time_ns = now_ns() + i * amp::test::kTick_ns;
        loop.tick(time_ns, time_ns);
        if (i == 500) {
          CHECK(counter.mode == Mode::policy);
          loop.shut_down();
        }
      }
    });
    CHECK(allocated == 0);
    CHECK(counter.ticks == 600 && counter.targets > 0);
  }
}

void runs_beside_others() {
  const auto board = Board::local(patient());
  const std::unique_ptr<Driver> driver = make_driver((*board)->config, *board);
  Counter counter;
  Loop loop(*board, *driver, &counter);
  std::atomic<bool> quit{false}, over{false};
  request(*board, Mode::stop, 1);
  std::thread loop_thread([&] { loop.run(quit); });
  std::thread policy_thread([&] {
    Policy policy(*board);
    while (!over.load()) {
      policy.answer();
      sleep_until(now_ns() + 3'000'000);
    }
  });
  LoopStatus status{};
  std::uint64_t seen = 0, number = 1;
  Mode wish = Mode::stop;
  const auto mode = [&] { return static_cast<Mode>(status.mode); };
  while (mode() != Mode::policy || status.blend < 1.0) {
    if ((*board)->status.read(status, seen) && status.armed != 0) {
      wish = Mode::policy;
    }
    request(*board, wish, ++number);
    sleep_until(now_ns() + 5'000'000);
  }
  CHECK(status.faults == kNoFault);
  quit.store(true);
  loop_thread.join();
  over.store(true);
  policy_thread.join();
  CHECK(counter.mode == Mode::stop && counter.targets > 0);
  CHECK((*board)->running.load() == 2);
}

void boards_are_shared_by_name() {
  const std::string name = "/amp-test-" + std::to_string(now_ns() % 1'000'000'000);
  {
    const auto board = Board::create(name, loop_config());
    const auto other = Board::attach(name);
    CHECK((*other)->config.joints == kJoints);
    CHECK(other->claim(Role::policy) && other->claim(Role::policy));
    (*board)->writers[static_cast<std::size_t>(Role::policy)].pid.store(1);  // lives always
    CHECK(!other->claim(Role::policy));
    board->note("one line");
    CHECK((*other)->notes_size.load() == 9);
    bool refused = false;
    try {
      Board::create(name, loop_config());
    } catch (const std::exception&) {
      refused = true;
    }
    CHECK(refused);
  }
  CHECK(Board::unlink(name) && !Board::unlink(name));
}

}  // namespace

int main() {
  a_tick_allocates_nothing();
  runs_beside_others();
  boards_are_shared_by_name();
  return 0;
}

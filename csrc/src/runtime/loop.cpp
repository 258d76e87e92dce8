#include "amp/runtime/loop.hpp"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "amp/runtime/clock.hpp"
#include "amp/runtime/fault.hpp"

namespace amp::runtime {
namespace {

constexpr std::int64_t kOwnerPeriod_ns = 50'000'000;
constexpr int kLimpTicks = 10;  // idle commands before the end, so that one of them arrives

}  // namespace

Loop::Loop(const Board& board, Driver& driver, TickListener* listener)
    : board_(board), driver_(driver), listener_(listener), controller_(board->config) {
  owner_ = board->writers[static_cast<std::size_t>(Role::owner)].pid.load();
  owner_is_parent_ = owner_ != 0 && getppid() == owner_;
}

void Loop::run(const std::atomic<bool>& quit) {
  const std::int64_t period_ns = to_ns(board_->config.period_s);
  std::int64_t due_ns = now_ns() + period_ns;
  board_->running.store(1);
  for (int limp_ticks = 0; limp_ticks < kLimpTicks;) {
    sleep_until(due_ns);
    const std::int64_t time_ns = now_ns();
    tick(due_ns, time_ns);
    // ticks that were missed are left out, not made up for in a burst
    due_ns += period_ns * (1 + (now_ns() - due_ns) / period_ns);
    if (quit.load(std::memory_order_relaxed) || board_->quit.load(std::memory_order_relaxed) != 0) {
      shut_down();
    }
    limp_ticks = shutting_down_ && limp() ? limp_ticks + 1 : 0;
  }
  board_->running.store(2);
}

void Loop::tick(std::int64_t due_ns, std::int64_t time_ns) {
  watch_owner(time_ns);
  read_inputs();
  record_.command = controller_.step(inputs_, time_ns);
  own_faults_ &= ~static_cast<std::uint64_t>(kDriver);
  if (!driver_.write(record_.command)) {
    own_faults_ |= kDriver;  // seen by the next tick
  }
  record_.status = controller_.status();
  record_.status.timing.lateness_ns = time_ns - due_ns;
  record_.status.timing.compute_ns = compute_ns_;
  board_->status.write(record_.status);
  board_->writers[static_cast<std::size_t>(Role::loop)].heartbeat_ns.store(
      time_ns, std::memory_order_relaxed);
  if (listener_ != nullptr) {
    record_.has_target = controller_.took_target() ? 1 : 0;
    if (record_.has_target != 0) {
      record_.target = targets_[record_.status.active_policy];
    }
    listener_->tick(record_);
  }
  compute_ns_ = now_ns() - time_ns;
}

void Loop::read_inputs() {
  inputs_.fresh_state = driver_.read(record_.state);
  inputs_.loop_faults = own_faults_ | driver_.faults();
  record_.has_state = inputs_.fresh_state ? 1 : 0;
  if (inputs_.fresh_state) {
    inputs_.state = &record_.state;
    board_->state.write(record_.state);
  }
  for (std::size_t i = 0; i < kMaxPolicies; ++i) {
    if (board_->targets[i].read(received_target_, targets_seen_[i])) {
      targets_[i] = received_target_;
      inputs_.targets[i] = &targets_[i];
    }
  }
  if (board_->operator_input.read(received_operator_, operator_seen_)) {
    operator_ = received_operator_;
    inputs_.operator_input = &operator_;
  }
  if (shutting_down_) {
    operator_.requested_mode = static_cast<std::uint32_t>(Mode::stop);
  }
  record_.operator_input = operator_;
}

bool Loop::owner_gone() {
  if (owner_is_parent_) {
    return getppid() != owner_;  // unlike kill(), not deceived by a zombie or a number used again
  }
  return owner_ != 0 && kill(static_cast<pid_t>(owner_), 0) != 0 && errno == ESRCH;
}

void Loop::watch_owner(std::int64_t time_ns) {
  if (orphaned_ns_ == 0 && time_ns - owner_checked_ns_ >= kOwnerPeriod_ns) {
    owner_checked_ns_ = time_ns;
    if (owner_gone()) {
      orphaned_ns_ = time_ns;
      own_faults_ |= kOrphan;
    }
  }
  const std::int64_t patience_ns = to_ns(board_->config.orphan_time_s);
  if (orphaned_ns_ != 0 && patience_ns > 0 && time_ns - orphaned_ns_ >= patience_ns) {
    shut_down();
  }
}

}  // namespace amp::runtime

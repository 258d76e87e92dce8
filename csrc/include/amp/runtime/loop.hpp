// The real-time loop: driver, controller and board, once a tick.
#pragma once

#include <array>
#include <atomic>

#include "amp/runtime/board.hpp"
#include "amp/runtime/controller.hpp"
#include "amp/runtime/driver.hpp"

namespace amp::runtime {

// Who wants every tick, in the loop's thread: may not wait, allocate, lock or throw either.
class TickListener {
 public:
  virtual ~TickListener() = default;
  virtual void tick(const TickRecord& record) = 0;
};

class Loop {
 public:
  // All of them must outlive the loop; `listener` may be null. Everything is allocated here.
  Loop(const Board& board, Driver& driver, TickListener* listener);

  // Ticks at the board's period until it is told to quit (by the board, or `quit`) or its owner is
  // gone for orphan_time_s; then damps, goes limp, and returns.
  void run(const std::atomic<bool>& quit);

  // One tick that began at `time_ns` and was due at `due_ns`.
  void tick(std::int64_t due_ns, std::int64_t time_ns);

  // From now on the operator is not heard: the robot is damped, then limp.
  void shut_down() { shutting_down_ = true; }
  bool orphaned() const { return orphaned_ns_ != 0; }
  bool limp() const { return controller_.status().mode == 0; }

 private:
  void read_inputs();
  bool owner_gone();
  void watch_owner(std::int64_t time_ns);

  const Board& board_;
  Driver& driver_;
  TickListener* listener_;
  Controller controller_;
  TickRecord record_{};
  OperatorInput operator_{}, received_operator_{};
  std::array<PolicyTarget, kMaxPolicies> targets_{};
  PolicyTarget received_target_{};
  std::array<std::uint64_t, kMaxPolicies> targets_seen_{};
  std::uint64_t operator_seen_ = 0;
  Inputs inputs_;
  std::uint64_t own_faults_ = 0;  // the loop's, beside the driver's
  std::int64_t compute_ns_ = 0, owner_checked_ns_ = 0, orphaned_ns_ = 0;
  std::int64_t owner_ = 0;
  bool owner_is_parent_ = false, shutting_down_ = false;
};

// Pins the calling thread, locks the memory and takes real-time priority, as the configuration
// asks. What the system does not permit becomes one line of the board's notes.
void make_realtime(const LoopConfig& config, const Board& board);

// While it lives, threads that are started run just below the loop's priority, where the system
// permits that: those of a driver must not wait for ordinary programs either.
class DriverPriority {
 public:
  explicit DriverPriority(const LoopConfig& config);
  ~DriverPriority();
  DriverPriority(const DriverPriority&) = delete;
  DriverPriority& operator=(const DriverPriority&) = delete;

 private:
  bool raised_ = false;
};

}  // namespace amp::runtime

// The block of memory through which the processes of a running robot work together.
//
// Who writes what, always one at a time (a claim in `writers` says who):
//   robot     robot_state                     (a simulator, or a user's own robot)
//   loop      state, status, robot_command
//   policy    targets, one channel for each policy slot
//   operator  operator_input
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

#include "amp/runtime/channel.hpp"
#include "amp/runtime/config.hpp"
#include "amp/runtime/timing.hpp"
#include "amp/runtime/types.hpp"

namespace amp::runtime {

constexpr std::uint64_t kBoardMagic = 0x616d705f626f6172;  // "amp_boar"
constexpr std::uint32_t kBoardVersion = 1;

enum class Role : std::uint32_t { loop = 0, robot = 1, policy = 2, operator_input = 3, owner = 4 };
constexpr std::size_t kRoles = 5;

// A process that fills a role. The heartbeat is for the others to see that it runs.
struct Writer {
  std::atomic<std::int64_t> pid{0};
  std::atomic<std::int64_t> heartbeat_ns{0};
};

struct BoardLayout {
  std::atomic<std::uint64_t> magic{0};  // written last, when everything else is in place
  std::uint32_t version{kBoardVersion};
  std::uint32_t reserved{0};
  std::uint64_t size{0};  // of this struct: another build may have another
  LoopConfig config{};

  Writer writers[kRoles];
  std::atomic<std::uint32_t> quit{0};     // not 0: the loop damps, goes limp and ends
  std::atomic<std::uint32_t> running{0};  // 1: the loop ticks; 2: it has ended
  // what the loop could not have (real-time priority, say), and errors: one line each
  char notes[2048]{};
  std::atomic<std::uint32_t> notes_size{0};
  std::atomic<std::uint32_t> recorder_failed{0};  // 1: recording has stopped
  std::atomic<std::uint64_t> records_lost{0};     // ticks that the recorder had no room for

  LoopTiming timing;  // of the run so far

  Channel<RobotState> robot_state;      // from the robot's side to the shared-memory driver
  Channel<JointCommand> robot_command;  // and back
  Channel<RobotState> state;            // as the loop sees it
  Channel<PolicyTarget> targets[kMaxPolicies];
  Channel<OperatorInput> operator_input;
  Channel<LoopStatus> status;
};

// Maps a board: a file-backed POSIX shared-memory object, or memory of this process alone.
class Board {
 public:
  // A new shared block called `name` ("/amp-go2"); throws std::runtime_error where that fails.
  static std::unique_ptr<Board> create(const std::string& name, const LoopConfig& config);
  // The block that another process created; the same exception where it does not fit this build.
  static std::unique_ptr<Board> attach(const std::string& name);
  // In memory of this process, for loops that run as a thread of it.
  static std::unique_ptr<Board> local(const LoopConfig& config);
  // Removes the name; processes that have the block keep it. False: there was none.
  static bool unlink(const std::string& name);

  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  BoardLayout* operator->() const { return layout_; }
  BoardLayout& operator*() const { return *layout_; }
  const std::string& name() const { return name_; }  // empty: local

  // Makes this process the one that fills `role`; false where another living process does.
  bool claim(Role role) const;
  void release(Role role) const;
  // Appends a line to `notes`; lines beyond its room are dropped. For the loop only.
  void note(const std::string& line) const;

 private:
  Board(BoardLayout* layout, std::string name) : layout_(layout), name_(std::move(name)) {}
  BoardLayout* layout_;
  std::string name_;
};

}  // namespace amp::runtime

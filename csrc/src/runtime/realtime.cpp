#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "amp/runtime/loop.hpp"
#if defined(__linux__)
#include <sched.h>
#endif

namespace amp::runtime {
namespace {

std::string why(int error) { return std::string(": ") + std::strerror(error); }

#if defined(__linux__)
void pin(int cpu, const Board& board) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (cpu < CPU_SETSIZE) {
    CPU_SET(static_cast<std::size_t>(cpu), &set);
  }
  if (sched_setaffinity(0, sizeof(set), &set) != 0) {
    board.note("the loop is not pinned to CPU " + std::to_string(cpu) + why(errno));
  }
}

void prioritise(int priority, const Board& board) {
  sched_param parameters{};
  parameters.sched_priority = priority;
  if (sched_setscheduler(0, SCHED_FIFO, &parameters) != 0) {
    board.note("the loop has no real-time priority (SCHED_FIFO " + std::to_string(priority) + ")" +
               why(errno) + "; allow it: ulimit -r 99, or 'rtprio' in /etc/security/limits.conf");
  }
}
#else
void pin(int, const Board& board) {
  board.note("the loop is not pinned to a CPU: this system has no call for that");
}
void prioritise(int, const Board& board) {
  board.note("the loop has no real-time priority: it is supported on Linux only");
}
#endif

}  // namespace

#if defined(__linux__)
DriverPriority::DriverPriority(const LoopConfig& config) {
  sched_param parameters{};
  parameters.sched_priority = config.priority - 1;
  raised_ = config.priority > 1 && sched_setscheduler(0, SCHED_FIFO, &parameters) == 0;
}
DriverPriority::~DriverPriority() {
  const sched_param ordinary{};
  if (raised_) {
    sched_setscheduler(0, SCHED_OTHER, &ordinary);
  }
}
#else
DriverPriority::DriverPriority(const LoopConfig&) {}
DriverPriority::~DriverPriority() = default;
#endif

void make_realtime(const LoopConfig& config, const Board& board) {
  if (config.lock_memory != 0 && mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
    board.note("the loop's memory is not locked" + why(errno) +
               "; allow it: ulimit -l unlimited, or 'memlock' in /etc/security/limits.conf");
  }
  if (config.cpu >= 0) {
    pin(config.cpu, board);
  }
  if (config.priority > 0) {
    prioritise(config.priority, board);
  }
}

}  // namespace amp::runtime

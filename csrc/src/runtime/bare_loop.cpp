#include "amp/runtime/bare_loop.hpp"

#include "amp/runtime/clock.hpp"
#include "amp/runtime/loop.hpp"

namespace amp::runtime {

void bare_loop(const Board& board, double duration_s) {
  make_realtime(board->config, board);
  const auto period_ns = static_cast<std::int64_t>(board->config.period_s * 1e9);
  LoopTiming& timing = board->timing;
  std::int64_t due_ns = now_ns() + period_ns;
  const std::int64_t end_ns = due_ns + static_cast<std::int64_t>(duration_s * 1e9);
  for (std::int64_t last_ns = 0; due_ns < end_ns;) {
    sleep_until(due_ns);
    const std::int64_t time_ns = now_ns();
    timing.lateness.add(time_ns - due_ns);
    if (last_ns != 0) {
      timing.period.add(time_ns - last_ns);
    }
    last_ns = time_ns;
    due_ns += period_ns * (1 + (now_ns() - due_ns) / period_ns);
  }
}

}  // namespace amp::runtime

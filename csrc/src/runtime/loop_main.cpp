// amp_sdk/_loop BOARD: the loop as a process of its own, without Python; _loop_dds is the same with
// the drivers of robots that speak DDS. Started by
// amp_sdk.runtime.start_loop, which has put the configuration into the board.
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <exception>

#include "amp/runtime/drivers.hpp"
#include "amp/runtime/loop.hpp"
#include "amp/runtime/run_monitor.hpp"
#if defined(AMP_DDS)
#include "driver.hpp"
#endif

namespace {

std::atomic<bool> quit{false};
static_assert(std::atomic<bool>::is_always_lock_free, "written by a signal handler");

void handle(int) { quit.store(true); }

std::unique_ptr<amp::runtime::Driver> find_driver(const amp::runtime::LoopConfig& config,
                                                  const amp::runtime::Board& board) {
#if defined(AMP_DDS)
  if (config.driver == static_cast<std::uint32_t>(amp::runtime::DriverKind::dds)) {
    const amp::runtime::DriverPriority priority(config);
    return amp::dds::make_driver(amp::unitree::parse_options(config.driver_options));
  }
#endif
  return make_driver(config, board);
}

int run(const char* name) {
  using namespace amp::runtime;
  const std::unique_ptr<Board> board = Board::attach(name);
  if (!board->claim(Role::loop)) {
    std::fprintf(stderr, "error: the board '%s' has a loop already\n", name);
    return 2;
  }
  const LoopConfig& config = (*board)->config;
  const std::unique_ptr<Driver> driver = find_driver(config, *board);
  if (driver == nullptr) {
    std::fprintf(stderr, "error: this build has no driver number %u\n", config.driver);
    return 2;
  }
  RunMonitor monitor(*board);
  Loop loop(*board, *driver, &monitor);
  make_realtime(config, *board);
  loop.run(quit);
  board->release(Role::loop);
  if (loop.orphaned()) {
    Board::unlink(name);  // nobody else will
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "error: expected the name of a board; use amp_sdk.runtime.start_loop\n");
    return 2;
  }
  signal(SIGTERM, handle);
  signal(SIGINT, handle);
  signal(SIGHUP, SIG_IGN);  // a terminal that closes must not let the robot fall
  signal(SIGPIPE, SIG_IGN);
  try {
    return run(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 2;
  }
}

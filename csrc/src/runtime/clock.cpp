#include "amp/runtime/clock.hpp"

#include <cerrno>
#include <ctime>

namespace amp::runtime {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

timespec to_timespec(std::int64_t time_ns) {
  timespec time{};
  time.tv_sec = static_cast<time_t>(time_ns / kSecond);
  time.tv_nsec = static_cast<long>(time_ns % kSecond);
  return time;
}

}  // namespace

std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
}

void sleep_until(std::int64_t time_ns) {
#if defined(__linux__)
  const timespec until = to_timespec(time_ns);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
#else
  // no absolute sleep: what is left is asked for again after every wake-up
  for (std::int64_t left = time_ns - now_ns(); left > 0; left = time_ns - now_ns()) {
    const timespec span = to_timespec(left);
    nanosleep(&span, nullptr);
  }
#endif
}

}  // namespace amp::runtime

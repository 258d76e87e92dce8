// Time of CLOCK_MONOTONIC in nanoseconds, and sleeping until one.
#pragma once

#include <cstdint>

namespace amp::runtime {

std::int64_t now_ns();

// Returns at `time_ns` or later; by an absolute sleep where the system has one.
void sleep_until(std::int64_t time_ns);

}  // namespace amp::runtime

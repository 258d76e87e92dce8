// A persistent pool of worker threads for data-parallel loops.
#pragma once

#include <cstddef>

namespace amp {

// A range function: process items [begin, end). It must not throw, nor call parallel_for itself.
using RangeFn = void (*)(const void* context, std::size_t begin, std::size_t end);

// Split [0, count) into chunks of `grain` items and run them on at most `threads` threads, the
// caller among them. Chunk borders depend on count and grain alone, so a function whose chunks are
// independent gives the same bits for every number of threads. Safe to call from several threads at
// once (a call that finds the pool busy runs alone) and after fork().
void parallel_for(std::size_t count, std::size_t grain, std::size_t threads, RangeFn function,
                  const void* context);

// The same for a callable `void(std::size_t begin, std::size_t end) const`.
template <class Callable>
void parallel_for(std::size_t count, std::size_t grain, std::size_t threads, const Callable& body) {
  parallel_for(
      count, grain, threads,
      [](const void* context, std::size_t begin, std::size_t end) {
        (*static_cast<const Callable*>(context))(begin, end);
      },
      &body);
}

// Upper bound on the threads that kernels use. 1 runs everything in the caller.
void set_num_threads(std::size_t count);
std::size_t num_threads();

// Threads worth waking for `bytes` of memory traffic: waking one costs about as much as moving
// `kBytesPerThread`.
constexpr std::size_t kBytesPerThread = 512 * 1024;
std::size_t threads_for(std::size_t bytes);

}  // namespace amp

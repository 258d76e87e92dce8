#include "amp/thread_pool.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace amp {
namespace {

std::size_t available_cpus() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
  }
#endif
  return std::max(1U, std::thread::hardware_concurrency());
}

// Workers take chunks from a shared counter, so a worker that the system wakes late costs nothing:
// the caller has done its chunks meanwhile.
class Pool {
 public:
  // Whether this call got the pool; false when another thread is using it.
  bool try_run(std::size_t count, std::size_t grain, std::size_t threads, RangeFn function,
               const void* context) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (!turn.owns_lock()) {
      return false;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      count_ = count;
      grain_ = grain;
      function_ = function;
      context_ = context;
      next_.store(0, std::memory_order_relaxed);
      grow(threads - 1);
      seats_ = std::min(threads - 1, workers_);
    }
    for (std::size_t i = 0; i + 1 < threads; ++i) {
      wake_.notify_one();
    }
    work();
    std::unique_lock<std::mutex> lock(mutex_);
    seats_ = 0;  // a worker that has not started yet finds nothing to do
    idle_.wait(lock, [this] { return busy_ == 0; });
    return true;
  }

 private:
  void grow(std::size_t wanted) {
    while (workers_ < wanted) {
      try {
        std::thread([this] { serve(); }).detach();
      } catch (...) {
        return;  // no more threads to be had: carry on with those there are
      }
      ++workers_;
    }
  }

  void serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return seats_ > 0; });
      --seats_;
      ++busy_;
      lock.unlock();
      work();
      lock.lock();
      if (--busy_ == 0) {
        idle_.notify_one();
      }
    }
  }

  void work() {
    for (;;) {
      const std::size_t begin = next_.fetch_add(grain_, std::memory_order_relaxed);
      if (begin >= count_) {
        return;
      }
      function_(context_, begin, std::min(begin + grain_, count_));
    }
  }

  std::mutex turn_;   // held by the one caller
  std::mutex mutex_;  // guards everything below but next_
  std::condition_variable wake_, idle_;
  std::size_t workers_ = 0;
  std::size_t seats_ = 0;  // workers that may still join this loop
  std::size_t busy_ = 0;   // workers inside work()
  std::size_t count_ = 0, grain_ = 1;
  RangeFn function_ = nullptr;
  const void* context_ = nullptr;
  std::atomic<std::size_t> next_{0};
};

std::atomic<Pool*> g_pool{nullptr};
std::atomic<std::size_t> g_threads{0};

// The pool is never destroyed: its threads must not be joined while a process exits. A child of
// fork() has no workers and its copy of the locks may be held, so it starts a pool of its own.
Pool& pool() {
  Pool* current = g_pool.load(std::memory_order_acquire);
  if (current != nullptr) {
    return *current;
  }
#if defined(__unix__) || defined(__APPLE__)
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { g_pool.store(nullptr, std::memory_order_release); });
  (void)registered;
#endif
  Pool* fresh = new Pool;
  if (!g_pool.compare_exchange_strong(current, fresh, std::memory_order_acq_rel)) {
    delete fresh;
    return *current;
  }
  return *fresh;
}

}  // namespace

void parallel_for(std::size_t count, std::size_t grain, std::size_t threads, RangeFn function,
                  const void* context) {
  grain = std::max<std::size_t>(grain, 1);
  const std::size_t chunks = count / grain + (count % grain != 0 ? 1 : 0);
  threads = std::min(threads, chunks);
  if (threads > 1 && pool().try_run(count, grain, threads, function, context)) {
    return;
  }
  for (std::size_t begin = 0; begin < count; begin += grain) {
    function(context, begin, std::min(begin + grain, count));
  }
}

void set_num_threads(std::size_t count) {
  g_threads.store(std::max<std::size_t>(count, 1), std::memory_order_relaxed);
}

std::size_t num_threads() {
  std::size_t count = g_threads.load(std::memory_order_relaxed);
  if (count == 0) {
    count = available_cpus();
    g_threads.store(count, std::memory_order_relaxed);
  }
  return count;
}

std::size_t threads_for(std::size_t bytes) {
  return std::max<std::size_t>(1, std::min(num_threads(), bytes / kBytesPerThread));
}

}  // namespace amp

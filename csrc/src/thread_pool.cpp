#include "amp/thread_pool.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace amp {
namespace {

// The most threads used unless the user wants more: fewer cores than this saturate the memory.
constexpr std::size_t kDefaultThreads = 16;

std::size_t available_cpus() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
  }
#endif
  return std::max(1U, std::thread::hardware_concurrency());
}

// How long a thread looks for what it waits for before it sleeps: waking a sleeper costs 20 to 50
// us, as much as a small kernel; and kernels tend to be called one after the other.
constexpr std::chrono::microseconds kSpin{100};

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Whether `condition` came true within kSpin.
template <class Condition>
bool spin_until(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (condition()) {
        return true;
      }
      pause();
    }
    std::this_thread::yield();  // to the thread that is waited for, when there are too few CPUs
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// The chunks that one participant does, from the front. Others who have done theirs take from its
// back, so a worker that the system wakes late costs nothing; and a loop that is run again finds
// most of each participant's data in its own cache.
class alignas(64) Lane {
 public:
  void deal(std::size_t begin, std::size_t end) {
    range_.store(pack(begin, end), std::memory_order_relaxed);
  }

  // Whether a chunk was left; its number goes to `chunk`.
  bool take(bool own, std::size_t& chunk) {
    std::uint64_t range = range_.load(std::memory_order_relaxed);
    for (;;) {
      const std::size_t begin = range >> 32U, end = range & kMax;
      if (begin >= end) {
        return false;
      }
      chunk = own ? begin : end - 1;
      const std::uint64_t rest = own ? pack(begin + 1, end) : pack(begin, end - 1);
      if (range_.compare_exchange_weak(range, rest, std::memory_order_relaxed)) {
        return true;
      }
    }
  }

  static constexpr std::size_t kMax = 0xFFFFFFFFU;  // chunks

 private:
  static std::uint64_t pack(std::size_t begin, std::size_t end) {
    return (static_cast<std::uint64_t>(begin) << 32U) | end;
  }

  std::atomic<std::uint64_t> range_{0};
};

class Pool {
 public:
  // Whether this call got the pool; false when another thread is using it.
  bool try_run(std::size_t count, std::size_t grain, std::size_t threads, RangeFn function,
               const void* context) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (!turn.owns_lock()) {
      return false;
    }
    std::size_t helpers = 0;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      grow(threads - 1);
      helpers = std::min(threads - 1, workers_);
      count_ = count;
      grain_ = grain;
      function_ = function;
      context_ = context;
      share(helpers + 1);
      seats_ = helpers;
      loops_.fetch_add(1, std::memory_order_relaxed);
    }
    for (std::size_t i = 0; i < helpers; ++i) {
      wake_.notify_one();
    }
    work(0);
    std::unique_lock<std::mutex> lock(mutex_);
    seats_ = 0;  // a worker that has not started yet finds nothing to do
    if (busy_.load(std::memory_order_relaxed) > 0) {
      lock.unlock();
      spin_until([this] { return busy_.load(std::memory_order_relaxed) == 0; });
      lock.lock();
      idle_.wait(lock, [this] { return busy_.load(std::memory_order_relaxed) == 0; });
    }
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

  // Deals the chunks of the loop to `participants` lanes.
  void share(std::size_t participants) {
    if (lanes_.size() < participants) {
      lanes_ = std::vector<Lane>(participants);
    }
    participants_ = participants;
    const std::size_t chunks = (count_ + grain_ - 1) / grain_;
    for (std::size_t i = 0; i < participants; ++i) {
      lanes_[i].deal(chunks * i / participants, chunks * (i + 1) / participants);
    }
  }

  void serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return seats_ > 0; });
      const std::size_t seat = seats_--;
      const std::size_t loop = loops_.load(std::memory_order_relaxed);
      busy_.fetch_add(1, std::memory_order_relaxed);
      lock.unlock();
      work(seat);
      lock.lock();
      if (busy_.fetch_sub(1, std::memory_order_relaxed) == 1) {
        idle_.notify_one();
      }
      lock.unlock();
      spin_until([&] { return loops_.load(std::memory_order_relaxed) != loop; });
      lock.lock();
    }
  }

  void work(std::size_t seat) {
    for (std::size_t i = 0; i < participants_; ++i) {
      Lane& lane = lanes_[(seat + i) % participants_];
      for (std::size_t chunk = 0; lane.take(i == 0, chunk);) {
        const std::size_t begin = chunk * grain_;
        function_(context_, begin, std::min(begin + grain_, count_));
      }
    }
  }

  std::mutex turn_;   // held by the one caller
  std::mutex mutex_;  // guards everything below; atomics are also read outside it, as hints
  std::condition_variable wake_, idle_;
  std::size_t workers_ = 0;
  std::size_t seats_ = 0;              // workers that may still join this loop
  std::atomic<std::size_t> busy_{0};   // workers inside work()
  std::atomic<std::size_t> loops_{0};  // begun so far
  std::size_t count_ = 0, grain_ = 1, participants_ = 0;
  RangeFn function_ = nullptr;
  const void* context_ = nullptr;
  std::vector<Lane> lanes_;
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
  grain = std::max({grain, count / Lane::kMax + 1, std::size_t{1}});
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
    count = std::min(available_cpus(), kDefaultThreads);
    g_threads.store(count, std::memory_order_relaxed);
  }
  return count;
}

std::size_t threads_for(std::size_t bytes) {
  return std::max<std::size_t>(1, std::min(num_threads(), bytes / kBytesPerThread));
}

}  // namespace amp

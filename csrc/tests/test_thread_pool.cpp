// Every item is done exactly once, whatever the counts and whoever calls at the same time.
#include <atomic>
#include <thread>

#include "amp/thread_pool.hpp"
#include "check.hpp"

// The thread sanitizer does not follow threads that are started after fork().
#if (defined(__unix__) || defined(__APPLE__)) && !defined(__SANITIZE_THREAD__)
#define AMP_TEST_FORK
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace {

void covers(std::size_t count, std::size_t grain, std::size_t threads) {
  std::vector<std::atomic<int>> done(count);
  amp::parallel_for(count, grain, threads, [&](std::size_t begin, std::size_t end) {
    CHECK(begin < end && end <= count && end - begin <= (grain == 0 ? 1 : grain));
    for (std::size_t i = begin; i < end; ++i) {
      ++done[i];
    }
  });
  for (const std::atomic<int>& times : done) {
    CHECK(times == 1);
  }
}

// Callers at the same time: one has the pool, the others work alone.
void concurrent_callers() {
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([] {
      for (int repeat = 0; repeat < 50; ++repeat) {
        covers(257, 8, 3);
      }
    });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
}

#if defined(AMP_TEST_FORK)
// A child has none of its parent's workers and must not wait for them.
void after_fork() {
  covers(100, 1, 4);
  const pid_t child = fork();
  if (child == 0) {
    covers(100, 1, 4);
    _exit(0);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

}  // namespace

int main() {
  for (const std::size_t threads : {1, 2, 3, 8}) {
    for (const std::size_t count : {0, 1, 2, 7, 64, 1000}) {
      for (const std::size_t grain : {0, 1, 3, 64, 5000}) {
        covers(count, grain, threads);
      }
    }
  }
  concurrent_callers();
#if defined(AMP_TEST_FORK)
  after_fork();
#endif
  amp::set_num_threads(0);
  CHECK(amp::num_threads() == 1);
  amp::set_num_threads(5);
  CHECK(amp::num_threads() == 5 && amp::threads_for(0) == 1 && amp::threads_for(1U << 30) == 5);
  return 0;
}

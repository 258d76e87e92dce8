// A reader sees whole messages, in order, whatever the writer does; a writer may die at any word.
#include <atomic>
#include <thread>

#include "amp/runtime/channel.hpp"
#include "runtime_robot.hpp"

#if !defined(__SANITIZE_THREAD__)  // which does not follow forks
#define AMP_TEST_FORK
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace {

struct Message {
  std::uint64_t words[200];
};
using Channel = amp::runtime::Channel<Message>;

void fill(Message& message, std::uint64_t value) {
  for (std::uint64_t& word : message.words) {
    word = value;
  }
}

void check_whole(const Message& message) {
  for (const std::uint64_t word : message.words) {
    CHECK(word == message.words[0]);
  }
}

void one_after_the_other() {
  Channel channel;
  Message message{};
  std::uint64_t seen = 0;
  CHECK(!channel.read(message, seen) && channel.count() == 0);
  for (std::uint64_t i = 1; i < 10; ++i) {
    fill(message, i);
    channel.write(message);
    Message copy{};
    CHECK(channel.read(copy, seen) && seen == i && copy.words[7] == i);
    CHECK(!channel.read(copy, seen));
  }
}

void threads() {
  Channel channel;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    Message message{};
    for (std::uint64_t i = 1; i <= 20000; ++i) {
      fill(message, i);
      channel.write(message);
    }
    done.store(true);
  });
  std::uint64_t seen = 0, last = 0, reads = 0;
  Message message{};
  for (bool finished = false; !finished;) {
    finished = done.load();
    if (channel.read(message, seen)) {
      check_whole(message);
      CHECK(message.words[0] > last && message.words[0] == seen);
      last = message.words[0];
      ++reads;
    }
  }
  writer.join();
  CHECK(reads > 0 && last == 20000);
}

#if defined(AMP_TEST_FORK)
void killed_writers() {
  void* memory =
      mmap(nullptr, sizeof(Channel), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  auto* channel = new (memory) Channel();
  std::uint64_t seen = 0;
  Message message{};
  for (int life = 0; life < 30; ++life) {
    const std::uint64_t before = channel->count();
    const pid_t child = fork();
    if (child == 0) {
      Message own{};
      for (std::uint64_t i = before + 1;; ++i) {
        fill(own, i);
        channel->write(own);
      }
    }
    while (channel->count() < before + 100) {  // it lives; then it dies anywhere in a write
      if (channel->read(message, seen)) {
        check_whole(message);
      }
    }
    kill(child, SIGKILL);
    CHECK(waitpid(child, nullptr, 0) == child);
    std::uint64_t first = 0;
    CHECK(channel->read(message, first) && first == channel->count());
    check_whole(message);
    CHECK(message.words[0] == first);
  }
  munmap(memory, sizeof(Channel));
}
#endif

}  // namespace

int main() {
  one_after_the_other();
  threads();
#if defined(AMP_TEST_FORK)
  killed_writers();
#endif
  return 0;
}

// A message from one writer to any number of readers, in memory that processes may share.
//
// Two slots; the writer fills the one that is not the newest, then makes it the newest. A reader
// that is overtaken while it copies tries again, a bounded number of times. A writer that is killed
// in the middle of a write leaves the message before it readable, and one that follows it goes on.
//
// Each slot is a sequence lock whose data are atomic words: a word written after the slot's number
// became odd can only be read together with that number (release, acquire), so a torn copy is
// always noticed. No fences, which the thread sanitizer does not know. On x86 the words are plain
// moves.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace amp::runtime {

template <class T>
class Channel {
  static_assert(std::is_trivially_copyable_v<T>);
  static_assert(sizeof(T) % sizeof(std::uint64_t) == 0);
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

 public:
  // How many messages were written so far; 0: none yet.
  std::uint64_t count() const { return newest_.load(std::memory_order_acquire); }

  // Writes the next message. One thread of one process at a time.
  void write(const T& message) {
    const std::uint64_t next = newest_.load(std::memory_order_relaxed) + 1;
    Slot& slot = slots_[next % 2];
    slot.number.store(2 * next + 1, std::memory_order_relaxed);
    const char* bytes = reinterpret_cast<const char*>(&message);
    for (std::size_t i = 0; i < kWords; ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes + i * sizeof(word), sizeof(word));
      slot.words[i].store(word, std::memory_order_release);
    }
    slot.number.store(2 * next, std::memory_order_release);
    newest_.store(next, std::memory_order_release);
  }

  // Copies the newest message to `message` where it is another than the one numbered `seen`, and
  // moves `seen` on. False: nothing new, or the writer was faster kTries times; `message` may then
  // hold anything.
  bool read(T& message, std::uint64_t& seen) const {
    for (int i = 0; i < kTries; ++i) {
      const std::uint64_t newest = newest_.load(std::memory_order_acquire);
      if (newest == seen || newest == 0) {
        return false;
      }
      const Slot& slot = slots_[newest % 2];
      if (slot.number.load(std::memory_order_acquire) != 2 * newest) {
        continue;
      }
      char* bytes = reinterpret_cast<char*>(&message);
      for (std::size_t j = 0; j < kWords; ++j) {
        const std::uint64_t word = slot.words[j].load(std::memory_order_acquire);
        std::memcpy(bytes + j * sizeof(word), &word, sizeof(word));
      }
      if (slot.number.load(std::memory_order_relaxed) == 2 * newest) {
        seen = newest;
        return true;
      }
    }
    return false;
  }

 private:
  static constexpr int kTries = 8;
  static constexpr std::size_t kWords = sizeof(T) / sizeof(std::uint64_t);

  struct alignas(64) Slot {
    std::atomic<std::uint64_t> number{0};  // 2 n: holds message n; odd: being written
    std::array<std::atomic<std::uint64_t>, kWords> words{};
  };

  alignas(64) std::atomic<std::uint64_t> newest_{0};
  std::array<Slot, 2> slots_{};
};

}  // namespace amp::runtime

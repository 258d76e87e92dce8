// A queue from one thread to one other, of fixed size: neither ever waits.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace amp::runtime {

template <class T>
class Ring {
 public:
  // Room for `capacity` items, allocated and touched here and never again.
  explicit Ring(std::size_t capacity) : items_(new T[capacity]()), capacity_(capacity) {}

  std::size_t capacity() const { return capacity_; }

  // The writer's next item to be filled in place, or null where the ring is full.
  T* begin_push() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head - tail_.load(std::memory_order_acquire) == capacity_) {
      return nullptr;
    }
    return &items_[head % capacity_];
  }
  void end_push() {
    head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // The reader's oldest item, or null where the ring is empty; it stays until `pop`.
  const T* front() const {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    return tail == head_.load(std::memory_order_acquire) ? nullptr : &items_[tail % capacity_];
  }
  void pop() { tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

 private:
  std::unique_ptr<T[]> items_;
  std::size_t capacity_;
  alignas(64) std::atomic<std::size_t> head_{0};  // items written so far
  alignas(64) std::atomic<std::size_t> tail_{0};  // items taken so far
};

}  // namespace amp::runtime

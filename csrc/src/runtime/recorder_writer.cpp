// The recorder's thread: from the ring to the file.
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "amp/runtime/crc32.hpp"
#include "amp/runtime/recorder.hpp"

namespace amp::runtime {

namespace {

using Clock = std::chrono::steady_clock;

// how often the writer looks into the ring: what a killed process loses
constexpr std::chrono::milliseconds kLook{20};

bool is_full_disk(int error_number) {
  return error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
}

void sync_data(int fd) {
#if defined(__APPLE__)
  fsync(fd);
#else
  fdatasync(fd);
#endif
}

// Not real-time whatever thread started it, and no signal is handled here; a file size limit then
// is an error of write() and no SIGXFSZ.
void become_background_thread() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  sched_param none{};
  pthread_setschedparam(pthread_self(), SCHED_OTHER, &none);
}

}  // namespace

void Recorder::run() {
  become_background_thread();
  const auto sync_period = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(config_.sync_period_s));
  Clock::time_point synced = Clock::now();
  bool last = false;
  while (!last) {
    last = closing_.load(std::memory_order_acquire);  // before the last look into the ring
    if (!drain() || (last && !write_end())) {
      return;
    }
    if (last || Clock::now() - synced >= sync_period) {
      sync_data(fd_);
      synced = Clock::now();
    }
    if (!last) {
      std::this_thread::sleep_for(kLook);
    }
  }
  state_.store(RecorderState::closed, std::memory_order_release);
}

bool Recorder::drain() {
  std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  const std::uint64_t head = head_.load(std::memory_order_acquire);
  while (tail != head) {
    // as many as lie one after the other, and a quarter of the ring at most: room soon
    const std::uint64_t to_end = config_.ring_cells - tail % config_.ring_cells;
    const std::uint64_t quarter = std::max<std::uint64_t>(1, config_.ring_cells / 4);
    const std::uint64_t count = std::min({head - tail, to_end, quarter});
    if (!write_cells(tail, count)) {
      return false;
    }
    tail += count;
    tail_.store(tail, std::memory_order_release);
  }
  return true;
}

bool Recorder::write_cells(std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t i = first; i < first + count; ++i) {
    std::byte* begin = cell(i);
    const std::uint32_t crc = crc32(begin + sizeof crc, config_.cell_bytes - sizeof crc);
    std::memcpy(begin, &crc, sizeof crc);
  }
  return write_bytes(cell(first), static_cast<std::size_t>(count) * config_.cell_bytes);
}

bool Recorder::write_bytes(const std::byte* data, std::size_t size) {
  std::size_t done = 0;
  int reason = 0;
  while (done < size && reason == 0) {
    const ssize_t n = ::write(fd_, data + done, size - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n == 0 || errno != EINTR) {
      reason = n == 0 ? ENOSPC : errno;
    }
  }
  written_.fetch_add(done / config_.cell_bytes, std::memory_order_relaxed);
  if (reason != 0) {
    stop(reason);
  }
  return reason == 0;
}

bool Recorder::write_end() {
  std::vector<std::byte> last(config_.cell_bytes);
  const CellHead head{0, CellKind::end, 0, number_};
  const std::uint64_t lost = dropped();
  std::memcpy(last.data(), &head, sizeof head);
  std::memcpy(last.data() + sizeof head, &lost, sizeof lost);
  const std::uint32_t crc = crc32(last.data() + sizeof crc, last.size() - sizeof crc);
  std::memcpy(last.data(), &crc, sizeof crc);
  return write_bytes(last.data(), last.size());
}

void Recorder::stop(int error_number) {
  const bool full = is_full_disk(error_number);
  // a part of a cell is of no use to anyone; where that fails too, the reader leaves it out
  const auto whole = static_cast<std::int64_t>(written() * config_.cell_bytes);
  const bool cut = ftruncate(fd_, start_ + whole) == 0;
  sync_data(fd_);
  state_.store(full ? RecorderState::disk_full : RecorderState::failed, std::memory_order_release);
  std::fprintf(stderr,
               "flight recorder stopped: %s: %s; %llu cells are kept%s; the loop goes on without "
               "a recording\n",
               path_.c_str(), std::strerror(error_number),
               static_cast<unsigned long long>(written()), cut ? "" : " and a part of one");
}

}  // namespace amp::runtime

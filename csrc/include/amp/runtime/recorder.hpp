// The flight recorder: the loop puts fixed-size cells into a ring that was allocated before, a
// thread of the recorder writes them to a file.
//
// The file, all numbers little-endian:
//
//   magic      8 bytes  "AMPFLOG\n"
//   version    u32      1
//   start      u32      where the cells begin
//   size       u32      bytes of JSON
//   crc        u32      CRC-32 of the JSON
//   JSON                UTF-8, then zeros up to `start`
//   cells               one after the other, each `cell_bytes` long (in the JSON):
//     crc      u32      CRC-32 of the rest of the cell
//     kind     u16      CellKind
//     part     u16      0, 1, ...: a record longer than a cell's payload is cut into parts
//     number   u64      counts up by one; a gap is as many cells that the ring had no room for
//     payload           what is left of the cell
//
// So a file that was cut anywhere is read up to its last whole cell. The JSON says what a tick
// record and a policy record consist of (amp_sdk/runtime/flight_log.py reads and writes it).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace amp::runtime {

// `end` is the last cell of a recording that was closed in order; it holds, as u64, how many cells
// the ring had no room for.
enum class CellKind : std::uint16_t { tick = 1, policy = 2, end = 3 };

struct CellHead {
  std::uint32_t crc;
  CellKind kind;
  std::uint16_t part;
  std::uint64_t number;
};
static_assert(sizeof(CellHead) == 16, "part of the file format");

enum class RecorderState : std::uint32_t { recording = 0, closed = 1, disk_full = 2, failed = 3 };

struct RecorderConfig {
  std::size_t cell_bytes = 0;  // a multiple of 8, with the head
  std::size_t ring_cells = 0;  // what a slow disk may be behind by
  double sync_period_s = 0.5;  // from one fdatasync to the next
};

// One thread puts cells; any thread reads the counters. Nothing of `put` allocates, locks, logs,
// throws or calls the system.
class Recorder {
 public:
  // Appends to `path`, which holds a header and no cell yet. Start it before the loop's thread
  // becomes real-time and pinned: the writer inherits its CPUs. Returns null and says why in
  // `error` where the file cannot be written or the configuration is none.
  static std::unique_ptr<Recorder> open(const std::string& path, const RecorderConfig& config,
                                        std::string& error);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  std::size_t payload_bytes() const { return config_.cell_bytes - sizeof(CellHead); }

  // Where the payload of the next cell goes; null, and counted, where the ring is full or the
  // recorder has stopped.
  std::byte* next();
  // Hands the cell of the last `next` over to the writer.
  void put(CellKind kind, std::uint16_t part);
  // A record of `size` bytes as one or more cells.
  void put_record(CellKind kind, const void* record, std::size_t size);

  // Writes what is in the ring, syncs and ends the thread. `put` must have ended before.
  void close();

  RecorderState state() const { return state_.load(std::memory_order_acquire); }
  std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  Recorder(int fd, std::string path, std::int64_t start, const RecorderConfig& config);
  void run();
  bool drain();
  bool write_cells(std::uint64_t first, std::uint64_t count);
  bool write_bytes(const std::byte* data, std::size_t size);
  bool write_end();
  void stop(int error_number);
  std::byte* cell(std::uint64_t index) {
    return ring_.data() + (index % config_.ring_cells) * config_.cell_bytes;
  }

  const int fd_;
  const std::string path_;
  const std::int64_t start_;  // bytes of the header
  const RecorderConfig config_;
  std::vector<std::byte> ring_;
  std::uint64_t number_ = 0;  // the producer's
  alignas(64) std::atomic<std::uint64_t> head_{0};
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  alignas(64) std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<RecorderState> state_{RecorderState::recording};
  std::atomic<bool> closing_{false};
  std::thread writer_;
};

}  // namespace amp::runtime

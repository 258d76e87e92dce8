#include "amp/runtime/recorder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace amp::runtime {

std::unique_ptr<Recorder> Recorder::open(const std::string& path, const RecorderConfig& config,
                                         std::string& error) {
  if (config.cell_bytes <= sizeof(CellHead) || config.cell_bytes % 8 != 0 ||
      config.ring_cells == 0) {
    error = "cells of " + std::to_string(config.cell_bytes) + " bytes, " +
            std::to_string(config.ring_cells) +
            " in the ring; expected a multiple of 8 above 16, and at least one";
    return nullptr;
  }
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  struct stat status{};
  if (fd < 0 || fstat(fd, &status) != 0) {
    error = "cannot write " + path + ": " + std::strerror(errno);
    if (fd >= 0) {
      ::close(fd);
    }
    return nullptr;
  }
  return std::unique_ptr<Recorder>(new Recorder(fd, path, status.st_size, config));
}

Recorder::Recorder(int fd, std::string path, std::int64_t start, const RecorderConfig& config)
    : fd_(fd),
      path_(std::move(path)),
      start_(start),
      config_(config),
      ring_(config.cell_bytes * config.ring_cells),
      writer_([this] { run(); }) {}

Recorder::~Recorder() {
  close();
  ::close(fd_);
}

std::byte* Recorder::next() {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const bool room = head - tail_.load(std::memory_order_acquire) < config_.ring_cells;
  if (!room || state() != RecorderState::recording) {
    ++number_;
    dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return nullptr;
  }
  return cell(head) + sizeof(CellHead);
}

void Recorder::put(CellKind kind, std::uint16_t part) {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const CellHead begin{0, kind, part, number_++};
  std::memcpy(cell(head), &begin, sizeof begin);
  head_.store(head + 1, std::memory_order_release);
}

void Recorder::put_record(CellKind kind, const void* record, std::size_t size) {
  const auto* bytes = static_cast<const std::byte*>(record);
  std::uint16_t part = 0;
  for (std::size_t done = 0; done < size; ++part) {
    const std::size_t length = std::min(size - done, payload_bytes());
    if (std::byte* payload = next()) {
      std::memcpy(payload, bytes + done, length);
      std::memset(payload + length, 0, payload_bytes() - length);
      put(kind, part);
    }
    done += length;
  }
}

void Recorder::close() {
  closing_.store(true, std::memory_order_release);
  if (writer_.joinable()) {
    writer_.join();
  }
}

}  // namespace amp::runtime

#include "amp/runtime/board.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>

namespace amp::runtime {
namespace {

[[noreturn]] void fail(const std::string& what, const std::string& name, int error) {
  throw std::runtime_error(what + " '" + name + "': " + std::strerror(error));
}

// A file descriptor that is closed at the end of its scope; the mapping stays.
struct File {
  int descriptor;
  ~File() { close(descriptor); }
};

void* map(const File& file, const std::string& name) {
  void* memory =
      mmap(nullptr, sizeof(BoardLayout), PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0);
  if (memory == MAP_FAILED) {
    fail("cannot map the shared memory", name, errno);
  }
  return memory;
}

BoardLayout* fill(void* memory, const LoopConfig& config) {
  auto* layout = new (memory) BoardLayout();
  layout->size = sizeof(BoardLayout);
  layout->config = config;
  layout->magic.store(kBoardMagic, std::memory_order_release);
  return layout;
}

}  // namespace

std::unique_ptr<Board> Board::create(const std::string& name, const LoopConfig& config) {
  const File file{shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR)};
  if (file.descriptor < 0) {
    fail("cannot create the shared memory", name, errno);
  }
  try {
    if (ftruncate(file.descriptor, sizeof(BoardLayout)) != 0) {
      fail("cannot size the shared memory", name, errno);
    }
    BoardLayout* layout = fill(map(file, name), config);
    return std::unique_ptr<Board>(new Board(layout, name));
  } catch (...) {
    shm_unlink(name.c_str());
    throw;
  }
}

std::unique_ptr<Board> Board::attach(const std::string& name) {
  const File file{shm_open(name.c_str(), O_RDWR, 0)};
  if (file.descriptor < 0) {
    fail("cannot open the shared memory", name, errno);
  }
  struct stat status{};
  if (fstat(file.descriptor, &status) != 0) {
    fail("cannot look at the shared memory", name, errno);
  }
  // macOS rounds sizes up to whole pages
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size < sizeof(BoardLayout)) {
    throw std::runtime_error("the shared memory '" + name + "' has " + std::to_string(size) +
                             " bytes, expected " + std::to_string(sizeof(BoardLayout)) +
                             ": it was made by another build of amp-sdk");
  }
  auto* layout = static_cast<BoardLayout*>(map(file, name));
  auto board = std::unique_ptr<Board>(new Board(layout, name));
  if (layout->magic.load(std::memory_order_acquire) != kBoardMagic ||
      layout->version != kBoardVersion || layout->size != sizeof(BoardLayout)) {
    throw std::runtime_error("the shared memory '" + name +
                             "' is no board of this build of amp-sdk; start its loop again");
  }
  return board;
}

std::unique_ptr<Board> Board::local(const LoopConfig& config) {
  void* memory = ::operator new(sizeof(BoardLayout), std::align_val_t{alignof(BoardLayout)});
  return std::unique_ptr<Board>(new Board(fill(memory, config), ""));
}

bool Board::unlink(const std::string& name) { return shm_unlink(name.c_str()) == 0; }

Board::~Board() {
  if (name_.empty()) {
    layout_->~BoardLayout();
    ::operator delete(layout_, std::align_val_t{alignof(BoardLayout)});
  } else {
    munmap(layout_, sizeof(BoardLayout));
  }
}

bool Board::claim(Role role) const {
  std::atomic<std::int64_t>& pid = layout_->writers[static_cast<std::size_t>(role)].pid;
  const std::int64_t own = getpid();
  std::int64_t holder = pid.load();
  while (holder != own) {
    const bool alive = holder != 0 && (kill(static_cast<pid_t>(holder), 0) == 0 || errno == EPERM);
    if (alive) {
      return false;
    }
    if (pid.compare_exchange_strong(holder, own)) {
      break;
    }
  }
  return true;
}

void Board::release(Role role) const {
  std::int64_t own = getpid();
  layout_->writers[static_cast<std::size_t>(role)].pid.compare_exchange_strong(own, 0);
}

void Board::note(const std::string& line) const {
  const std::uint32_t size = layout_->notes_size.load(std::memory_order_relaxed);
  if (size + line.size() + 1 > sizeof(layout_->notes)) {
    return;
  }
  std::memcpy(layout_->notes + size, line.data(), line.size());
  layout_->notes[size + line.size()] = '\n';
  layout_->notes_size.store(size + static_cast<std::uint32_t>(line.size()) + 1,
                            std::memory_order_release);
}

}  // namespace amp::runtime

// What was put is in the file, in order and whole; a full disk ends the recording and nothing else.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "amp/runtime/crc32.hpp"
#include "amp/runtime/recorder.hpp"
#include "check.hpp"

namespace {

using namespace amp::runtime;

constexpr std::size_t kCell = 64;
const char kHeader[] = "header";

class TemporaryFile {
 public:
  TemporaryFile() {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/amp_recorder_XXXXXX";
    const int fd = mkstemp(path_.data());
    CHECK(fd >= 0);
    CHECK(write(fd, kHeader, sizeof kHeader) == static_cast<ssize_t>(sizeof kHeader));
    close(fd);
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }
  std::vector<char> read() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string path_;
};

std::unique_ptr<Recorder> start(const TemporaryFile& file, std::size_t ring) {
  std::string error;
  auto recorder = Recorder::open(file.path(), {kCell, ring, 0.01}, error);
  CHECK(recorder != nullptr && error.empty());
  return recorder;
}

// The heads of all cells, after checks of header, length and CRC.
std::vector<CellHead> heads(const std::vector<char>& bytes) {
  CHECK(bytes.size() >= sizeof kHeader && (bytes.size() - sizeof kHeader) % kCell == 0);
  CHECK(std::memcmp(bytes.data(), kHeader, sizeof kHeader) == 0);
  std::vector<CellHead> found;
  for (std::size_t at = sizeof kHeader; at < bytes.size(); at += kCell) {
    CellHead head{};
    std::memcpy(&head, &bytes[at], sizeof head);
    CHECK(head.crc == crc32(&bytes[at + sizeof head.crc], kCell - sizeof head.crc));
    found.push_back(head);
  }
  return found;
}

void everything_is_written_in_order() {
  const TemporaryFile file;
  auto recorder = start(file, 16);
  std::uint64_t put = 0;
  for (std::uint64_t i = 0; put < 500; ++i) {  // many times the ring
    if (std::byte* payload = recorder->next()) {
      std::memset(payload, static_cast<int>(put % 251), recorder->payload_bytes());
      recorder->put(CellKind::tick, 0);
      ++put;
    } else {
      usleep(2000);
    }
  }
  recorder->close();
  CHECK(recorder->state() == RecorderState::closed && recorder->written() == put + 1);
  const std::vector<char> bytes = file.read();
  const std::vector<CellHead> found = heads(bytes);
  CHECK(found.size() == put + 1 && found.back().kind == CellKind::end);
  for (std::size_t i = 0; i < put; ++i) {
    CHECK(i == 0 || found[i].number > found[i - 1].number);
    CHECK(bytes[sizeof kHeader + (i + 1) * kCell - 1] == static_cast<char>(i % 251));
  }
  CHECK(found.back().number == put + recorder->dropped());  // every gap is a counted cell
}

void long_records_are_cut_into_parts() {
  const TemporaryFile file;
  auto recorder = start(file, 16);
  std::vector<char> record(recorder->payload_bytes() * 2 + 5);
  for (std::size_t i = 0; i < record.size(); ++i) {
    record[i] = static_cast<char>(i);
  }
  recorder->put_record(CellKind::policy, record.data(), record.size());
  recorder->close();
  const std::vector<char> bytes = file.read();
  const std::vector<CellHead> found = heads(bytes);
  CHECK(found.size() == 4);
  std::vector<char> joined;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(found[i].kind == CellKind::policy && found[i].part == i);
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(sizeof kHeader + i * kCell);
    joined.insert(joined.end(), begin + sizeof(CellHead), begin + kCell);
  }
  CHECK(std::equal(record.begin(), record.end(), joined.begin()));
  CHECK(joined.back() == 0);
}

void a_full_ring_drops_and_counts() {
  const TemporaryFile file;
  auto recorder = start(file, 2);
  recorder->close();  // nobody takes anything out any more
  CHECK(recorder->next() == nullptr && recorder->dropped() == 1);
}

// A limit of the file's size stands for a full disk: both end a write half way.
void a_full_disk_ends_the_recording_only() {
  const TemporaryFile file;
  rlimit before{};
  CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{sizeof kHeader + 10 * kCell + 7, before.rlim_max};
  CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
  auto recorder = start(file, 64);
  for (int i = 0; i < 40; ++i) {
    if (recorder->next() != nullptr) {
      recorder->put(CellKind::tick, 0);
    }
  }
  while (recorder->state() == RecorderState::recording) {
    usleep(1000);
  }
  CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK(recorder->state() == RecorderState::disk_full && recorder->written() == 10);
  CHECK(recorder->next() == nullptr);  // and the loop goes on
  recorder->close();
  CHECK(heads(file.read()).size() == 10);
}

void refusals() {
  std::string error;
  CHECK(Recorder::open("/nonexistent/x", {kCell, 4, 0.5}, error) == nullptr && !error.empty());
  CHECK(Recorder::open("/dev/null", {kCell + 1, 4, 0.5}, error) == nullptr);
  CHECK(Recorder::open("/dev/null", {kCell, 0, 0.5}, error) == nullptr);
  CHECK(crc32("123456789", 9) == 0xCBF43926U);  // the check value of this CRC
}

}  // namespace

int main() {
  everything_is_written_in_order();
  long_records_are_cut_into_parts();
  a_full_ring_drops_and_counts();
  a_full_disk_ends_the_recording_only();
  refusals();
  return 0;
}

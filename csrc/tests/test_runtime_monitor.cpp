// Timing and recording of a tick allocate nothing, whatever the disk does.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "amp/runtime/run_monitor.hpp"
#include "counting_allocator.hpp"
#include "runtime_robot.hpp"

namespace {

using namespace amp::runtime;
using amp::test::kJoints;
using amp::test::kTick_ns;

constexpr int kTicks = 300;
constexpr std::uint32_t kHeader[4] = {1, 24, 0, 0};  // version, start, no JSON

std::string begun_record() {
  const char* folder = std::getenv("TMPDIR");
  std::string path = std::string(folder != nullptr ? folder : "/tmp") + "/amp_monitor_XXXXXX";
  const int fd = mkstemp(path.data());
  CHECK(fd >= 0 && write(fd, "AMPFLOG\n", 8) == 8);
  CHECK(write(fd, kHeader, sizeof kHeader) == sizeof kHeader);
  close(fd);
  return path;
}

std::unique_ptr<Board> board(const std::string& path) {
  LoopConfig config = amp::test::loop_config();
  std::snprintf(config.record_path, kPathSize, "%s", path.c_str());
  return Board::local(config);
}

// Ticks of a loop in which a policy answers every tenth.
void tick(RunMonitor& monitor, TickRecord& record, int number) {
  record.status.tick = static_cast<std::uint64_t>(number);
  record.status.timing.period_ns = kTick_ns;
  record.status.timing.lateness_ns = 1000 + number;
  record.status.timing.policy_latency_ns = 500'000;
  record.has_target = number % 10 == 0 ? 1 : 0;
  record.target.obs_size = 480;
  monitor.tick(record);
}

long run(const Board& b, int ticks) {
  RunMonitor monitor(b);
  const auto record = std::make_unique<TickRecord>();
  return amp::test::allocations_of([&] {
    for (int i = 0; i < ticks; ++i) {
      tick(monitor, *record, i);
    }
  });
}

void every_tick_is_counted_and_recorded() {
  const std::string path = begun_record();
  const auto b = board(path);
  CHECK(run(*b, kTicks) == 0);
  LoopTiming& timing = (*b)->timing;
  CHECK(timing.lateness.count() == kTicks && timing.lateness.max_ns() == 1000 + kTicks - 1);
  CHECK(timing.period.count() == kTicks - 1 && timing.period.min_ns() == kTick_ns);
  CHECK(timing.policy_latency.count() == kTicks / 10);
  CHECK((*b)->recorder_failed.load() == 0 && (*b)->records_lost.load() == 0);
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const RecordLayout layout(kJoints);
  const std::size_t payload = layout.cell_bytes - sizeof(CellHead);
  const std::size_t parts = (layout.policy_bytes + 480 * sizeof(float) + payload - 1) / payload;
  CHECK(static_cast<std::size_t>(file.tellg()) ==
        24 + layout.cell_bytes * (kTicks + parts * (kTicks / 10) + 1));
  std::remove(path.c_str());
}

void without_a_file_the_run_goes_on_and_says_so() {
  const auto b = board("/nonexistent/folder/run");
  CHECK(run(*b, 10) == 0);
  CHECK((*b)->recorder_failed.load() == 1 && (*b)->timing.lateness.count() == 10);
  const std::string notes((*b)->notes, (*b)->notes_size.load());
  CHECK(notes.find("no flight record") != std::string::npos);
  const auto none = board("");
  CHECK(run(*none, 10) == 0);
  CHECK((*none)->recorder_failed.load() == 0 && (*none)->notes_size.load() == 0);
}

void a_disk_that_cannot_keep_up_costs_records_and_not_time() {
  const std::string path = begun_record();
  const auto b = board(path);
  CHECK(run(*b, 200'000) == 0);  // at once: far more than the ring holds
  CHECK((*b)->timing.lateness.count() == 200'000);
  std::remove(path.c_str());
}

}  // namespace

int main() {
  every_tick_is_counted_and_recorded();
  without_a_file_the_run_goes_on_and_says_so();
  a_disk_that_cannot_keep_up_costs_records_and_not_time();
  return 0;
}

#include "amp/runtime/run_monitor.hpp"

namespace amp::runtime {

RunMonitor::RunMonitor(const Board& board) : board_(*board) {
  const LoopConfig& config = board_.config;
  if (config.record_path[0] == '\0') {
    return;
  }
  std::string error;
  recorder_ = FlightRecorder::open(config.record_path, config, error);
  if (recorder_ == nullptr) {
    board.note("no flight record: " + error);
    board_.recorder_failed.store(1);
  }
}

void RunMonitor::tick(const TickRecord& record) {
  const TickTiming& timing = record.status.timing;
  board_.timing.lateness.add(timing.lateness_ns);
  if (!first_) {  // there is no tick before it
    board_.timing.period.add(timing.period_ns);
    board_.timing.compute.add(timing.compute_ns);
  }
  first_ = false;
  if (record.has_target != 0) {
    board_.timing.policy_latency.add(timing.policy_latency_ns);
  }
  if (recorder_ != nullptr) {
    recorder_->record(record);
    board_.records_lost.store(recorder_->dropped(), std::memory_order_relaxed);
    const RecorderState state = recorder_->state();
    if (state == RecorderState::disk_full || state == RecorderState::failed) {
      board_.recorder_failed.store(1, std::memory_order_relaxed);
    }
  }
}

}  // namespace amp::runtime

// Tick records to the cells of the recorder: the joints that a robot has, nothing else.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "amp/runtime/config.hpp"
#include "amp/runtime/recorder.hpp"
#include "amp/runtime/types.hpp"

namespace amp::runtime {

// One member of a record in the file.
struct RecordField {
  std::string name;   // "state.joint_pos"
  const char* type;   // of NumPy: "<f8"
  std::size_t count;  // 0: a number, otherwise an array of so many
  std::size_t offset;
};

// What the two kinds of records consist of, for a robot of so many joints. A policy record ends
// with `obs_size` (one of its fields) numbers of float32, the observation.
struct RecordLayout {
  explicit RecordLayout(std::size_t joints);
  std::vector<RecordField> tick, policy;
  std::size_t tick_bytes = 0, policy_bytes = 0;  // policy: without the observation
  std::size_t cell_bytes = 0;                    // of the file: a head and one tick
};

class FlightRecorder {
 public:
  // Appends to `path`, where Python wrote the header. Null, and `error` says why, as of Recorder.
  static std::unique_ptr<FlightRecorder> open(const std::string& path, const LoopConfig& config,
                                              std::string& error);

  // For the loop, once a tick: a tick record, and a policy record where the target is new.
  // Nothing is allocated, locked, logged or thrown.
  void record(const TickRecord& tick);
  void close() { recorder_->close(); }

  // For LoopStatus and the board; recording, closed, or why it stopped.
  RecorderState state() const { return recorder_->state(); }
  std::uint64_t written() const { return recorder_->written(); }
  std::uint64_t dropped() const { return recorder_->dropped(); }

 private:
  struct Copy {
    std::size_t from, to, size;
  };
  FlightRecorder(std::unique_ptr<Recorder> recorder, std::size_t joints);

  RecordLayout layout_;
  std::vector<Copy> tick_copies_, policy_copies_;
  std::vector<std::byte> policy_;  // one policy record
  std::unique_ptr<Recorder> recorder_;
};

}  // namespace amp::runtime

// What comes from a robot: checked in DDS's thread, handed to the loop's without waiting.
#pragma once

#include <atomic>

#include "amp/runtime/channel.hpp"
#include "amp/unitree/crc.hpp"
#include "amp/unitree/options.hpp"
#include "topic.hpp"

namespace amp::dds {

// What came so far.
struct LinkCounters {
  std::atomic<std::uint64_t> received{0};      // good states
  std::atomic<std::uint64_t> plain{0};         // those of them without check sum, of a simulator
  std::atomic<std::uint64_t> crc_errors{0};    // states dropped for their check sum
  std::atomic<std::uint64_t> out_of_order{0};  // states dropped for being older than one before
  std::atomic<std::uint64_t> restarts{0};      // the robot rebooted, or another one speaks
};

template <class Kind>
class StateReceiver : public Receiver<typename Kind::State> {
 public:
  using State = typename Kind::State;
  struct Received {
    std::int64_t time_ns;
    std::uint64_t restarts;
    std::uint64_t plain;  // 1: without check sum, by a simulator
    State message;
    std::uint32_t pad;
  };

  StateReceiver(const Participant& participant, const unitree::Options& options)
      : takes_plain_(options.takes_plain_states()), reader_(participant, kStateTopic, *this) {}

  // As Channel::read.
  bool read(Received& newest, std::uint64_t& seen) const { return channel_.read(newest, seen); }
  const LinkCounters& counters() const { return counters_; }

  void received(const State& message, std::int64_t time_ns, std::uint64_t writer) override {
    const bool plain = takes_plain_ && message.crc == 0;
    if (!plain && !unitree::is_sealed(message)) {
      ++counters_.crc_errors;
      return;
    }
    // the robot's clock in ms, which may wrap; a simulator without one is counted for
    const bool counts = !plain || message.tick != 0;
    const std::uint32_t tick = counts ? message.tick : newest_.message.tick + 1;
    const auto step = static_cast<std::int32_t>(tick - newest_.message.tick);
    if (newest_.time_ns != 0) {
      if (writer != writer_ || step < -kReordered_ms) {
        ++counters_.restarts;
      } else if (step < 0) {
        ++counters_.out_of_order;
        return;
      }
    }
    writer_ = writer;
    newest_.time_ns = time_ns;
    newest_.restarts = counters_.restarts;
    newest_.plain = plain ? 1 : 0;
    newest_.message = message;
    newest_.message.tick = tick;
    counters_.plain += newest_.plain;
    ++counters_.received;
    channel_.write(newest_);
  }

 private:
  static constexpr std::int32_t kReordered_ms = 500;

  bool takes_plain_;
  LinkCounters counters_;
  runtime::Channel<Received> channel_;
  Received newest_{};
  std::uint64_t writer_ = 0;
  Reader<State> reader_;  // last: it may call at once
};

// The measurement in what was received.
template <class Received>
void convert(const Received& received, const unitree::MotorMap& map, runtime::RobotState& state) {
  state.time_ns = received.time_ns;
  from_wire(received.message, map, state);
  if (received.plain != 0) {
    state.flags &= ~static_cast<std::uint64_t>(runtime::kHasBattery);
  }
}

// Notices others who command the same robot.
template <class Kind>
class CommandWatch : public Receiver<typename Kind::Command> {
 public:
  explicit CommandWatch(const Participant& participant)
      : reader_(participant, kCommandTopic, *this) {}

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  // When the last foreign command came; 0: never.
  std::int64_t last_ns() const { return last_ns_.load(std::memory_order_relaxed); }

  void received(const typename Kind::Command&, std::int64_t time_ns, std::uint64_t) override {
    count_.fetch_add(1, std::memory_order_relaxed);
    last_ns_.store(time_ns, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::int64_t> last_ns_{0};
  Reader<typename Kind::Command> reader_;
};

}  // namespace amp::dds

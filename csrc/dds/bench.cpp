#include "bench.hpp"

#include <atomic>

#include "amp/unitree/crc.hpp"
#include "driver.hpp"
#include "topic.hpp"

namespace amp::dds {
namespace {

using unitree::Options;

constexpr std::int64_t kPatience_ns = 20'000'000;  // for one answer
constexpr std::int64_t kPause_ns = 1'000'000;      // between two rounds
constexpr std::int64_t kGreeting_ns = 50'000'000;
constexpr std::int64_t kDiscovery_ns = 10'000'000'000;

double seconds_since(std::int64_t start_ns) {
  return 1e-9 * static_cast<double>(runtime::now_ns() - start_ns);
}

// A state for every command, from the thread that the command comes in; bare, or with the check
// sums that a robot computes.
template <class Kind>
class AnsweringRobot : Receiver<typename Kind::Command> {
 public:
  AnsweringRobot(const Options& options, bool bare)
      : bare_(bare),
        participant_(options.domain, options.interface),
        writer_(participant_, kStateTopic),
        reader_(participant_, kCommandTopic, *this) {
    if constexpr (std::is_same_v<Kind, Hg>) {
      state_.mode_machine = options.mode_machine.empty() ? 0 : options.mode_machine.front();
    }
  }

  void received(const typename Kind::Command& command, std::int64_t, std::uint64_t) override {
    if (bare_ || unitree::is_sealed(command)) {
      asked_ns_.store(runtime::now_ns());
      send();
    }
  }

  // A G1 is not commanded before its first state, so a robot that is not asked speaks by itself.
  void run(std::int64_t stop_ns) {
    for (std::int64_t time_ns = runtime::now_ns(); time_ns < stop_ns;) {
      if (time_ns - asked_ns_.load() > kGreeting_ns) {
        send();
      }
      runtime::sleep_until(time_ns += kGreeting_ns);
    }
  }

 private:
  void send() {
    ++state_.tick;
    if (!bare_) {
      unitree::seal(state_);
    }
    writer_.write(state_);
  }

  bool bare_;
  std::atomic<std::int64_t> asked_ns_{0};
  typename Kind::State state_{};
  Participant participant_;
  Writer<typename Kind::State> writer_;
  Reader<typename Kind::Command> reader_;
};

template <class Kind>
class BareLoop : Receiver<typename Kind::State> {
 public:
  explicit BareLoop(const Options& options)
      : participant_(options.domain, options.interface),
        writer_(participant_, kCommandTopic),
        reader_(participant_, kStateTopic, *this) {}
  void received(const typename Kind::State&, std::int64_t, std::uint64_t) override { ++count_; }
  void write() { writer_.write(command_); }
  bool read() { return count_.exchange(0) != 0; }

 private:
  typename Kind::Command command_{};
  std::atomic<std::uint64_t> count_{0};
  Participant participant_;
  Writer<typename Kind::Command> writer_;
  Reader<typename Kind::State> reader_;
};

class DriverLoop {
 public:
  explicit DriverLoop(const Options& options) : driver_(make_driver(options)) {}
  void write() { driver_->write(command_); }
  bool read() { return driver_->read(state_); }

 private:
  std::unique_ptr<runtime::Driver> driver_;
  runtime::JointCommand command_{};
  runtime::RobotState state_{};
};

template <class Loop>
bool round_trip(Loop& loop, std::int64_t start_ns) {
  while (!loop.read()) {
    if (runtime::now_ns() - start_ns > kPatience_ns) {
      return false;
    }
  }
  return true;
}

template <class Loop>
std::vector<double> measure(Loop&& loop, std::size_t rounds) {
  std::vector<double> times;
  times.reserve(rounds);
  std::int64_t due_ns = runtime::now_ns();
  const std::int64_t end_ns = due_ns + kDiscovery_ns;
  while (times.size() < rounds && (!times.empty() || due_ns < end_ns)) {
    runtime::sleep_until(due_ns += kPause_ns);
    loop.read();  // a late answer to the round before
    const std::int64_t start_ns = runtime::now_ns();
    loop.write();
    if (round_trip(loop, start_ns)) {
      times.push_back(seconds_since(start_ns));
    }
    due_ns = std::max(due_ns, runtime::now_ns());
  }
  return times;
}

}  // namespace

void answer(const Options& options, bool bare, std::int64_t stop_ns) {
  if (options.family == unitree::Family::go) {
    AnsweringRobot<Go>(options, bare).run(stop_ns);
  } else {
    AnsweringRobot<Hg>(options, bare).run(stop_ns);
  }
}

std::vector<double> round_trips(const Options& options, bool bare, std::size_t rounds) {
  if (!bare) {
    return measure(DriverLoop(options), rounds);
  }
  return options.family == unitree::Family::go ? measure(BareLoop<Go>(options), rounds)
                                               : measure(BareLoop<Hg>(options), rounds);
}

std::vector<double> writes(const Options& options, std::size_t rounds) {
  const auto driver = make_driver(options);
  runtime::JointCommand command{};
  runtime::RobotState state{};
  std::vector<double> times;
  std::int64_t due_ns = runtime::now_ns();
  const std::int64_t end_ns = due_ns + kDiscovery_ns;
  while (options.family == unitree::Family::hg && !driver->read(state) &&
         runtime::now_ns() < end_ns) {
    runtime::sleep_until(due_ns += kPause_ns);
  }
  for (std::size_t i = 0; i < rounds; ++i) {
    runtime::sleep_until(due_ns += kPause_ns);
    const std::int64_t start_ns = runtime::now_ns();
    driver->write(command);
    times.push_back(seconds_since(start_ns));
  }
  return times;
}

}  // namespace amp::dds

#include "rescue.hpp"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include "state_receiver.hpp"

namespace amp::dds {
namespace {

// A loop that stood still damps by itself when it goes on (kOverrun); it is stood in for when it
// stays silent for longer than that, and never sooner than this.
constexpr std::int64_t kLeastSilence_ns = 50'000'000;
constexpr double kOverruns = 2.5;
constexpr std::int64_t kPeriod_ns = 5'000'000;

runtime::JointCommand damping(const runtime::LoopConfig& config) {
  runtime::JointCommand command{};
  for (std::size_t i = 0; i < config.joints; ++i) {
    command.mode[i] = static_cast<std::uint32_t>(runtime::MotorMode::servo);
    command.kd[i] = config.joint[i].damp_kd;
  }
  return command;
}

template <class Kind>
class UnitreeRescue : public Rescue {
 public:
  UnitreeRescue(const unitree::Options& options, const std::string& board)
      : options_(options),
        board_(runtime::Board::attach(board)),
        participant_(options.domain, options.interface),
        states_(participant_, options),
        writer_(participant_, kCommandTopic) {
    const runtime::LoopConfig& config = (*board_)->config;
    const auto overruns_ns =
        static_cast<std::int64_t>(1e9 * kOverruns * config.safety.overrun_timeout_s);
    silence_ns_ = std::max(kLeastSilence_ns, overruns_ns);
    const runtime::JointCommand command = damping(config);
    to_wire(command, options_.map, command_);
    thread_ = std::thread([this] { run(); });
  }
  ~UnitreeRescue() override {
    quit_.store(true);
    thread_.join();
  }
  std::uint64_t count() const override { return count_.load(); }

 private:
  bool loop_is_silent() const {
    const auto& loop = (*board_)->writers[static_cast<std::size_t>(runtime::Role::loop)];
    return (*board_)->running.load() == 1 &&
           (gone(loop.pid.load()) || runtime::now_ns() - loop.heartbeat_ns.load() > silence_ns_);
  }

  // Whether there is no such process, not even one that nobody has waited for.
  static bool gone(std::int64_t pid) {
    return pid != 0 && kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH;
  }

  void run() {
    bool stepped_in = false;
    std::int64_t due_ns = runtime::now_ns();
    while (!quit_.load()) {
      runtime::sleep_until(due_ns += kPeriod_ns);
      const bool silent = loop_is_silent();
      if (silent) {
        count_ += stepped_in ? 0 : 1;
        send();
      }
      stepped_in = silent;
    }
  }

  void send() {
    states_.read(state_, seen_);
    if constexpr (std::is_same_v<Kind, Hg>) {
      if (state_.time_ns == 0) {
        return;
      }
      command_.mode_machine = state_.message.mode_machine;
    }
    unitree::seal(command_);
    writer_.write(command_);
  }

  unitree::Options options_;
  std::unique_ptr<runtime::Board> board_;
  Participant participant_;
  StateReceiver<Kind> states_;
  Writer<typename Kind::Command> writer_;
  typename Kind::Command command_{};
  typename StateReceiver<Kind>::Received state_{};
  std::uint64_t seen_ = 0;
  std::int64_t silence_ns_ = 0;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<bool> quit_{false};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Rescue> make_rescue(const unitree::Options& options, const std::string& board) {
  if (options.family == unitree::Family::go) {
    return std::make_unique<UnitreeRescue<Go>>(options, board);
  }
  return std::make_unique<UnitreeRescue<Hg>>(options, board);
}

}  // namespace amp::dds

#include "driver.hpp"

#include <algorithm>

#include "amp/runtime/fault.hpp"
#include "amp/unitree/remote.hpp"
#include "state_receiver.hpp"

namespace amp::dds {
namespace {

constexpr std::int64_t kForeign_ns = 500'000'000;  // how long another's command counts

template <class Kind>
class UnitreeDriver : public runtime::Driver {
 public:
  explicit UnitreeDriver(const unitree::Options& options)
      : options_(options),
        participant_(options.domain, options.interface),
        states_(participant_, options),
        others_(participant_) {
    if (!options.dry_run) {
      writer_ = std::make_unique<Writer<Command>>(participant_, kCommandTopic);
    }
  }

  bool read(runtime::RobotState& state) override {
    faults_ &= ~static_cast<std::uint64_t>(runtime::kRobotRestart);
    if (!states_.read(received_, seen_)) {
      return false;
    }
    if (received_.restarts != restarts_) {
      restarts_ = received_.restarts;
      faults_ |= runtime::kRobotRestart;
    }
    check_variant();
    set(runtime::kEstop, stop_pressed(unitree::decode_remote(received_.message.wireless_remote)));
    convert(received_, options_.map, state);
    return true;
  }

  bool write(const runtime::JointCommand& command) override {
    if (writer_ == nullptr || !may_send()) {
      return true;
    }
    to_wire(command, options_.map, command_);
    if constexpr (std::is_same_v<Kind, Hg>) {
      command_.mode_machine = received_.message.mode_machine;
    }
    unitree::seal(command_);
    return writer_->write(command_);
  }

  std::uint64_t faults() override {
    const std::int64_t last_ns = others_.last_ns();
    set(runtime::kSecondPublisher, last_ns != 0 && runtime::now_ns() - last_ns < kForeign_ns);
    return faults_;
  }

  const char* name() const override { return "dds"; }

 private:
  using Command = typename Kind::Command;

  void set(std::uint64_t fault, bool on) { faults_ = on ? faults_ | fault : faults_ & ~fault; }

  void check_variant() {
    if constexpr (std::is_same_v<Kind, Hg>) {
      const auto& known = options_.mode_machine;
      const std::uint8_t machine = received_.message.mode_machine;
      const bool unknown = received_.plain != 0 && machine == 0;
      set(runtime::kWrongVariant,
          !unknown && std::find(known.begin(), known.end(), machine) == known.end());
    }
  }

  bool may_send() const {
    return std::is_same_v<Kind, Go> ||
           (received_.time_ns != 0 && (faults_ & runtime::kWrongVariant) == 0);
  }

  unitree::Options options_;
  Participant participant_;
  StateReceiver<Kind> states_;
  CommandWatch<Kind> others_;
  std::unique_ptr<Writer<Command>> writer_;
  typename StateReceiver<Kind>::Received received_{};
  Command command_{};
  std::uint64_t seen_ = 0, restarts_ = 0, faults_ = 0;
};

}  // namespace

std::unique_ptr<runtime::Driver> make_driver(const unitree::Options& options) {
  if (options.family == unitree::Family::go) {
    return std::make_unique<UnitreeDriver<Go>>(options);
  }
  return std::make_unique<UnitreeDriver<Hg>>(options);
}

}  // namespace amp::dds

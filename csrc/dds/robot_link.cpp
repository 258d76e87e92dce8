#include "robot_link.hpp"

#include "state_receiver.hpp"

namespace amp::dds {
namespace {

template <class Kind>
class UnitreeLink : public RobotLink {
 public:
  explicit UnitreeLink(const unitree::Options& options)
      : options_(options),
        participant_(options.domain, options.interface),
        states_(participant_, options),
        others_(participant_) {}

  bool read(runtime::RobotState& state) override {
    if (!states_.read(received_, seen_)) {
      return false;
    }
    convert(received_, options_.map, state);
    return true;
  }

  LinkStatus status() const override {
    LinkStatus status;
    const LinkCounters& counters = states_.counters();
    status.received = counters.received;
    status.plain = counters.plain;
    status.crc_errors = counters.crc_errors;
    status.out_of_order = counters.out_of_order;
    status.restarts = counters.restarts;
    status.foreign_commands = others_.count();
    status.last_foreign_ns = others_.last_ns();
    if constexpr (std::is_same_v<Kind, Hg>) {
      status.mode_machine = received_.message.mode_machine;
    }
    status.remote = unitree::decode_remote(received_.message.wireless_remote);
    return status;
  }

  std::vector<std::string> state_types() const override {
    return participant_.publishers(kStateTopic);
  }
  std::vector<std::string> command_types() const override {
    return participant_.publishers(kCommandTopic);
  }

 private:
  unitree::Options options_;
  Participant participant_;
  StateReceiver<Kind> states_;
  CommandWatch<Kind> others_;
  typename StateReceiver<Kind>::Received received_{};
  std::uint64_t seen_ = 0;
};

}  // namespace

std::unique_ptr<RobotLink> make_robot_link(const unitree::Options& options) {
  if (options.family == unitree::Family::go) {
    return std::make_unique<UnitreeLink<Go>>(options);
  }
  return std::make_unique<UnitreeLink<Hg>>(options);
}

}  // namespace amp::dds

#include "amp/runtime/flight_recorder.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <type_traits>

namespace amp::runtime {

namespace {

constexpr double kRingTime = 4.0;  // what the disk may be behind by, in seconds

// A member of TickRecord or PolicyTarget.
struct Member {
  const char* name;
  const char* type;
  std::size_t offset, element, count;
  bool per_joint;
};

template <class T>
constexpr const char* type_name() {
  if constexpr (std::is_same_v<T, double>) {
    return "<f8";
  } else if constexpr (std::is_same_v<T, float>) {
    return "<f4";
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return "<i8";
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    return "<u8";
  } else {
    static_assert(std::is_same_v<T, std::uint32_t>);
    return "<u4";
  }
}

template <class T>
constexpr Member member(const char* name, std::size_t offset) {
  using Element = std::remove_extent_t<T>;
  const std::size_t extent = std::extent_v<T>;
  return {name, type_name<Element>(), offset, sizeof(Element), extent, extent == kMaxJoints};
}

#define TICK(path) member<decltype(TickRecord::path)>(#path, offsetof(TickRecord, path))
#define IN_TICK(part, path)                               \
  member<decltype(std::declval<TickRecord>().part.path)>( \
      #part "." #path, offsetof(TickRecord, part) + offsetof(decltype(TickRecord::part), path))
#define TIMING(path)                  \
  member<decltype(TickTiming::path)>( \
      "timing." #path,                \
      offsetof(TickRecord, status) + offsetof(LoopStatus, timing) + offsetof(TickTiming, path))
#define POLICY(path) member<decltype(PolicyTarget::path)>(#path, offsetof(PolicyTarget, path))

const Member kTick[] = {
    TIMING(time_ns),
    TIMING(period_ns),
    TIMING(lateness_ns),
    TIMING(compute_ns),
    TIMING(state_age_ns),
    TIMING(target_age_ns),
    TIMING(policy_latency_ns),
    IN_TICK(status, tick),
    IN_TICK(status, faults),
    IN_TICK(status, first_faults),
    IN_TICK(status, fault_tick),
    IN_TICK(status, velocity_command),
    IN_TICK(status, blend),
    TICK(has_state),
    TICK(has_target),
    IN_TICK(target, sequence),
    IN_TICK(target, policy),
    IN_TICK(state, time_ns),
    IN_TICK(state, tick),
    IN_TICK(state, quat_wxyz),
    IN_TICK(state, gyro_b),
    IN_TICK(state, accel_b),
    IN_TICK(state, battery_percent),
    IN_TICK(state, flags),
    IN_TICK(operator_input, time_ns),
    IN_TICK(operator_input, deadman_ns),
    IN_TICK(operator_input, sequence),
    IN_TICK(operator_input, clear_fault),
    IN_TICK(operator_input, velocity_command),
    IN_TICK(command, time_ns),
    IN_TICK(command, tick),
    IN_TICK(state, joint_pos),
    IN_TICK(state, joint_vel),
    IN_TICK(state, joint_torque),
    IN_TICK(state, motor_temperature_c),
    IN_TICK(command, target_pos),
    IN_TICK(command, target_vel),
    IN_TICK(command, torque),
    IN_TICK(command, kp),
    IN_TICK(command, kd),
    IN_TICK(status, mode),
    IN_TICK(status, active_policy),
    IN_TICK(status, wanted_policies),
    IN_TICK(status, stand_done),
    IN_TICK(status, armed),
    IN_TICK(operator_input, requested_mode),
    IN_TICK(operator_input, requested_policy),
    IN_TICK(operator_input, estop),
    IN_TICK(command, mode),
};

const Member kPolicy[] = {
    POLICY(time_ns),  POLICY(written_ns), POLICY(state_tick), POLICY(sequence), POLICY(policy),
    POLICY(obs_size), POLICY(command),    POLICY(target),     POLICY(action),
};

#undef TICK
#undef IN_TICK
#undef TIMING
#undef POLICY

// Whether `path` is a flight record that has its header and nothing else yet.
bool holds_header_only(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = file ? static_cast<std::uint64_t>(file.tellg()) : 0;
  char magic[8] = {};
  std::uint32_t numbers[2] = {};  // version, start
  file.seekg(0);
  file.read(magic, sizeof magic);
  file.read(reinterpret_cast<char*>(numbers), sizeof numbers);
  return file && std::memcmp(magic, "AMPFLOG\n", sizeof magic) == 0 && numbers[0] == 1 &&
         numbers[1] == size;
}

template <std::size_t N>
std::size_t lay_out(const Member (&members)[N], std::size_t joints,
                    std::vector<RecordField>& fields) {
  std::size_t at = 0;
  for (const Member& m : members) {
    const std::size_t count = m.per_joint ? joints : m.count;
    fields.push_back({m.name, m.type, count, at});
    at += std::max<std::size_t>(1, count) * m.element;
  }
  return at;
}

}  // namespace

RecordLayout::RecordLayout(std::size_t joints) {
  tick_bytes = lay_out(kTick, joints, tick);
  policy_bytes = lay_out(kPolicy, joints, policy);
  cell_bytes = (sizeof(CellHead) + tick_bytes + 7) / 8 * 8;
}

std::unique_ptr<FlightRecorder> FlightRecorder::open(const std::string& path,
                                                     const LoopConfig& config, std::string& error) {
  if (config.joints < 1 || config.joints > kMaxJoints || !(config.period_s > 0.0)) {
    error = "the configuration has no joints or no period";
    return nullptr;
  }
  if (!holds_header_only(path)) {
    error = path + " is no flight record that was just begun";
    return nullptr;
  }
  const RecordLayout layout(config.joints);
  RecorderConfig recorder;
  recorder.cell_bytes = layout.cell_bytes;
  // as many again: policy records take several cells
  const double ticks = std::min(1e5, kRingTime / config.period_s);
  recorder.ring_cells = 64 + 2 * static_cast<std::size_t>(std::ceil(ticks));
  auto ring = Recorder::open(path, recorder, error);
  if (ring == nullptr) {
    return nullptr;
  }
  return std::unique_ptr<FlightRecorder>(new FlightRecorder(std::move(ring), config.joints));
}

FlightRecorder::FlightRecorder(std::unique_ptr<Recorder> recorder, std::size_t joints)
    : layout_(joints), recorder_(std::move(recorder)) {
  const auto copies = [](const Member* members, const std::vector<RecordField>& fields,
                         std::vector<Copy>& out) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      out.push_back({members[i].offset, fields[i].offset,
                     std::max<std::size_t>(1, fields[i].count) * members[i].element});
    }
  };
  copies(kTick, layout_.tick, tick_copies_);
  copies(kPolicy, layout_.policy, policy_copies_);
  policy_.resize(layout_.policy_bytes + kMaxObservation * sizeof(float));
}

void FlightRecorder::record(const TickRecord& tick) {
  if (tick.has_target != 0) {
    const auto* from = reinterpret_cast<const std::byte*>(&tick.target);
    for (const Copy& copy : policy_copies_) {
      std::memcpy(policy_.data() + copy.to, from + copy.from, copy.size);
    }
    const std::size_t obs = std::min<std::size_t>(tick.target.obs_size, kMaxObservation);
    std::memcpy(policy_.data() + layout_.policy_bytes, tick.target.observation,
                obs * sizeof(float));
    recorder_->put_record(CellKind::policy, policy_.data(),
                          layout_.policy_bytes + obs * sizeof(float));
  }
  if (std::byte* payload = recorder_->next()) {
    const auto* from = reinterpret_cast<const std::byte*>(&tick);
    for (const Copy& copy : tick_copies_) {
      std::memcpy(payload + copy.to, from + copy.from, copy.size);
    }
    recorder_->put(CellKind::tick, 0);
  }
}

}  // namespace amp::runtime

// The structs that idlc makes of csrc/dds/idl have the layout of amp/unitree/messages.hpp, field by
// field, so that a pointer to one can be used for the other.
#include "topic.hpp"
#include "unitree_go.h"
#include "unitree_hg.h"

#define AMP_SAME(field)                                             \
  static_assert(offsetof(Ours, field) == offsetof(Theirs, field) && \
                    sizeof(Ours{}.field) == sizeof(Theirs{}.field), \
                "another layout than in the IDL");
#define AMP_LAYOUT(family, ours, theirs, FIELDS)                                       \
  namespace family##_##ours {                                                          \
    using Ours = unitree::family::ours;                                                \
    using Theirs = unitree_##family##_msg_dds__##theirs##_;                            \
    static_assert(sizeof(Ours) == sizeof(Theirs) && alignof(Ours) == alignof(Theirs)); \
    FIELDS(AMP_SAME)                                                                   \
  }

// clang-format off
#define AMP_MOTOR_CMD(X) X(mode) X(q) X(dq) X(tau) X(kp) X(kd) X(reserve)
#define AMP_IMU(X) X(quaternion) X(gyroscope) X(accelerometer) X(rpy) X(temperature)
#define AMP_MOTOR(X) X(mode) X(q) X(dq) X(ddq) X(tau_est) X(temperature) X(reserve)
#define AMP_HEAD(X) X(head) X(level_flag) X(frame_reserve) X(sn) X(version) X(bandwidth)

#define AMP_GO_BMS_CMD(X) X(off) X(reserve)
#define AMP_GO_LOW_CMD(X) \
  AMP_HEAD(X) X(motor_cmd) X(bms_cmd) X(wireless_remote) X(led) X(fan) X(gpio) X(reserve) X(crc)
#define AMP_GO_MOTOR(X) AMP_MOTOR(X) X(q_raw) X(dq_raw) X(ddq_raw) X(lost)
#define AMP_GO_BMS(X) \
  X(version_high) X(version_low) X(status) X(soc) X(current) X(cycle) X(bq_ntc) X(mcu_ntc) \
  X(cell_vol)
#define AMP_GO_LOW_STATE(X) \
  AMP_HEAD(X) X(imu_state) X(motor_state) X(bms_state) X(foot_force) X(foot_force_est) X(tick) \
  X(wireless_remote) X(bit_flag) X(adc_reel) X(temperature_ntc1) X(temperature_ntc2) \
  X(power_v) X(power_a) X(fan_frequency) X(reserve) X(crc)

#define AMP_HG_LOW_CMD(X) X(mode_pr) X(mode_machine) X(motor_cmd) X(reserve) X(crc)
#define AMP_HG_MOTOR(X) AMP_MOTOR(X) X(vol) X(sensor) X(motorstate)
#define AMP_HG_LOW_STATE(X) \
  X(version) X(mode_pr) X(mode_machine) X(tick) X(imu_state) X(motor_state) \
  X(wireless_remote) X(reserve) X(crc)
// clang-format on

namespace amp::dds {

AMP_LAYOUT(go, MotorCmd, MotorCmd, AMP_MOTOR_CMD)
AMP_LAYOUT(go, BmsCmd, BmsCmd, AMP_GO_BMS_CMD)
AMP_LAYOUT(go, LowCmd, LowCmd, AMP_GO_LOW_CMD)
AMP_LAYOUT(go, ImuState, IMUState, AMP_IMU)
AMP_LAYOUT(go, MotorState, MotorState, AMP_GO_MOTOR)
AMP_LAYOUT(go, BmsState, BmsState, AMP_GO_BMS)
AMP_LAYOUT(go, LowState, LowState, AMP_GO_LOW_STATE)

AMP_LAYOUT(hg, MotorCmd, MotorCmd, AMP_MOTOR_CMD)
AMP_LAYOUT(hg, LowCmd, LowCmd, AMP_HG_LOW_CMD)
AMP_LAYOUT(hg, ImuState, IMUState, AMP_IMU)
AMP_LAYOUT(hg, MotorState, MotorState, AMP_HG_MOTOR)
AMP_LAYOUT(hg, LowState, LowState, AMP_HG_LOW_STATE)

template <>
const dds_topic_descriptor_t* descriptor<unitree::go::LowCmd>() {
  return &unitree_go_msg_dds__LowCmd__desc;
}
template <>
const dds_topic_descriptor_t* descriptor<unitree::go::LowState>() {
  return &unitree_go_msg_dds__LowState__desc;
}
template <>
const dds_topic_descriptor_t* descriptor<unitree::hg::LowCmd>() {
  return &unitree_hg_msg_dds__LowCmd__desc;
}
template <>
const dds_topic_descriptor_t* descriptor<unitree::hg::LowState>() {
  return &unitree_hg_msg_dds__LowState__desc;
}

}  // namespace amp::dds

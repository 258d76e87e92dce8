// The structs that idlc makes of csrc/dds/idl have the layout of amp/unitree/messages.hpp, field by
// field, so that a pointer to one can be used for the other.
#include "topic.hpp"
#include "unitree_go.h"
#include "unitree_hg.h"

#define AMP_SAME(ours, theirs, field)                               \
  static_assert(offsetof(ours, field) == offsetof(theirs, field) && \
                sizeof(ours{}.field) == sizeof(theirs{}.field))
#define AMP_SAME_SIZE(ours, theirs) \
  static_assert(sizeof(ours) == sizeof(theirs) && alignof(ours) == alignof(theirs))

namespace amp::dds {
namespace go {

using namespace unitree::go;
using DdsMotorCmd = unitree_go_msg_dds__MotorCmd_;
using DdsLowCmd = unitree_go_msg_dds__LowCmd_;
using DdsImuState = unitree_go_msg_dds__IMUState_;
using DdsMotorState = unitree_go_msg_dds__MotorState_;
using DdsBmsState = unitree_go_msg_dds__BmsState_;
using DdsLowState = unitree_go_msg_dds__LowState_;

AMP_SAME_SIZE(MotorCmd, DdsMotorCmd);
AMP_SAME(MotorCmd, DdsMotorCmd, mode);
AMP_SAME(MotorCmd, DdsMotorCmd, q);
AMP_SAME(MotorCmd, DdsMotorCmd, dq);
AMP_SAME(MotorCmd, DdsMotorCmd, tau);
AMP_SAME(MotorCmd, DdsMotorCmd, kp);
AMP_SAME(MotorCmd, DdsMotorCmd, kd);
AMP_SAME(MotorCmd, DdsMotorCmd, reserve);

AMP_SAME_SIZE(LowCmd, DdsLowCmd);
AMP_SAME(LowCmd, DdsLowCmd, head);
AMP_SAME(LowCmd, DdsLowCmd, level_flag);
AMP_SAME(LowCmd, DdsLowCmd, frame_reserve);
AMP_SAME(LowCmd, DdsLowCmd, sn);
AMP_SAME(LowCmd, DdsLowCmd, version);
AMP_SAME(LowCmd, DdsLowCmd, bandwidth);
AMP_SAME(LowCmd, DdsLowCmd, motor_cmd);
AMP_SAME(LowCmd, DdsLowCmd, bms_cmd);
AMP_SAME(LowCmd, DdsLowCmd, wireless_remote);
AMP_SAME(LowCmd, DdsLowCmd, led);
AMP_SAME(LowCmd, DdsLowCmd, fan);
AMP_SAME(LowCmd, DdsLowCmd, gpio);
AMP_SAME(LowCmd, DdsLowCmd, reserve);
AMP_SAME(LowCmd, DdsLowCmd, crc);

AMP_SAME_SIZE(ImuState, DdsImuState);
AMP_SAME(ImuState, DdsImuState, quaternion);
AMP_SAME(ImuState, DdsImuState, gyroscope);
AMP_SAME(ImuState, DdsImuState, accelerometer);
AMP_SAME(ImuState, DdsImuState, rpy);
AMP_SAME(ImuState, DdsImuState, temperature);

AMP_SAME_SIZE(MotorState, DdsMotorState);
AMP_SAME(MotorState, DdsMotorState, mode);
AMP_SAME(MotorState, DdsMotorState, q);
AMP_SAME(MotorState, DdsMotorState, dq);
AMP_SAME(MotorState, DdsMotorState, ddq);
AMP_SAME(MotorState, DdsMotorState, tau_est);
AMP_SAME(MotorState, DdsMotorState, q_raw);
AMP_SAME(MotorState, DdsMotorState, dq_raw);
AMP_SAME(MotorState, DdsMotorState, ddq_raw);
AMP_SAME(MotorState, DdsMotorState, temperature);
AMP_SAME(MotorState, DdsMotorState, lost);
AMP_SAME(MotorState, DdsMotorState, reserve);

AMP_SAME_SIZE(BmsState, DdsBmsState);
AMP_SAME(BmsState, DdsBmsState, soc);
AMP_SAME(BmsState, DdsBmsState, current);
AMP_SAME(BmsState, DdsBmsState, cycle);
AMP_SAME(BmsState, DdsBmsState, bq_ntc);
AMP_SAME(BmsState, DdsBmsState, mcu_ntc);
AMP_SAME(BmsState, DdsBmsState, cell_vol);

AMP_SAME_SIZE(LowState, DdsLowState);
AMP_SAME(LowState, DdsLowState, head);
AMP_SAME(LowState, DdsLowState, level_flag);
AMP_SAME(LowState, DdsLowState, sn);
AMP_SAME(LowState, DdsLowState, version);
AMP_SAME(LowState, DdsLowState, bandwidth);
AMP_SAME(LowState, DdsLowState, imu_state);
AMP_SAME(LowState, DdsLowState, motor_state);
AMP_SAME(LowState, DdsLowState, bms_state);
AMP_SAME(LowState, DdsLowState, foot_force);
AMP_SAME(LowState, DdsLowState, foot_force_est);
AMP_SAME(LowState, DdsLowState, tick);
AMP_SAME(LowState, DdsLowState, wireless_remote);
AMP_SAME(LowState, DdsLowState, bit_flag);
AMP_SAME(LowState, DdsLowState, adc_reel);
AMP_SAME(LowState, DdsLowState, temperature_ntc1);
AMP_SAME(LowState, DdsLowState, temperature_ntc2);
AMP_SAME(LowState, DdsLowState, power_v);
AMP_SAME(LowState, DdsLowState, power_a);
AMP_SAME(LowState, DdsLowState, fan_frequency);
AMP_SAME(LowState, DdsLowState, reserve);
AMP_SAME(LowState, DdsLowState, crc);

}  // namespace go

namespace hg {

using namespace unitree::hg;
using DdsMotorCmd = unitree_hg_msg_dds__MotorCmd_;
using DdsLowCmd = unitree_hg_msg_dds__LowCmd_;
using DdsImuState = unitree_hg_msg_dds__IMUState_;
using DdsMotorState = unitree_hg_msg_dds__MotorState_;
using DdsLowState = unitree_hg_msg_dds__LowState_;

AMP_SAME_SIZE(MotorCmd, DdsMotorCmd);
AMP_SAME(MotorCmd, DdsMotorCmd, mode);
AMP_SAME(MotorCmd, DdsMotorCmd, q);
AMP_SAME(MotorCmd, DdsMotorCmd, dq);
AMP_SAME(MotorCmd, DdsMotorCmd, tau);
AMP_SAME(MotorCmd, DdsMotorCmd, kp);
AMP_SAME(MotorCmd, DdsMotorCmd, kd);
AMP_SAME(MotorCmd, DdsMotorCmd, reserve);

AMP_SAME_SIZE(LowCmd, DdsLowCmd);
AMP_SAME(LowCmd, DdsLowCmd, mode_pr);
AMP_SAME(LowCmd, DdsLowCmd, mode_machine);
AMP_SAME(LowCmd, DdsLowCmd, motor_cmd);
AMP_SAME(LowCmd, DdsLowCmd, reserve);
AMP_SAME(LowCmd, DdsLowCmd, crc);

AMP_SAME_SIZE(ImuState, DdsImuState);
AMP_SAME(ImuState, DdsImuState, quaternion);
AMP_SAME(ImuState, DdsImuState, gyroscope);
AMP_SAME(ImuState, DdsImuState, accelerometer);
AMP_SAME(ImuState, DdsImuState, rpy);
AMP_SAME(ImuState, DdsImuState, temperature);

AMP_SAME_SIZE(MotorState, DdsMotorState);
AMP_SAME(MotorState, DdsMotorState, mode);
AMP_SAME(MotorState, DdsMotorState, q);
AMP_SAME(MotorState, DdsMotorState, dq);
AMP_SAME(MotorState, DdsMotorState, ddq);
AMP_SAME(MotorState, DdsMotorState, tau_est);
AMP_SAME(MotorState, DdsMotorState, temperature);
AMP_SAME(MotorState, DdsMotorState, vol);
AMP_SAME(MotorState, DdsMotorState, sensor);
AMP_SAME(MotorState, DdsMotorState, motorstate);
AMP_SAME(MotorState, DdsMotorState, reserve);

AMP_SAME_SIZE(LowState, DdsLowState);
AMP_SAME(LowState, DdsLowState, version);
AMP_SAME(LowState, DdsLowState, mode_pr);
AMP_SAME(LowState, DdsLowState, mode_machine);
AMP_SAME(LowState, DdsLowState, tick);
AMP_SAME(LowState, DdsLowState, imu_state);
AMP_SAME(LowState, DdsLowState, motor_state);
AMP_SAME(LowState, DdsLowState, wireless_remote);
AMP_SAME(LowState, DdsLowState, reserve);
AMP_SAME(LowState, DdsLowState, crc);

}  // namespace hg

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

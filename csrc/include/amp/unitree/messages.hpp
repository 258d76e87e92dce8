// Unitree's low-level messages as the robot's own computer lays them out in memory.
//
// The CRC of a message covers these bytes, not those on the wire, so the padding that a compiler
// would insert is written out as fields, always zero. csrc/dds compares every field's place with
// the structs that idlc makes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amp::unitree {

constexpr std::size_t kRemoteSize = 40;
using Remote40 = std::uint8_t[kRemoteSize];  // wireless_remote, see remote.hpp

// Go2: unitree_go::msg::dds_
namespace go {

constexpr std::size_t kMotors = 20;
// what an idle motor is told to reach: "no position", "no speed"
constexpr float kPosStop = 2.146e9F, kVelStop = 16000.0F;
constexpr std::uint8_t kHead[2] = {0xFE, 0xEF}, kLevelFlag = 0xFF, kServo = 0x01;

struct MotorCmd {
  std::uint8_t mode, pad0[3];
  float q, dq, tau, kp, kd;
  std::uint32_t reserve[3];
};

struct BmsCmd {
  std::uint8_t off, reserve[3];
};

struct LowCmd {
  std::uint8_t head[2], level_flag, frame_reserve;
  std::uint32_t sn[2], version[2];
  std::uint16_t bandwidth;
  std::uint8_t pad0[2];
  MotorCmd motor_cmd[kMotors];
  BmsCmd bms_cmd;
  Remote40 wireless_remote;
  std::uint8_t led[12], fan[2], gpio, pad1;
  std::uint32_t reserve, crc;
};

struct ImuState {
  float quaternion[4], gyroscope[3], accelerometer[3], rpy[3];
  std::uint8_t temperature, pad0[3];
};

struct MotorState {
  std::uint8_t mode, pad0[3];
  float q, dq, ddq, tau_est, q_raw, dq_raw, ddq_raw;
  std::uint8_t temperature, pad1[3];
  std::uint32_t lost, reserve[2];
};

struct BmsState {
  std::uint8_t version_high, version_low, status, soc;
  std::int32_t current;
  std::uint16_t cycle;
  std::uint8_t bq_ntc[2], mcu_ntc[2];
  std::uint16_t cell_vol[15];
};

struct LowState {
  std::uint8_t head[2], level_flag, frame_reserve;
  std::uint32_t sn[2], version[2];
  std::uint16_t bandwidth;
  std::uint8_t pad0[2];
  ImuState imu_state;
  MotorState motor_state[kMotors];
  BmsState bms_state;
  std::int16_t foot_force[4], foot_force_est[4];
  std::uint32_t tick;
  Remote40 wireless_remote;
  std::uint8_t bit_flag, pad1[3];
  float adc_reel;
  std::uint8_t temperature_ntc1, temperature_ntc2, pad2[2];
  float power_v, power_a;
  std::uint16_t fan_frequency[4];
  std::uint32_t reserve, crc;
};

static_assert(sizeof(LowCmd) == 812 && sizeof(LowState) == 1180);

}  // namespace go

// G1: unitree_hg::msg::dds_
namespace hg {

constexpr std::size_t kMotors = 35;
constexpr std::uint8_t kEnabled = 1, kDisabled = 0, kPitchRoll = 0;

struct MotorCmd {
  std::uint8_t mode, pad0[3];
  float q, dq, tau, kp, kd;
  std::uint32_t reserve;
};

struct LowCmd {
  std::uint8_t mode_pr, mode_machine, pad0[2];
  MotorCmd motor_cmd[kMotors];
  std::uint32_t reserve[4], crc;
};

struct ImuState {
  float quaternion[4], gyroscope[3], accelerometer[3], rpy[3];
  std::int16_t temperature;
  std::uint8_t pad0[2];
};

struct MotorState {
  std::uint8_t mode, pad0[3];
  float q, dq, ddq, tau_est;
  std::int16_t temperature[2];  // casing, winding
  float vol;
  std::uint32_t sensor[2], motorstate, reserve[4];
};

struct LowState {
  std::uint32_t version[2];
  std::uint8_t mode_pr, mode_machine, pad0[2];
  std::uint32_t tick;
  ImuState imu_state;
  MotorState motor_state[kMotors];
  Remote40 wireless_remote;
  std::uint32_t reserve[4], crc;
};

static_assert(sizeof(LowCmd) == 1004 && sizeof(LowState) == 2092);

}  // namespace hg

}  // namespace amp::unitree

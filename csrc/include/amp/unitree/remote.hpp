// The robot's remote control: the 40 bytes of wireless_remote in every state.
#pragma once

#include <cstdint>

#include "amp/unitree/messages.hpp"

namespace amp::unitree {

enum Button : std::uint16_t {
  kR1 = 1U << 0U,
  kL1 = 1U << 1U,
  kStart = 1U << 2U,
  kSelect = 1U << 3U,
  kR2 = 1U << 4U,
  kL2 = 1U << 5U,
  kF1 = 1U << 6U,
  kF2 = 1U << 7U,
  kA = 1U << 8U,
  kB = 1U << 9U,
  kX = 1U << 10U,
  kY = 1U << 11U,
  kUp = 1U << 12U,
  kRight = 1U << 13U,
  kDown = 1U << 14U,
  kLeft = 1U << 15U,
};

struct Remote {
  std::uint16_t buttons = 0;             // of Button
  float lx = 0, ly = 0, rx = 0, ry = 0;  // -1 to 1; x to the right, y forward
};

// Sticks that are not finite read as 0, those beyond their range as its end.
Remote decode_remote(const Remote40& bytes);
void encode_remote(const Remote& remote, Remote40& bytes);

// The buttons that stop the robot at once: L2 and B together.
inline bool stop_pressed(const Remote& remote) {
  return (remote.buttons & kL2) != 0 && (remote.buttons & kB) != 0;
}

}  // namespace amp::unitree

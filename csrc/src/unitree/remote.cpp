#include "amp/unitree/remote.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace amp::unitree {
namespace {

// where the values stand among the 40 bytes
constexpr std::size_t kButtonsAt = 2, kLxAt = 4, kRxAt = 8, kRyAt = 12, kLyAt = 20;

float stick(const Remote40& bytes, std::size_t at) {
  float value = 0.0F;
  std::memcpy(&value, bytes + at, sizeof(value));
  return std::isfinite(value) ? std::clamp(value, -1.0F, 1.0F) : 0.0F;
}

void put(Remote40& bytes, std::size_t at, float value) {
  std::memcpy(bytes + at, &value, sizeof(value));
}

}  // namespace

Remote decode_remote(const Remote40& bytes) {
  Remote remote;
  std::memcpy(&remote.buttons, bytes + kButtonsAt, sizeof(remote.buttons));
  remote.lx = stick(bytes, kLxAt);
  remote.rx = stick(bytes, kRxAt);
  remote.ry = stick(bytes, kRyAt);
  remote.ly = stick(bytes, kLyAt);
  return remote;
}

void encode_remote(const Remote& remote, Remote40& bytes) {
  std::memset(bytes, 0, sizeof(bytes));
  std::memcpy(bytes + kButtonsAt, &remote.buttons, sizeof(remote.buttons));
  put(bytes, kLxAt, remote.lx);
  put(bytes, kRxAt, remote.rx);
  put(bytes, kRyAt, remote.ry);
  put(bytes, kLyAt, remote.ly);
}

}  // namespace amp::unitree

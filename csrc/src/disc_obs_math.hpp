// The terms of the discriminator observation, one function each, for the CPU loops and the CUDA
// kernel alike. See amp/disc_obs.hpp for the layout.
//
// Everything is in an unnamed namespace on purpose: see isa.hpp.
#pragma once

#include "amp/kernels.hpp"

#if defined(__CUDACC__)
#define AMP_SQRT sqrt
#else
#define AMP_SQRT __builtin_sqrt
#endif

namespace amp {
namespace {

// The position of a window's last step, and the cosine and sine of its heading.
struct Frame {
  float x, y;
  float cos, sin;
};

AMP_HOST_DEVICE Frame frame_of(const DiscObsArgs& args, std::size_t window) {
  const std::size_t last = window * args.steps + args.steps - 1;
  const float* position = args.root_pos.data + 3 * last;
  Frame frame{position[0], position[1], 1.0F, 0.0F};
  if (!args.heading_invariant) {
    return frame;
  }
  // The heading of a root that points almost straight up rests on the last bits of its quaternion:
  // double precision keeps them, and products of float32 cannot underflow in it.
  const float* quat = args.root_quat.data + 4 * last;
  const double w = quat[0], x = quat[1], y = quat[2], z = quat[3];
  const double forward_x = w * w + x * x - y * y - z * z;
  const double forward_y = 2.0 * (x * y + w * z);
  const double length = AMP_SQRT(forward_x * forward_x + forward_y * forward_y);
  if (length > 0.0) {
    frame.cos = static_cast<float>(forward_x / length);
    frame.sin = static_cast<float>(forward_y / length);
  }
  return frame;
}

// (x, y, z) turned by minus the frame's heading, into three floats at `out`.
AMP_HOST_DEVICE void turn(const Frame& frame, float x, float y, float z, float* out) {
  out[0] = frame.cos * x + frame.sin * y;
  out[1] = frame.cos * y - frame.sin * x;
  out[2] = z;
}

// The rotated x axis, then the rotated z axis, of a unit quaternion.
AMP_HOST_DEVICE void two_axes(float w, float x, float y, float z, float* out) {
  out[0] = 1.0F - 2.0F * (y * y + z * z);
  out[1] = 2.0F * (x * y + w * z);
  out[2] = 2.0F * (x * z - w * y);
  out[3] = 2.0F * (x * z + w * y);
  out[4] = 2.0F * (y * z - w * x);
  out[5] = 1.0F - 2.0F * (x * x + y * y);
}

// The root's position, 3 or 2 floats.
AMP_HOST_DEVICE void root_position(const DiscObsArgs& args, const Frame& frame, std::size_t step,
                                   float* out) {
  const float* position = args.root_pos.data + 3 * step;
  float turned[3];
  turn(frame, position[0] - frame.x, position[1] - frame.y, position[2], turned);
  out[0] = turned[0];
  out[1] = turned[1];
  if (args.root_height) {
    out[2] = turned[2];
  }
}

// The root's rotation, 6 floats.
AMP_HOST_DEVICE void root_rotation(const DiscObsArgs& args, const Frame& frame, std::size_t step,
                                   float* out) {
  const float* quat = args.root_quat.data + 4 * step;
  float world[6];
  two_axes(quat[0], quat[1], quat[2], quat[3], world);
  turn(frame, world[0], world[1], world[2], out);
  turn(frame, world[3], world[4], world[5], out + 3);
}

// Key body `key` of the step, 3 floats.
AMP_HOST_DEVICE void key_position(const DiscObsArgs& args, const Frame& frame, std::size_t step,
                                  std::size_t key, float* out) {
  const float* root = args.root_pos.data + 3 * step;
  const float* body = args.key_pos.data + 3 * (args.keys * step + key);
  turn(frame, body[0] - root[0], body[1] - root[1], body[2] - root[2], out);
}

// The root's linear and angular velocity, 6 floats.
AMP_HOST_DEVICE void root_velocity(const DiscObsArgs& args, const Frame& frame, std::size_t step,
                                   float* out) {
  const float* linear = args.root_lin_vel.data + 3 * step;
  const float* angular = args.root_ang_vel.data + 3 * step;
  turn(frame, linear[0], linear[1], linear[2], out);
  turn(frame, angular[0], angular[1], angular[2], out + 3);
}

}  // namespace
}  // namespace amp

// The work of one CUDA block on the discriminator observation: a tile of consecutive steps.
//
// Reads and writes of global memory are contiguous over the threads; a tile of results is put
// together in shared memory. Each function is one phase between two barriers and runs for one
// thread, on the device or on the host, where the unit tests run a whole block thread by thread.
#pragma once

#include "../src/disc_obs_math.hpp"

namespace amp::cuda {
namespace {

struct Tile {
  std::size_t first_step;  // counted over all windows
  unsigned steps;
  unsigned threads;
};

// A tile holds about this many bytes of results, small enough for many blocks per multiprocessor.
constexpr std::size_t kTileBytes = 10 * 1024;
constexpr std::size_t kMaxTileSteps = 64;
constexpr unsigned kPad = 4;  // floats, so that the results can start where the output's align

AMP_HOST_DEVICE std::size_t tile_steps(const DiscObsArgs& args) {
  const std::size_t fit = kTileBytes / (sizeof(float) * args.features());
  return fit < 1 ? 1 : (fit > kMaxTileSteps ? kMaxTileSteps : fit);
}

// Floats by which the tile's place in the output is off a multiple of 16 bytes.
AMP_HOST_DEVICE unsigned misalignment(const float* pointer) {
  return static_cast<unsigned>((reinterpret_cast<std::uintptr_t>(pointer) / sizeof(float)) % 4);
}

// Phase 1: what needs no frame, and the frames.
AMP_HOST_DEVICE void tile_joints(const DiscObsArgs& args, const Tile& tile, unsigned thread,
                                 float* results, Frame* frames) {
  const unsigned features = static_cast<unsigned>(args.features());
  const unsigned rotations = static_cast<unsigned>(args.rotations);
  const unsigned velocities = static_cast<unsigned>(args.velocities);
  const unsigned at_joints = static_cast<unsigned>(args.root_features()) + 6;
  for (unsigned i = thread; i < tile.steps; i += tile.threads) {
    frames[i] = frame_of(args, (tile.first_step + i) / args.steps);
  }
  const float* quats = args.joint_rot.data + 4 * args.rotations * tile.first_step;
#if defined(__CUDA_ARCH__)
  const bool aligned = misalignment(quats) == 0;
#endif
  for (unsigned i = thread; i < tile.steps * rotations; i += tile.threads) {
    float* out = results + i / rotations * features + at_joints + i % rotations * 6;
#if defined(__CUDA_ARCH__)
    if (aligned) {
      const float4 quat = __ldcs(reinterpret_cast<const float4*>(quats) + i);
      two_axes(quat.x, quat.y, quat.z, quat.w, out);
      continue;
    }
#endif
    two_axes(quats[4 * i], quats[4 * i + 1], quats[4 * i + 2], quats[4 * i + 3], out);
  }
  const float* speeds = args.joint_vel.data + args.velocities * tile.first_step;
  for (unsigned i = thread; i < tile.steps * velocities; i += tile.threads) {
    results[(i / velocities + 1) * features - velocities + i % velocities] = speeds[i];
  }
}

// Phase 2: what is turned into the frames: per step its position, rotation, velocities and keys.
AMP_HOST_DEVICE void tile_turned(const DiscObsArgs& args, const Tile& tile, unsigned thread,
                                 float* results, const Frame* frames) {
  const unsigned features = static_cast<unsigned>(args.features());
  const unsigned items = 3 + static_cast<unsigned>(args.keys);
  const unsigned at_rotation = static_cast<unsigned>(args.root_features());
  const unsigned at_keys = at_rotation + 6 + 6 * static_cast<unsigned>(args.rotations);
  const unsigned at_velocity = at_keys + 3 * static_cast<unsigned>(args.keys);
  for (unsigned i = thread; i < tile.steps * items; i += tile.threads) {
    const unsigned local = i / items, item = i % items;
    const std::size_t step = tile.first_step + local;
    const Frame& frame = frames[local];
    float* out = results + local * features;
    if (item >= 3) {
      key_position(args, frame, step, item - 3, out + at_keys + 3 * (item - 3));
    } else if (item == 0) {
      root_position(args, frame, step, out);
    } else if (item == 1) {
      root_rotation(args, frame, step, out + at_rotation);
    } else {
      root_velocity(args, frame, step, out + at_velocity);
    }
  }
}

// Phase 3: the results go out, 16 bytes at a time where both sides are aligned. `results` is as
// misaligned as its place in the output.
AMP_HOST_DEVICE void tile_write(const DiscObsArgs& args, const Tile& tile, unsigned thread,
                                const float* results) {
  const unsigned count = tile.steps * static_cast<unsigned>(args.features());
  float* out = args.out.data + tile.first_step * args.features();
  const unsigned off = misalignment(out);
  const unsigned head = off == 0 ? 0 : (4 - off < count ? 4 - off : count);
  const unsigned body = (count - head) / 4;
  if (thread < head) {
    out[thread] = results[thread];
  }
  for (unsigned i = thread; i < body; i += tile.threads) {
    const unsigned at = head + 4 * i;
#if defined(__CUDA_ARCH__)
    *reinterpret_cast<float4*>(out + at) = *reinterpret_cast<const float4*>(results + at);
#else
    for (unsigned j = 0; j < 4; ++j) {
      out[at + j] = results[at + j];
    }
#endif
  }
  for (unsigned i = head + 4 * body + thread; i < count; i += tile.threads) {
    out[i] = results[i];
  }
}

}  // namespace
}  // namespace amp::cuda

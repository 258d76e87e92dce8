// Arguments of the numerical kernels, shared by the CPU and CUDA implementations.
//
// Plain C++17: spans and sizes, no Python. Every array is contiguous, row-major and float32.
#pragma once

#include <cstddef>
#include <cstdint>

// Functions for host and device. Always inlined, so that no copy made for one instruction set is
// shared by the linker with code for another (see src/isa.hpp).
#if defined(__CUDACC__)
#define AMP_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define AMP_HOST_DEVICE inline __attribute__((always_inline))
#endif

namespace amp {

// A pointer with its number of elements (C++17 has no std::span).
template <class T>
struct Span {
  T* data = nullptr;
  std::size_t size = 0;
};

// A boolean array, stored as bytes (0 or not 0) or as float32 (0 or not 0).
struct Flags {
  enum class Type : std::uint8_t { byte, float32 };
  const void* data = nullptr;
  std::size_t size = 0;
  Type type = Type::byte;
};

// Generalised advantage estimation (Schulman et al. 2016, eq. 16), backwards over t:
//
//   delta_t = r_t + gamma V'_t [not failed_t] - V_t
//   A_t     = delta_t + gamma lambda [not done_t] A_{t+1}
//   R_t     = A_t + V_t
//
// V'_t is the value of the observation that followed step t, before any reset: a time-out is done
// but not failed, so it bootstraps. Masks select, they do not multiply: a NaN behind a mask is not
// read. All spans hold steps * columns elements, [T, N].
struct GaeArgs {
  std::size_t steps = 0;
  std::size_t columns = 0;
  Span<const float> rewards, values, next_values;
  Flags failed, done;
  float gamma = 0.0F;
  float gamma_lambda = 0.0F;
  Span<float> advantages, returns;
};

// Discriminator observations of windows of `steps` steps, oldest first. See disc_obs.hpp.
struct DiscObsArgs {
  std::size_t windows = 0;     // N
  std::size_t steps = 0;       // H
  std::size_t rotations = 0;   // J, joint rotations per step
  std::size_t velocities = 0;  // D, joint velocities per step
  std::size_t keys = 0;        // K, key bodies per step
  bool heading_invariant = true;
  bool root_height = true;
  Span<const float> root_pos;      // [N, H, 3]
  Span<const float> root_quat;     // [N, H, 4] wxyz
  Span<const float> root_lin_vel;  // [N, H, 3]
  Span<const float> root_ang_vel;  // [N, H, 3]
  Span<const float> joint_rot;     // [N, H, J, 4] wxyz
  Span<const float> joint_vel;     // [N, H, D]
  Span<const float> key_pos;       // [N, H, K, 3]
  Span<float> out;                 // [N, H * features()]

  AMP_HOST_DEVICE std::size_t root_features() const { return root_height ? 3 : 2; }
  AMP_HOST_DEVICE std::size_t features() const {
    return root_features() + 6 + 6 * rotations + 3 * keys + 6 + velocities;
  }
};

}  // namespace amp

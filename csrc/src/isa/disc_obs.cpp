// The inner loops of the discriminator observation, compiled once per instruction set (see
// isa.hpp).
#include "../disc_obs_math.hpp"
#include "../isa.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace amp {
namespace AMP_ISA {
namespace {

#if defined(__AVX2__)
// two_axes of two quaternions at a time, with the same roundings: compilers write the six results
// of the plain loop one by one. Each half of a register holds one quaternion; where a term is a
// product alone, -0 is added, which changes no number. Returns how many were done.
std::size_t joint_axes_pairs(std::size_t count, const float* __restrict quats,
                             float* __restrict out) {
  const __m256 first_add = _mm256_setr_ps(1, -0.F, -0.F, -0.F, 1, -0.F, -0.F, -0.F);
  const __m256 first_scale = _mm256_setr_ps(-2, 2, 2, 2, -2, 2, 2, 2);
  const __m256 first_sign = _mm256_setr_ps(0, 0, -0.F, 0, 0, 0, -0.F, 0);
  const __m256 last_add = _mm256_setr_ps(-0.F, 1, -0.F, 1, -0.F, 1, -0.F, 1);
  const __m256 last_scale = _mm256_setr_ps(2, -2, 2, -2, 2, -2, 2, -2);
  const __m256 last_sign = _mm256_setr_ps(-0.F, 0, -0.F, 0, -0.F, 0, -0.F, 0);
  std::size_t i = 0;
  for (; i + 2 <= count; i += 2) {
    const __m256 wxyz = _mm256_loadu_ps(quats + 4 * i);
#define AMP_PICK(a, b, c, d) _mm256_permute_ps(wxyz, _MM_SHUFFLE(d, c, b, a))
    // yy, xy, xz, xz, then zz, wz, -wy, wy
    const __m256 a = _mm256_mul_ps(AMP_PICK(2, 1, 1, 1), AMP_PICK(2, 2, 3, 3));
    const __m256 b = _mm256_mul_ps(AMP_PICK(3, 0, 0, 0), AMP_PICK(3, 3, 2, 2));
    // yz, xx, then -wx, yy (twice)
    const __m256 c = _mm256_mul_ps(AMP_PICK(2, 1, 2, 1), AMP_PICK(3, 1, 3, 1));
    const __m256 d = _mm256_mul_ps(AMP_PICK(0, 2, 0, 2), AMP_PICK(1, 2, 1, 2));
#undef AMP_PICK
    const __m256 ab = _mm256_add_ps(a, _mm256_xor_ps(b, first_sign));
    const __m256 cd = _mm256_add_ps(c, _mm256_xor_ps(d, last_sign));
    const __m256 first = _mm256_add_ps(first_add, _mm256_mul_ps(first_scale, ab));
    const __m256 last = _mm256_add_ps(last_add, _mm256_mul_ps(last_scale, cd));
    const __m128 first0 = _mm256_castps256_ps128(first), first1 = _mm256_extractf128_ps(first, 1);
    const __m128 last0 = _mm256_castps256_ps128(last), last1 = _mm256_extractf128_ps(last, 1);
    _mm_storeu_ps(out + 6 * i, first0);
    _mm_storeu_ps(out + 6 * i + 4, _mm_shuffle_ps(last0, first1, _MM_SHUFFLE(1, 0, 1, 0)));
    _mm_storeu_ps(out + 6 * i + 8, _mm_shuffle_ps(first1, last1, _MM_SHUFFLE(1, 0, 3, 2)));
  }
  return i;
}
#else
std::size_t joint_axes_pairs(std::size_t, const float*, float*) { return 0; }
#endif

void joint_axes(std::size_t count, const float* __restrict quats, float* __restrict out) {
  for (std::size_t i = joint_axes_pairs(count, quats, out); i < count; ++i) {
    two_axes(quats[4 * i], quats[4 * i + 1], quats[4 * i + 2], quats[4 * i + 3], out + 6 * i);
  }
}

// All features of one step; returns where the next step's go.
float* one_step(const DiscObsArgs& args, const Frame& frame, std::size_t step, float* out) {
  root_position(args, frame, step, out);
  out += args.root_features();
  root_rotation(args, frame, step, out);
  out += 6;
  joint_axes(args.rotations, args.joint_rot.data + 4 * args.rotations * step, out);
  out += 6 * args.rotations;
  for (std::size_t key = 0; key < args.keys; ++key, out += 3) {
    key_position(args, frame, step, key, out);
  }
  root_velocity(args, frame, step, out);
  out += 6;
  if (args.velocities > 0) {
    __builtin_memcpy(out, args.joint_vel.data + args.velocities * step,
                     args.velocities * sizeof(float));
  }
  return out + args.velocities;
}

// The steps between a request to the memory and its use. The processor follows one stream by
// itself; here several short ones are interleaved.
constexpr std::size_t kAhead = 2;
constexpr std::size_t kLine = 64 / sizeof(float);

void fetch(const float* first, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kLine) {
    __builtin_prefetch(first + i, 0);
  }
}

// Requests the large inputs of `step`, and its place in the output.
void fetch_step(const DiscObsArgs& args, std::size_t step) {
  fetch(args.joint_rot.data + 4 * args.rotations * step, 4 * args.rotations);
  fetch(args.joint_vel.data + args.velocities * step, args.velocities);
  fetch(args.key_pos.data + 3 * args.keys * step, 3 * args.keys);
  const float* out = args.out.data + args.features() * step;
  for (std::size_t i = 0; i < args.features(); i += kLine) {
    __builtin_prefetch(out + i, 1);
  }
}

}  // namespace

void disc_obs_windows(const DiscObsArgs& args, std::size_t begin, std::size_t end) {
  float* out = args.out.data + begin * args.steps * args.features();
  for (std::size_t window = begin; window < end; ++window) {
    const Frame frame = frame_of(args, window);
    for (std::size_t k = 0; k < args.steps; ++k) {
      const std::size_t step = window * args.steps + k;
      if (step + kAhead < end * args.steps) {
        fetch_step(args, step + kAhead);
      }
      out = one_step(args, frame, step, out);
    }
  }
}

}  // namespace AMP_ISA
}  // namespace amp

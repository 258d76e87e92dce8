// The discriminator observation against the formula in double precision, and the same bits
// everywhere.
#include <stdexcept>

#include "amp/disc_obs.hpp"
#include "amp/thread_pool.hpp"
#include "isa.hpp"
#include "windows.hpp"

namespace test = amp::test;
using test::Windows;

namespace {

using Vector = std::vector<double>;

Vector rotated(const float* quat, const Vector& v) {
  const double w = quat[0], x = quat[1], y = quat[2], z = quat[3];
  const Vector t = {2 * (y * v[2] - z * v[1]), 2 * (z * v[0] - x * v[2]),
                    2 * (x * v[1] - y * v[0])};
  return {v[0] + w * t[0] + y * t[2] - z * t[1], v[1] + w * t[1] + z * t[0] - x * t[2],
          v[2] + w * t[2] + x * t[1] - y * t[0]};
}

// Appends `v` turned by minus `yaw`.
void append_turned(Vector& to, double yaw, const Vector& v, bool with_z = true) {
  to.push_back(std::cos(yaw) * v[0] + std::sin(yaw) * v[1]);
  to.push_back(-std::sin(yaw) * v[0] + std::cos(yaw) * v[1]);
  if (with_z) {
    to.push_back(v[2]);
  }
}

Vector vec(const float* v) { return {v[0], v[1], v[2]}; }

Vector minus(const float* a, const float* b) {
  return {double(a[0]) - b[0], double(a[1]) - b[1], double(a[2]) - b[2]};
}

Vector reference(const Windows& w) {
  Vector result;
  const amp::DiscObsArgs& args = w.args;
  for (std::size_t s = 0; s < args.windows * args.steps; ++s) {
    const std::size_t last = s / args.steps * args.steps + args.steps - 1;
    const Vector forward = rotated(&w.quat[4 * last], {1, 0, 0});
    const double yaw = args.heading_invariant ? std::atan2(forward[1], forward[0]) : 0.0;
    Vector position = minus(&w.pos[3 * s], &w.pos[3 * last]);
    position[2] = w.pos[3 * s + 2];
    append_turned(result, yaw, position, args.root_height);
    append_turned(result, yaw, rotated(&w.quat[4 * s], {1, 0, 0}));
    append_turned(result, yaw, rotated(&w.quat[4 * s], {0, 0, 1}));
    for (std::size_t j = s * args.rotations; j < (s + 1) * args.rotations; ++j) {
      append_turned(result, 0.0, rotated(&w.rot[4 * j], {1, 0, 0}));
      append_turned(result, 0.0, rotated(&w.rot[4 * j], {0, 0, 1}));
    }
    for (std::size_t k = s * args.keys; k < (s + 1) * args.keys; ++k) {
      append_turned(result, yaw, minus(&w.key[3 * k], &w.pos[3 * s]));
    }
    append_turned(result, yaw, vec(&w.lin[3 * s]));
    append_turned(result, yaw, vec(&w.ang[3 * s]));
    for (std::size_t d = s * args.velocities; d < (s + 1) * args.velocities; ++d) {
      result.push_back(w.vel[d]);
    }
  }
  return result;
}

void agrees(Windows& w) {
  amp::disc_obs(w.args);
  const Vector expected = reference(w);
  CHECK(expected.size() == w.result.size());
  CHECK(test::difference(w.result, expected) < 1e-6);
  const std::vector<float> first = w.result;
  for (const char* isa : {"baseline", "avx2", "avx512"}) {
    if (!amp::select_isa(isa)) {
      continue;
    }
    for (const std::size_t threads : {1, 2, 5}) {
      amp::set_num_threads(threads);
      w.result.assign(first.size(), -7.0F);
      amp::disc_obs(w.args);
      CHECK(test::same_bits(w.result, first));
    }
  }
}

// A root that points straight up has no heading: nothing is turned.
void straight_up() {
  Windows w(1, 1, 0, 0, 0);
  w.quat = {0.5F, 0.5F, -0.5F, 0.5F};  // x axis to z
  CHECK(rotated(w.quat.data(), {1, 0, 0})[2] == 1.0);
  w.args.root_quat = test::in(w.quat);
  amp::disc_obs(w.args);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(w.result[9 + i] == w.lin[i]);
  }
}

void wrong_sizes_throw() {
  Windows w(2, 3, 4, 5, 6);
  w.args.key_pos.size -= 3;
  bool thrown = false;
  try {
    amp::disc_obs(w.args);
  } catch (const std::invalid_argument&) {
    thrown = true;
  }
  CHECK(thrown);
}

}  // namespace

int main() {
  const std::size_t shapes[][5] = {{1, 1, 0, 0, 0},    {1, 1, 1, 1, 1},     {3, 2, 5, 4, 0},
                                   {2, 10, 30, 29, 5}, {70, 10, 12, 12, 4}, {300, 3, 7, 1, 2}};
  for (const auto& s : shapes) {
    for (const bool heading : {false, true}) {
      for (const bool height : {false, true}) {
        Windows w(s[0], s[1], s[2], s[3], s[4], heading, height);
        agrees(w);
      }
    }
  }
  straight_up();
  wrong_sizes_throw();
  return 0;
}

// Random windows for the tests of the discriminator observation.
#pragma once

#include "check.hpp"

namespace amp::test {

struct Windows {
  std::vector<float> pos, quat, lin, ang, rot, vel, key, result;
  DiscObsArgs args;

  Windows(std::size_t n, std::size_t h, std::size_t j, std::size_t d, std::size_t k,
          bool heading_invariant = true, bool root_height = true) {
    Random random;
    const std::size_t steps = n * h;
    pos = random.normal(3 * steps);
    quat = random.quaternions(steps);
    lin = random.normal(3 * steps);
    ang = random.normal(3 * steps);
    rot = random.quaternions(steps * j);
    vel = random.normal(steps * d);
    key = random.normal(3 * steps * k);
    args.windows = n;
    args.steps = h;
    args.rotations = j;
    args.velocities = d;
    args.keys = k;
    args.heading_invariant = heading_invariant;
    args.root_height = root_height;
    args.root_pos = in(pos);
    args.root_quat = in(quat);
    args.root_lin_vel = in(lin);
    args.root_ang_vel = in(ang);
    args.joint_rot = in(rot);
    args.joint_vel = in(vel);
    args.key_pos = in(key);
    result.assign(steps * args.features(), -7.0F);
    args.out = out(result);
  }
  Windows(const Windows&) = delete;
  Windows& operator=(const Windows&) = delete;
};

}  // namespace amp::test

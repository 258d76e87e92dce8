// Discriminator observations on the CPU.
//
// The frame of a window is its last step: position p_r, and heading h of its root rotation q_r (the
// direction of the rotated x axis on the ground) when heading_invariant, else the world's axes.
// R is the rotation by -h about z. For each step k, oldest first:
//
//   R (p_k - p_r), with p_k.z itself in place of z, or without z     3 or 2
//   the x axis and the z axis of R q_k                                6
//   the x axis and the z axis of each joint rotation                  6 J
//   R (key_k - p_k) for each key body                                 3 K
//   R v_k, R w_k                                                      6
//   joint velocities                                                  D
#pragma once

#include "amp/kernels.hpp"

namespace amp {

// Throws std::invalid_argument when a span's size does not fit. The output must overlap no input.
void disc_obs(const DiscObsArgs& args);

}  // namespace amp

#include "amp/disc_obs.hpp"

#include <algorithm>
#include <stdexcept>

#include "amp/thread_pool.hpp"
#include "isa.hpp"

namespace amp {
namespace {

// Memory traffic of a chunk of work: many times the cost of taking it, and enough chunks to share.
constexpr std::size_t kChunkBytes = 64 * 1024;

void check(const DiscObsArgs& args) {
  const std::size_t steps = args.windows * args.steps;
  if (args.root_pos.size != steps * 3 || args.root_quat.size != steps * 4 ||
      args.root_lin_vel.size != steps * 3 || args.root_ang_vel.size != steps * 3 ||
      args.joint_rot.size != steps * args.rotations * 4 ||
      args.joint_vel.size != steps * args.velocities ||
      args.key_pos.size != steps * args.keys * 3 || args.out.size != steps * args.features()) {
    throw std::invalid_argument(
        "disc_obs: an array's size does not fit the number of windows, "
        "steps, rotations, velocities or keys");
  }
}

}  // namespace

void disc_obs(const DiscObsArgs& args) {
  check(args);
  const std::size_t inputs = 13 + 4 * args.rotations + args.velocities + 3 * args.keys;
  const std::size_t bytes = args.steps * (inputs + args.features()) * sizeof(float);
  const std::size_t grain = std::max<std::size_t>(1, kChunkBytes / std::max<std::size_t>(bytes, 1));
  const auto run = isa().disc_obs_windows;
  parallel_for(args.windows, grain, threads_for(args.windows * bytes),
               [&args, run](std::size_t begin, std::size_t end) { run(args, begin, end); });
}

}  // namespace amp

// The phases of the CUDA kernel, run thread by thread on the host, give the bits of the CPU loops.
// This checks the index arithmetic where there is no GPU; races and alignment need one.
#include "amp/disc_obs.hpp"
#include "disc_obs_tile.hpp"
#include "windows.hpp"

namespace test = amp::test;
using test::Windows;

namespace {

void run_block(const amp::DiscObsArgs& args, const amp::cuda::Tile& tile) {
  std::vector<amp::Frame> frames(tile.steps);
  std::vector<float> results(tile.steps * args.features(), -9.0F);
  for (unsigned thread = 0; thread < tile.threads; ++thread) {
    amp::cuda::tile_joints(args, tile, thread, results.data(), frames.data());
  }
  for (unsigned thread = 0; thread < tile.threads; ++thread) {
    amp::cuda::tile_turned(args, tile, thread, results.data(), frames.data());
  }
  for (unsigned thread = 0; thread < tile.threads; ++thread) {
    amp::cuda::tile_write(args, tile, thread, results.data());
  }
}

void agrees(Windows& w, std::size_t offset) {
  amp::disc_obs(w.args);
  const std::vector<float> expected = w.result;
  std::vector<float> buffer(expected.size() + offset, -7.0F);  // every alignment of the output
  w.args.out = {buffer.data() + offset, expected.size()};
  const std::size_t total = w.args.windows * w.args.steps;
  const std::size_t steps = amp::cuda::tile_steps(w.args);
  for (std::size_t first = 0; first < total; first += steps) {
    const std::size_t count = total - first < steps ? total - first : steps;
    run_block(w.args, {first, static_cast<unsigned>(count), 128});
  }
  CHECK(test::same_bits(
      std::vector<float>(buffer.begin() + static_cast<long>(offset), buffer.end()), expected));
  for (std::size_t i = 0; i < offset; ++i) {
    CHECK(buffer[i] == -7.0F);
  }
}

}  // namespace

int main() {
  const std::size_t shapes[][5] = {{1, 1, 0, 0, 0},     {1, 1, 1, 1, 1},    {3, 2, 5, 4, 0},
                                   {5, 10, 30, 29, 5},  {9, 10, 12, 12, 4}, {40, 3, 7, 1, 2},
                                   {2, 3, 600, 10, 100}};
  for (const auto& s : shapes) {
    for (const bool heading : {false, true}) {
      for (const bool height : {false, true}) {
        for (std::size_t offset = 0; offset < 4; ++offset) {
          Windows w(s[0], s[1], s[2], s[3], s[4], heading, height);
          agrees(w, offset);
        }
      }
    }
  }
  return 0;
}

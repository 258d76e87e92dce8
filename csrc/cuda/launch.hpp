// The kernels on CUDA. They launch on the caller's stream, allocate nothing and wait for nothing,
// so a CUDA graph can capture them. They give the bits that the CPU gives.
#pragma once

#include <cstdint>
#include <string>

#include "amp/kernels.hpp"

namespace amp::cuda {

// `stream` is a cudaStream_t of the thread's current device, on which all arrays lie; changing the
// device is left to the caller, whose library also keeps track of it. Throw std::runtime_error when
// CUDA refuses the launch and std::invalid_argument when a step has more features than fit into
// shared memory (kMaxFeatures).
void gae(const GaeArgs& args, std::uintptr_t stream);
void disc_obs(const DiscObsArgs& args, std::uintptr_t stream);

constexpr std::size_t kMaxFeatures = 12000;  // of one step; 48 KiB of shared memory

// Why the kernels cannot run on the current device, for a person; empty when they can. Loads them,
// so that no later launch has to.
std::string problem();

// "75 80 90 120+PTX": what this build was compiled for.
const char* architectures();

}  // namespace amp::cuda

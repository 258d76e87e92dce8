#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#include "disc_obs_tile.hpp"
#include "gae_column.hpp"
#include "launch.hpp"

namespace amp::cuda {
namespace {

constexpr unsigned kGaeThreads = 32;  // columns are few: small blocks reach every multiprocessor
constexpr unsigned kTileThreads = 128;

template <class Failed, class Done>
__global__ void __launch_bounds__(kGaeThreads) gae_kernel(const GaeArgs args) {
  const std::size_t column = std::size_t{blockIdx.x} * kGaeThreads + threadIdx.x;
  if (column < args.columns) {
    gae_column<Failed, Done>(args, column);
  }
}

__global__ void __launch_bounds__(kTileThreads)
    disc_obs_kernel(const DiscObsArgs args, const unsigned steps_per_tile) {
  extern __shared__ float4 shared[];
  const std::size_t total = args.windows * args.steps;
  const std::size_t first = std::size_t{blockIdx.x} * steps_per_tile;
  const std::size_t left = total - first;
  const Tile tile{first, left < steps_per_tile ? static_cast<unsigned>(left) : steps_per_tile,
                  kTileThreads};
  static_assert(sizeof(Frame) == sizeof(float4), "frames come first, the results after them");
  Frame* frames = reinterpret_cast<Frame*>(shared);
  float* results = reinterpret_cast<float*>(shared + steps_per_tile) +
                   misalignment(args.out.data + first * args.features());
  tile_joints(args, tile, threadIdx.x, results, frames);
  __syncthreads();
  tile_turned(args, tile, threadIdx.x, results, frames);
  __syncthreads();
  tile_write(args, tile, threadIdx.x, results);
}

void require(cudaError_t status, const char* what) {
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string(what) + ": CUDA reports: " + cudaGetErrorString(status));
  }
}

// The launch's own status, so that no earlier error of another library is taken for ours.
template <class... Args>
void launch(const char* name, void (*kernel)(Args...), std::size_t blocks, unsigned threads,
            std::size_t shared_bytes, std::uintptr_t stream, Args... args) {
  if (blocks > 2147483647U) {
    throw std::invalid_argument(std::string(name) + ": too many elements for one launch");
  }
  void* pointers[] = {static_cast<void*>(&args)...};
  require(cudaLaunchKernel(reinterpret_cast<const void*>(kernel),
                           dim3(static_cast<unsigned>(blocks)), dim3(threads), pointers,
                           shared_bytes, reinterpret_cast<cudaStream_t>(stream)),
          name);
}

using GaeKernel = void (*)(const GaeArgs);

GaeKernel gae_kernel_for(const GaeArgs& args) {
  const bool failed = args.failed.type == Flags::Type::byte;
  const bool done = args.done.type == Flags::Type::byte;
  if (failed) {
    return done ? gae_kernel<std::uint8_t, std::uint8_t> : gae_kernel<std::uint8_t, float>;
  }
  return done ? gae_kernel<float, std::uint8_t> : gae_kernel<float, float>;
}

}  // namespace

void gae(const GaeArgs& args, std::uintptr_t stream) {
  const std::size_t blocks = (args.columns + kGaeThreads - 1) / kGaeThreads;
  launch<GaeArgs>("gae", gae_kernel_for(args), blocks, kGaeThreads, 0, stream, args);
}

void disc_obs(const DiscObsArgs& args, std::uintptr_t stream) {
  if (args.features() > kMaxFeatures) {
    throw std::invalid_argument("disc_obs: " + std::to_string(args.features()) +
                                " features per step, at most " + std::to_string(kMaxFeatures) +
                                " fit into a CUDA device's shared memory");
  }
  const std::size_t total = args.windows * args.steps;
  const std::size_t steps = tile_steps(args);
  const std::size_t bytes =
      steps * sizeof(float4) + (steps * args.features() + kPad) * sizeof(float);
  launch<DiscObsArgs, unsigned>("disc_obs", disc_obs_kernel, (total + steps - 1) / steps,
                                kTileThreads, bytes, stream, args, static_cast<unsigned>(steps));
}

std::string problem() {
  try {
    int driver = 0, runtime = 0;
    require(cudaDriverGetVersion(&driver), "driver");
    require(cudaRuntimeGetVersion(&runtime), "runtime");
    if (driver / 1000 < runtime / 1000) {
      return "the NVIDIA driver supports CUDA " + std::to_string(driver / 1000) + "." +
             std::to_string(driver % 1000 / 10) + " but amp_sdk._cuda was built with CUDA " +
             std::to_string(runtime / 1000) + "." + std::to_string(runtime % 1000 / 10) +
             "; update the driver or build with an older nvcc";
    }
    cudaFuncAttributes attributes;
    for (const auto failed : {Flags::Type::byte, Flags::Type::float32}) {
      for (const auto done : {Flags::Type::byte, Flags::Type::float32}) {
        GaeArgs args;
        args.failed.type = failed;
        args.done.type = done;
        require(
            cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(gae_kernel_for(args))),
            "gae");
      }
    }
    require(cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(disc_obs_kernel)),
            "disc_obs");
  } catch (const std::runtime_error& error) {
    return std::string(error.what()) + " (built for " + architectures() + ")";
  }
  return "";
}

const char* architectures() { return AMP_CUDA_ARCHITECTURES; }

}  // namespace amp::cuda

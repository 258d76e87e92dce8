// The CUDA kernels on a device: the bits of the CPU, directly and inside a CUDA graph, at every
// alignment. Exits 77 (skipped) where there is no device. Made to run under compute-sanitizer.
#include <cuda_runtime.h>

#include "amp/disc_obs.hpp"
#include "amp/gae.hpp"
#include "launch.hpp"
#include "windows.hpp"

namespace test = amp::test;

namespace {

#define CUDA(call) CHECK((call) == cudaSuccess)

// Device memory whose data starts `offset` elements in.
template <class T>
class Buffer {
 public:
  explicit Buffer(const std::vector<T>& values, std::size_t offset = 0)
      : size_(values.size()), offset_(offset) {
    CUDA(cudaMalloc(&memory_, (size_ + offset + 1) * sizeof(T)));
    if (size_ > 0) {
      CUDA(cudaMemcpy(data(), values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice));
    }
  }
  ~Buffer() { cudaFree(memory_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T* data() const { return memory_ + offset_; }
  amp::Span<const T> in() const { return {data(), size_}; }
  amp::Span<T> out() const { return {data(), size_}; }
  std::vector<T> values() const {
    std::vector<T> result(size_);
    CUDA(cudaMemcpy(result.data(), data(), size_ * sizeof(T), cudaMemcpyDeviceToHost));
    return result;
  }

 private:
  T* memory_ = nullptr;
  std::size_t size_, offset_;
};

// Runs `work(stream)` directly, then again captured into a graph.
template <class Work>
void run_and_capture(const Work& work) {
  cudaStream_t stream;
  CUDA(cudaStreamCreate(&stream));
  work(reinterpret_cast<std::uintptr_t>(stream));
  CUDA(cudaStreamSynchronize(stream));
  cudaGraph_t graph;
  cudaGraphExec_t replay;
  CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  work(reinterpret_cast<std::uintptr_t>(stream));
  CUDA(cudaStreamEndCapture(stream, &graph));
  CUDA(cudaGraphInstantiateWithFlags(&replay, graph, 0));
  CUDA(cudaGraphLaunch(replay, stream));
  CUDA(cudaStreamSynchronize(stream));
  CUDA(cudaGraphExecDestroy(replay));
  CUDA(cudaGraphDestroy(graph));
  CUDA(cudaStreamDestroy(stream));
}

void gae(std::size_t steps, std::size_t columns) {
  test::Random random;
  const std::size_t size = steps * columns;
  const std::vector<float> rewards = random.normal(size), values = random.normal(size),
                           next = random.normal(size);
  const std::vector<unsigned char> failed = random.flags(size, 0.1), done = random.flags(size, 0.2);
  const std::vector<float> done_float(done.begin(), done.end());
  std::vector<float> advantages(size), returns(size);
  amp::GaeArgs args;
  args.steps = steps;
  args.columns = columns;
  args.rewards = test::in(rewards);
  args.values = test::in(values);
  args.next_values = test::in(next);
  args.failed = test::flags(failed);
  args.done = test::flags(done);
  args.gamma = 0.99F;
  args.gamma_lambda = 0.94F;
  args.advantages = test::out(advantages);
  args.returns = test::out(returns);
  amp::gae(args);

  const Buffer<float> d_rewards(rewards), d_values(values), d_next(next), d_floats(done_float);
  const Buffer<unsigned char> d_failed(failed), d_done(done);
  for (const bool as_float : {false, true}) {
    const Buffer<float> d_advantages(std::vector<float>(size, -7.0F));
    const Buffer<float> d_returns(std::vector<float>(size, -7.0F));
    args.rewards = d_rewards.in();
    args.values = d_values.in();
    args.next_values = d_next.in();
    args.failed = {d_failed.data(), size, amp::Flags::Type::byte};
    args.done = as_float ? amp::Flags{d_floats.data(), size, amp::Flags::Type::float32}
                         : amp::Flags{d_done.data(), size, amp::Flags::Type::byte};
    args.advantages = d_advantages.out();
    args.returns = d_returns.out();
    run_and_capture([&](std::uintptr_t stream) { amp::cuda::gae(args, stream); });
    CHECK(test::same_bits(d_advantages.values(), advantages));
    CHECK(test::same_bits(d_returns.values(), returns));
  }
}

void disc_obs(test::Windows& w, std::size_t in_offset, std::size_t out_offset) {
  amp::disc_obs(w.args);
  const Buffer<float> pos(w.pos), quat(w.quat), lin(w.lin), ang(w.ang), vel(w.vel), key(w.key);
  const Buffer<float> rot(w.rot, in_offset);
  const Buffer<float> result(std::vector<float>(w.result.size(), -7.0F), out_offset);
  amp::DiscObsArgs args = w.args;
  args.root_pos = pos.in();
  args.root_quat = quat.in();
  args.root_lin_vel = lin.in();
  args.root_ang_vel = ang.in();
  args.joint_rot = rot.in();
  args.joint_vel = vel.in();
  args.key_pos = key.in();
  args.out = result.out();
  run_and_capture([&](std::uintptr_t stream) { amp::cuda::disc_obs(args, stream); });
  CHECK(test::same_bits(result.values(), w.result));
}

}  // namespace

int main() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::printf("skipped: no CUDA device\n");
    return 77;
  }
  const std::string problem = amp::cuda::problem();
  if (!problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    return 1;
  }
  for (const std::size_t steps : {1, 15, 16, 17, 33}) {
    for (const std::size_t columns : {1, 31, 33, 1000}) {
      gae(steps, columns);
    }
  }
  const std::size_t shapes[][5] = {{1, 1, 0, 0, 0},     {1, 1, 1, 1, 1},  {3, 2, 5, 4, 0},
                                   {40, 10, 30, 29, 5}, {33, 3, 7, 1, 2}, {2, 3, 600, 10, 100}};
  for (const auto& s : shapes) {
    for (const bool heading : {false, true}) {
      for (std::size_t offset = 0; offset < 4; ++offset) {
        test::Windows w(s[0], s[1], s[2], s[3], s[4], heading, offset % 2 == 0);
        disc_obs(w, offset == 3 ? 1 : 0, offset);
      }
    }
  }
  std::printf("CUDA kernels agree with the CPU\n");
  return 0;
}

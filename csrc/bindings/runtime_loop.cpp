#include <atomic>
#include <thread>

#include "amp/runtime/bare_loop.hpp"
#include "amp/runtime/drivers.hpp"
#include "amp/runtime/loop.hpp"
#include "amp/runtime/run_monitor.hpp"
#include "runtime.hpp"

namespace amp::bindings {
namespace {

using namespace amp::runtime;

// The loop as a thread of this process, which never takes the GIL.
class LoopThread {
 public:
  explicit LoopThread(std::shared_ptr<Board> board)
      : board_(std::move(board)), driver_(make_driver((*board_)->config, *board_)) {
    if (driver_ == nullptr) {
      throw std::invalid_argument("this build has no such driver");
    }
    monitor_ = std::make_unique<RunMonitor>(*board_);
    loop_ = std::make_unique<Loop>(*board_, *driver_, monitor_.get());
    thread_ = std::thread([this] {
      make_realtime((*board_)->config, *board_);
      loop_->run(quit_);
    });
  }
  ~LoopThread() { stop(); }

  void stop() {
    quit_.store(true);
    if (thread_.joinable()) {
      thread_.join();
    }
  }

 private:
  std::shared_ptr<Board> board_;
  std::unique_ptr<Driver> driver_;
  std::unique_ptr<RunMonitor> monitor_;
  std::unique_ptr<Loop> loop_;
  std::atomic<bool> quit_{false};
  std::thread thread_;
};

}  // namespace

void bind_runtime_loop(py::module_& module) {
  py::class_<LoopThread>(module, "LoopThread")
      .def(py::init<std::shared_ptr<Board>>())
      .def("stop", &LoopThread::stop, py::call_guard<py::gil_scoped_release>());
  // in a thread of its own, whose scheduling ends with it
  module.def(
      "bare_loop",
      [](const Board& board, double duration_s) {
        std::thread([&board, duration_s] { bare_loop(board, duration_s); }).join();
      },
      py::arg("board"), py::arg("duration_s"), py::call_guard<py::gil_scoped_release>());
}

}  // namespace amp::bindings

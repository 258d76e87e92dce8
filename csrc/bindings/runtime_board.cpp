#include "amp/runtime/clock.hpp"
#include "runtime.hpp"

namespace amp::bindings {
namespace {

using namespace amp::runtime;
using BoardClass = py::class_<Board, std::shared_ptr<Board>>;

// Copies the newest message into `out` where it is not number `seen`; returns its number.
template <class T>
std::uint64_t read(const Channel<T>& channel, py::array& out, std::uint64_t seen) {
  channel.read(message<T>(out, true), seen);
  return seen;
}

template <class T>
void write(Channel<T>& channel, py::array& in) {
  channel.write(message<T>(in, false));
}

// `read_NAME(out, seen)` and `write_NAME(message)` for one channel of the board.
template <class T>
void channel(BoardClass& board, const char* name, Channel<T> BoardLayout::* member) {
  board.def((std::string("read_") + name).c_str(),
            [member](const Board& self, py::array& out, std::uint64_t seen) {
              return read((*self).*member, out, seen);
            });
  board.def((std::string("write_") + name).c_str(),
            [member](const Board& self, py::array& in) { write((*self).*member, in); });
}

Role role(std::uint32_t number) {
  if (number >= kRoles) {
    throw std::invalid_argument("no such role");
  }
  return static_cast<Role>(number);
}

Channel<PolicyTarget>& targets(const Board& board, std::size_t policy) {
  if (policy >= kMaxPolicies) {
    throw std::invalid_argument("no such policy slot");
  }
  return board->targets[policy];
}

void channels(BoardClass& board) {
  channel(board, "robot_state", &BoardLayout::robot_state);
  channel(board, "robot_command", &BoardLayout::robot_command);
  channel(board, "state", &BoardLayout::state);
  channel(board, "operator_input", &BoardLayout::operator_input);
  channel(board, "status", &BoardLayout::status);
  board.def("read_target",
            [](const Board& self, std::size_t policy, py::array& out, std::uint64_t seen) {
              return read(targets(self, policy), out, seen);
            });
  board.def("write_target", [](const Board& self, std::size_t policy, py::array& in) {
    write(targets(self, policy), in);
  });
}

void roles(BoardClass& board) {
  board.def("claim", [](const Board& self, std::uint32_t r) { return self.claim(role(r)); });
  board.def("release", [](const Board& self, std::uint32_t r) { self.release(role(r)); });
  board.def("beat", [](const Board& self, std::uint32_t r) {
    self->writers[static_cast<std::size_t>(role(r))].heartbeat_ns.store(now_ns());
  });
  board.def("writer", [](const Board& self, std::uint32_t r) {
    const Writer& writer = self->writers[static_cast<std::size_t>(role(r))];
    return py::make_tuple(writer.pid.load(), writer.heartbeat_ns.load());
  });
}

}  // namespace

void bind_runtime_board(py::module_& module) {
  BoardClass board(module, "Board");
  board.def_static("create", [](const std::string& name, py::array& config) {
    return std::shared_ptr<Board>(Board::create(name, message<LoopConfig>(config, false)));
  });
  board.def_static("attach", [](const std::string& name) {
    return std::shared_ptr<Board>(Board::attach(name));
  });
  board.def_static("local", [](py::array& config) {
    return std::shared_ptr<Board>(Board::local(message<LoopConfig>(config, false)));
  });
  board.def_static("unlink", &Board::unlink);
  board.def_property_readonly("name", &Board::name);
  board.def("read_config", [](const Board& self, py::array& out) {
    message<LoopConfig>(out, true) = self->config;
  });
  board.def("quit", [](const Board& self) { self->quit.store(1); });
  board.def_property_readonly("running", [](const Board& self) { return self->running.load(); });
  board.def_property_readonly("notes", [](const Board& self) {
    return std::string(self->notes, self->notes_size.load(std::memory_order_acquire));
  });
  board.def_property_readonly("recorder_failed",
                              [](const Board& self) { return self->recorder_failed.load() != 0; });
  board.def_property_readonly("records_lost",
                              [](const Board& self) { return self->records_lost.load(); });
  const auto timing = [&board](const char* name, Histogram LoopTiming::* member) {
    board.def_property_readonly(
        name, [member](const Board& self) -> const Histogram& { return self->timing.*member; },
        py::return_value_policy::reference_internal);
  };
  timing("period", &LoopTiming::period);
  timing("lateness", &LoopTiming::lateness);
  timing("compute", &LoopTiming::compute);
  timing("policy_latency", &LoopTiming::policy_latency);
  channels(board);
  roles(board);
}

void bind_runtime(py::module_& core) {
  py::module_ module = core.def_submodule("runtime", "Use it through amp_sdk.runtime.");
  bind_runtime_types(module);
  bind_runtime_board(module);
  bind_runtime_controller(module);
  bind_runtime_loop(module);
  bind_runtime_recorder(module);
  module.def("now_ns", &now_ns, "CLOCK_MONOTONIC in nanoseconds.");
}

}  // namespace amp::bindings

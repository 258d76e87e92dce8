#include "kernels.hpp"

#include <cmath>
#include <vector>

#include "checks.hpp"

namespace amp::bindings {
namespace {

void check_device(const ArrayView& view, const Backend& backend) {
  if ((view.device != kCpu) != backend.cuda) {
    view.fail(backend.cuda ? "is not on a CUDA device" : "is on a CUDA device");
  }
}

float unit_interval(const char* name, double value) {
  if (!(value >= 0.0 && value <= 1.0)) {
    throw BadArray(std::string("gae: ") + name + " must lie in [0, 1], found " +
                   py::str(py::float_(value)).cast<std::string>());
  }
  return static_cast<float>(value);
}

// (advantages, returns), from `out` or newly made by `allocate(shape)`.
py::tuple gae(const Backend& backend, py::handle rewards, py::handle values, py::handle next_values,
              py::handle failed, py::handle done, double gamma, double lam, py::handle out,
              const py::object& allocate, std::uintptr_t stream) {
  const char* kernel = "gae";
  std::vector<ArrayView> views = {
      view_of(kernel, "rewards", rewards), view_of(kernel, "values", values),
      view_of(kernel, "next_values", next_values), view_of(kernel, "failed", failed),
      view_of(kernel, "done", done)};
  const ArrayView first = views[0];
  check_rank(first, 2, "T, N");
  check_not_empty(first, 2);
  check_device(first, backend);

  GaeArgs args;
  args.steps = first.shape[0];
  args.columns = first.shape[1];
  const auto check = [&](const ArrayView& view) {
    check_shape(view, {{"T", args.steps}, {"N", args.columns}});
    check_memory(view, first);
  };
  for (const ArrayView& view : views) {
    check(view);
  }
  args.rewards = input(views[0]);
  args.values = input(views[1]);
  args.next_values = input(views[2]);
  args.failed = flags(views[3]);
  args.done = flags(views[4]);
  args.gamma = unit_interval("gamma", gamma);
  unit_interval("lam", lam);
  args.gamma_lambda = static_cast<float>(gamma * lam);

  if (!out.is_none() && !(py::isinstance<py::sequence>(out) && py::len(out) == 2)) {
    throw BadArray("gae: out must be a pair (advantages, returns)");
  }
  const py::tuple shape = py::make_tuple(args.steps, args.columns);
  const py::tuple results = out.is_none() ? py::make_tuple(allocate(shape), allocate(shape))
                                          : py::tuple(py::reinterpret_borrow<py::object>(out));
  for (const char* name : {"advantages", "returns"}) {
    const bool second = views.size() == 6;
    const ArrayView view = view_of(kernel, name, results[second ? 1 : 0]);
    check(view);
    (second ? args.returns : args.advantages) = output(view, views);
    views.push_back(view);
  }
  {
    const py::gil_scoped_release release;
    backend.gae(args, first.device, stream);
  }
  return results;
}

}  // namespace

void bind_kernels(py::module_& module, const Backend& backend) {
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) {
        std::rethrow_exception(pointer);
      }
    } catch (const BadArray& error) {
      const py::object type = py::module_::import("amp_sdk.kernels").attr("ArrayError");
      PyErr_SetString(type.ptr(), error.what());
    }
  });
  module.def(
      "gae",
      [backend](py::handle rewards, py::handle values, py::handle next_values, py::handle failed,
                py::handle done, double gamma, double lam, py::handle out,
                const py::object& allocate, std::uintptr_t stream) {
        return gae(backend, rewards, values, next_values, failed, done, gamma, lam, out, allocate,
                   stream);
      },
      py::arg("rewards"), py::arg("values"), py::arg("next_values"), py::arg("failed"),
      py::arg("done"), py::arg("gamma"), py::arg("lam"), py::arg("out"), py::arg("allocate"),
      py::arg("stream"));
}

}  // namespace amp::bindings

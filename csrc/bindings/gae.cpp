#include <vector>

#include "checks.hpp"
#include "kernels.hpp"

namespace amp::bindings {
namespace {

constexpr const char* kGae = "gae";

struct GaeInputs {
  py::handle rewards, values, next_values, failed, done, gamma, lam;
};

double unit_interval(const char* name, py::handle number) {
  const double value = PyFloat_AsDouble(number.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
  } else if (value >= 0.0 && value <= 1.0) {
    return value;
  }
  throw BadArray(std::string(kGae) + ": " + name + " must be a number in [0, 1], found " +
                 py::repr(number).cast<std::string>());
}

// Checks every input and fills `args` with it.
std::vector<ArrayView> read_gae(const GaeInputs& in, Kind kind, GaeArgs& args) {
  std::vector<ArrayView> views = {
      view_of(kGae, "rewards", in.rewards), view_of(kGae, "values", in.values),
      view_of(kGae, "next_values", in.next_values), view_of(kGae, "failed", in.failed),
      view_of(kGae, "done", in.done)};
  const ArrayView& first = views[0];
  check_rank(first, 2, "T, N");
  check_not_empty(first);
  check_device(first, kind);
  args.steps = first.shape[0];
  args.columns = first.shape[1];
  for (const ArrayView& view : views) {
    check_memory(view, first);
    check_shape(view, {{"T", args.steps}, {"N", args.columns}});
  }
  args.rewards = input(views[0]);
  args.values = input(views[1]);
  args.next_values = input(views[2]);
  args.failed = flags(views[3]);
  args.done = flags(views[4]);
  const double gamma = unit_interval("gamma", in.gamma);
  args.gamma = static_cast<float>(gamma);
  args.gamma_lambda = static_cast<float>(gamma * unit_interval("lam", in.lam));
  return views;
}

// The pair of results: the user's, checked, or new ones.
py::tuple outputs(py::handle out, const py::object& allocate, std::vector<ArrayView>& views,
                  GaeArgs& args) {
  if (!out.is_none() &&
      !((py::isinstance<py::tuple>(out) || py::isinstance<py::list>(out)) && py::len(out) == 2)) {
    throw BadArray("gae: out must be a pair of arrays (advantages, returns)");
  }
  const py::tuple shape = py::make_tuple(args.steps, args.columns);
  const py::tuple pair = out.is_none() ? py::make_tuple(allocate(shape), allocate(shape))
                                       : py::tuple(py::reinterpret_borrow<py::object>(out));
  const auto take = [&](const char* name, py::handle array) {
    const ArrayView view = view_of(kGae, name, array);
    check_memory(view, views[0]);
    check_shape(view, {{"T", args.steps}, {"N", args.columns}});
    const Span<float> span = output(view, views);
    views.push_back(view);
    return span;
  };
  args.advantages = take("out[0] (advantages)", pair[0]);
  args.returns = take("out[1] (returns)", pair[1]);
  return pair;
}

}  // namespace

void bind_gae(py::module_& module, const Backend& backend) {
  module.def(kGae, [backend](py::handle rewards, py::handle values, py::handle next_values,
                             py::handle failed, py::handle done, py::handle gamma, py::handle lam,
                             py::handle out, const py::object& allocate, std::uintptr_t stream) {
    GaeArgs args;
    std::vector<ArrayView> views =
        read_gae({rewards, values, next_values, failed, done, gamma, lam}, backend.kind, args);
    const py::tuple results = outputs(out, allocate, views, args);
    {
      const py::gil_scoped_release release;
      backend.gae(args, stream);
    }
    return results;
  });
}

}  // namespace amp::bindings

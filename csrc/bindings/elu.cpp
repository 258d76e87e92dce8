#include "elu.hpp"

#include <vector>

#include "amp/elu.hpp"
#include "checks.hpp"

namespace amp::bindings {
namespace {

// The arrays of one call: contiguous float32 on the CPU, all of one shape.
class Arrays {
 public:
  explicit Arrays(const char* kernel) : kernel_(kernel) {}

  Span<float> written(const char* name, py::handle array) {
    const ArrayView view = take(name, array);
    const Span<float> span = output(view, views_);
    views_.push_back(view);
    return span;
  }

  Span<const float> read(const char* name, py::handle array) {
    const ArrayView view = take(name, array);
    for (const ArrayView& other : views_) {
      if (view.data == other.data && view.size() > 0) {
        view.fail("shares memory with " + std::string(other.name) + "; pass a buffer of its own");
      }
    }
    const Span<const float> span = input(view);
    views_.push_back(view);
    return span;
  }

 private:
  ArrayView take(const char* name, py::handle array) const {
    const ArrayView view = view_of(kernel_, name, array);
    if (view.dims > kMaxDims) {
      view.fail("must have at most four dimensions, found " + view.shape_text());
    }
    const ArrayView& first = views_.empty() ? view : views_.front();
    check_device(view, Kind::cpu);
    check_memory(view, first);
    if (view.dims != first.dims || view.shape != first.shape) {
      view.fail("must have the shape of " + std::string(first.name) + ", " + first.shape_text() +
                ", found " + view.shape_text());
    }
    return view;
  }

  const char* kernel_;
  std::vector<ArrayView> views_;
};

}  // namespace

void bind_elu(py::module_& module) {
  module.def("elu_", [](py::handle values) {
    const Span<float> span = Arrays("elu_").written("values", values);
    const py::gil_scoped_release release;
    elu(span);
  });
  module.def("elu_backward_", [](py::handle gradient, py::handle output) {
    Arrays arrays("elu_backward_");
    const Span<float> written = arrays.written("gradient", gradient);
    const Span<const float> read = arrays.read("output", output);
    const py::gil_scoped_release release;
    elu_backward(written, read);
  });
  module.def("elu_adjoint_",
             [](py::handle adjoint, py::handle gradient, py::handle output, py::handle curvature) {
               Arrays arrays("elu_adjoint_");
               EluAdjoint args;
               args.adjoint = arrays.written("adjoint", adjoint);
               args.gradient = arrays.read("gradient", gradient);
               args.output = arrays.read("output", output);
               args.curvature = arrays.written("curvature", curvature);
               const py::gil_scoped_release release;
               elu_adjoint(args);
             });
}

}  // namespace amp::bindings

#include "array_view.hpp"

namespace amp::bindings {
namespace {

// torch's objects that tensors are compared with; held for the life of the process.
struct Torch {
  PyObject* float32;
  PyObject* boolean;
  PyObject* uint8;
  PyObject* strided;

  static const Torch& get() {
    static const Torch torch = [] {  // the GIL is held: no two threads meet here
      const py::module_ module = py::module_::import("torch");
      const auto keep = [&module](const char* name) {
        return module.attr(name).cast<py::object>().release().ptr();
      };
      return Torch{keep("float32"), keep("bool"), keep("uint8"), keep("strided")};
    }();
    return torch;
  }
};

ArrayView view_of_numpy(const char* kernel, const char* name, const py::array& array) {
  ArrayView view{kernel, name, array};
  view.data = reinterpret_cast<std::uintptr_t>(array.data());
  const py::dtype dtype = array.dtype();
  const char order = dtype.byteorder();
  const bool native = order == '=' || order == '|';
  if (native && dtype.kind() == 'f' && dtype.itemsize() == 4) {
    view.dtype = DType::float32;
  } else if (dtype.kind() == 'b') {
    view.dtype = DType::boolean;
  } else if (dtype.kind() == 'u' && dtype.itemsize() == 1) {
    view.dtype = DType::uint8;
  }
  view.dims = static_cast<std::size_t>(array.ndim());
  py::ssize_t expected = array.itemsize();
  bool empty = false;
  for (py::ssize_t i = array.ndim(); i-- > 0;) {
    const py::ssize_t length = array.shape(i);
    empty = empty || length == 0;
    view.contiguous = view.contiguous && (length == 1 || array.strides(i) == expected);
    expected *= length;
    if (static_cast<std::size_t>(i) < kMaxDims) {
      view.shape[static_cast<std::size_t>(i)] = static_cast<std::size_t>(length);
    }
  }
  view.contiguous = view.contiguous || empty;
  view.writable = array.writeable();
  return view;
}

ArrayView view_of_tensor(const char* kernel, const char* name, py::handle tensor) {
  ArrayView view{kernel, name, tensor};
  view.tensor = true;
  const Torch& torch = Torch::get();
  if (tensor.attr("layout").ptr() != torch.strided) {
    view.fail("is a sparse tensor; pass a dense one (.to_dense())");
  }
  if (tensor.attr("requires_grad").cast<bool>()) {
    view.fail("requires a gradient, which this kernel does not have; pass " + std::string(name) +
              ".detach()");
  }
  const py::object device = tensor.attr("device");
  const std::string type = device.attr("type").cast<std::string>();
  if (type == "cuda") {
    view.device = device.attr("index").cast<int>();
  } else if (type != "cpu") {
    view.fail("is on device '" + type + "'; pass a CPU or CUDA tensor");
  }
  const PyObject* dtype = tensor.attr("dtype").ptr();
  if (dtype == torch.float32) {
    view.dtype = DType::float32;
  } else if (dtype == torch.boolean) {
    view.dtype = DType::boolean;
  } else if (dtype == torch.uint8) {
    view.dtype = DType::uint8;
  }
  const py::tuple shape = tensor.attr("shape");
  view.dims = shape.size();
  for (std::size_t i = 0; i < view.dims && i < kMaxDims; ++i) {
    view.shape[i] = shape[i].cast<std::size_t>();
  }
  view.contiguous = tensor.attr("is_contiguous")().cast<bool>();
  view.data = tensor.attr("data_ptr")().cast<std::uintptr_t>();
  return view;
}

}  // namespace

std::size_t ArrayView::size() const {
  std::size_t count = 1;
  for (std::size_t i = 0; i < dims && i < kMaxDims; ++i) {
    count *= shape[i];
  }
  return count;
}

std::size_t ArrayView::bytes() const {
  return size() * (dtype == DType::float32 ? sizeof(float) : 1);
}

std::string ArrayView::shape_text() const {
  std::string text = "[";
  const py::tuple lengths = py::tuple(object.attr("shape"));
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    text += (i == 0 ? "" : ", ") + py::str(lengths[i]).cast<std::string>();
  }
  return text + "]";
}

void ArrayView::fail(const std::string& what) const {
  throw BadArray(std::string(kernel) + ": " + name + " " + what);
}

ArrayView view_of(const char* kernel, const char* name, py::handle object) {
  if (py::isinstance<py::array>(object)) {
    return view_of_numpy(kernel, name, py::reinterpret_borrow<py::array>(object));
  }
  if (py::hasattr(object, "data_ptr") && py::hasattr(object, "layout")) {
    return view_of_tensor(kernel, name, object);
  }
  throw BadArray(std::string(kernel) + ": " + name +
                 " must be a NumPy array or a torch tensor, found " +
                 py::str(py::type::handle_of(object).attr("__name__")).cast<std::string>());
}

}  // namespace amp::bindings

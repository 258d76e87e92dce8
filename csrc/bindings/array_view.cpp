#include "array_view.hpp"

namespace amp::bindings {
namespace {

// torch's objects that tensors are compared with, and the names of a tensor's attributes as Python
// strings: looking these up anew would cost more than the small kernels. Held for the life of the
// process.
struct Torch {
  py::handle float32, boolean, uint8, strided;
  py::handle layout, requires_grad, is_cpu, is_cuda, get_device, dtype, shape, is_contiguous,
      data_ptr;

  static const Torch& get() {
    static const Torch torch = [] {  // the GIL is held: no two threads meet here
      const py::module_ module = py::module_::import("torch");
      const auto object = [&module](const char* name) {
        return module.attr(name).cast<py::object>().release();
      };
      const auto name = [](const char* text) {
        return py::handle(PyUnicode_InternFromString(text));
      };
      return Torch{object("float32"), object("bool"),  object("uint8"),
                   object("strided"), name("layout"),  name("requires_grad"),
                   name("is_cpu"),    name("is_cuda"), name("get_device"),
                   name("dtype"),     name("shape"),   name("is_contiguous"),
                   name("data_ptr")};
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

bool is_tensor(py::handle object) {
  return py::hasattr(object, "data_ptr") && py::hasattr(object, "layout");
}

ArrayView view_of_tensor(const char* kernel, const char* name, py::handle tensor) {
  ArrayView view{kernel, name, tensor};
  view.tensor = true;
  const Torch& torch = Torch::get();
  const auto is_true = [tensor](py::handle attribute) {
    return tensor.attr(attribute).ptr() == Py_True;
  };
  if (tensor.attr(torch.layout).ptr() != torch.strided.ptr()) {
    view.fail("is a sparse tensor; pass a dense one (.to_dense())");
  }
  if (is_true(torch.requires_grad)) {
    view.fail("requires a gradient, which this kernel does not have; pass " + std::string(name) +
              ".detach()");
  }
  if (is_true(torch.is_cuda)) {
    view.device = tensor.attr(torch.get_device)().cast<int>();
  } else if (!is_true(torch.is_cpu)) {
    view.fail("is on device '" + py::str(tensor.attr("device")).cast<std::string>() +
              "'; pass a CPU or CUDA tensor");
  }
  const py::object dtype = tensor.attr(torch.dtype);
  if (dtype.is(torch.float32)) {
    view.dtype = DType::float32;
  } else if (dtype.is(torch.boolean)) {
    view.dtype = DType::boolean;
  } else if (dtype.is(torch.uint8)) {
    view.dtype = DType::uint8;
  }
  const py::tuple shape = tensor.attr(torch.shape);
  view.dims = shape.size();
  for (std::size_t i = 0; i < view.dims && i < kMaxDims; ++i) {
    view.shape[i] = PyLong_AsSize_t(PyTuple_GET_ITEM(shape.ptr(), static_cast<py::ssize_t>(i)));
  }
  view.contiguous = tensor.attr(torch.is_contiguous)().ptr() == Py_True;
  view.data = tensor.attr(torch.data_ptr)().cast<std::uintptr_t>();
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
  if (is_tensor(object)) {
    return view_of_tensor(kernel, name, object);
  }
  throw BadArray(std::string(kernel) + ": " + name +
                 " must be a NumPy array or a torch tensor, found " +
                 py::str(py::type::handle_of(object).attr("__name__")).cast<std::string>());
}

}  // namespace amp::bindings

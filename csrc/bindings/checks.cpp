#include "checks.hpp"

namespace amp::bindings {
namespace {

std::string dtype_name(const ArrayView& view) {
  return py::str(view.object.attr("dtype")).cast<std::string>();
}

std::string device_name(Device device) {
  return device == kCpu ? "the CPU" : "cuda:" + std::to_string(device);
}

void check_float32(const ArrayView& view) {
  if (view.dtype != DType::float32) {
    const std::string cast = view.tensor ? ".float()" : ".astype(np.float32)";
    view.fail("must be float32, found " + dtype_name(view) + "; convert it with " + cast);
  }
}

void check_aligned(const ArrayView& view) {
  if (view.data % sizeof(float) != 0) {
    view.fail("is not aligned to 4 bytes; pass a copy");
  }
}

bool overlap(const ArrayView& a, const ArrayView& b) {
  return a.bytes() > 0 && b.bytes() > 0 && a.data < b.data + b.bytes() &&
         b.data < a.data + a.bytes();
}

}  // namespace

void check_device(const ArrayView& view, Kind kind) {
  if (kind != Kind::any && (view.device == kCpu) != (kind == Kind::cpu)) {
    view.fail("is on " + device_name(view.device) + ", which this module does not serve");
  }
}

void check_memory(const ArrayView& view, const ArrayView& like) {
  if (view.tensor != like.tensor) {
    const auto kind = [](const ArrayView& v) {
      return std::string(v.tensor ? "a torch tensor" : "a NumPy array");
    };
    view.fail("is " + kind(view) + " but " + like.name + " is " + kind(like) +
              "; pass all arrays as one kind");
  }
  if (view.device != like.device) {
    view.fail("is on " + device_name(view.device) + " but " + like.name + " is on " +
              device_name(like.device) + "; move all arrays to one device");
  }
  if (!view.contiguous) {
    view.fail(std::string("is not contiguous (C order), and this kernel never copies silently; ") +
              (view.tensor ? "pass .contiguous()" : "pass np.ascontiguousarray(...)"));
  }
}

void check_shape(const ArrayView& view, std::initializer_list<Dim> shape) {
  bool same = view.dims == shape.size();
  std::size_t i = 0;
  std::string names;
  std::string lengths;
  for (const Dim& dim : shape) {
    same = same && view.shape[i] == dim.length;
    ++i;
  }
  if (same) {
    return;
  }
  for (const Dim& dim : shape) {
    names += (names.empty() ? "" : ", ") + std::string(dim.name);
    lengths += (lengths.empty() ? "" : ", ") + std::to_string(dim.length);
  }
  view.fail("must have shape [" + names + "] = [" + lengths + "], found " + view.shape_text());
}

void check_rank(const ArrayView& view, std::size_t rank, const char* names) {
  if (view.dims != rank) {
    view.fail("must have shape [" + std::string(names) + "], found " + view.shape_text());
  }
}

void check_not_empty(const ArrayView& view) {
  if (view.size() == 0) {
    view.fail("is empty (shape " + view.shape_text() + "); pass at least one element");
  }
}

Span<const float> input(const ArrayView& view) {
  check_float32(view);
  check_aligned(view);
  return {reinterpret_cast<const float*>(view.data), view.size()};
}

Flags flags(const ArrayView& view) {
  const void* data = reinterpret_cast<const void*>(view.data);
  if (view.dtype == DType::boolean || view.dtype == DType::uint8) {
    return {data, view.size(), Flags::Type::byte};
  }
  if (view.dtype != DType::float32) {
    view.fail("must be bool (or uint8, or float32 with 0 for false), found " + dtype_name(view));
  }
  check_aligned(view);
  return {data, view.size(), Flags::Type::float32};
}

Span<float> output(const ArrayView& view, const std::vector<ArrayView>& others) {
  check_float32(view);
  check_aligned(view);
  if (!view.writable) {
    view.fail("is read-only; pass a writable array");
  }
  for (const ArrayView& other : others) {
    if (overlap(view, other)) {
      view.fail("shares memory with " + std::string(other.name) + "; pass a buffer of its own");
    }
  }
  return {reinterpret_cast<float*>(view.data), view.size()};
}

}  // namespace amp::bindings

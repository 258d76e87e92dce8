// What the bindings need to know about a NumPy array or a torch tensor, without copying it.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace amp::bindings {

namespace py = pybind11;

// The user's arrays cannot be used; becomes amp_sdk.kernels.ArrayError.
struct BadArray : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class DType : std::uint8_t { float32, boolean, uint8, other };

// -1 is the CPU, 0 and up a CUDA device's index.
using Device = int;
constexpr Device kCpu = -1;

// The devices that an implementation serves.
enum class Kind : std::uint8_t { cpu, cuda, any };

constexpr std::size_t kMaxDims = 4;  // of any array that a kernel takes

struct ArrayView {
  const char* kernel;  // whose argument it is, for messages
  const char* name;    // as the user knows it
  py::handle object;
  bool tensor = false;
  std::uintptr_t data = 0;
  DType dtype = DType::other;
  std::size_t dims = 0;
  std::array<std::size_t, kMaxDims> shape{};  // the first kMaxDims dimensions
  bool contiguous = true;
  bool writable = true;
  Device device = kCpu;

  std::size_t size() const;  // elements; meaningful once the rank has been checked
  std::size_t bytes() const;
  std::string shape_text() const;                         // "[3, 4]"
  [[noreturn]] void fail(const std::string& what) const;  // "kernel: name what"
};

// View of `object`. Throws BadArray when it is neither an array nor a plain strided tensor without
// gradient on the CPU or a CUDA device.
ArrayView view_of(const char* kernel, const char* name, py::handle object);

}  // namespace amp::bindings

// The checks that every kernel's arrays go through before a pointer is taken.
#pragma once

#include <initializer_list>
#include <vector>

#include "amp/kernels.hpp"
#include "array_view.hpp"

namespace amp::bindings {

// One expected length of a dimension with the letter that names it in messages.
struct Dim {
  const char* name;
  std::size_t length;
};

// `view` is on a device that the implementation serves.
void check_device(const ArrayView& view, Kind kind);
// `view` is contiguous, and of the kind (array, tensor) and on the device of `like`.
void check_memory(const ArrayView& view, const ArrayView& like);
// `view` has exactly the dimensions `shape`; the message names them, "[T, N] = [3, 4]".
void check_shape(const ArrayView& view, std::initializer_list<Dim> shape);
// `view` has as many dimensions as there are letters in `names`, "N, H, 3".
void check_rank(const ArrayView& view, std::size_t rank, const char* names);
// `view`, of known rank, has at least one element.
void check_not_empty(const ArrayView& view);

Span<const float> input(const ArrayView& view);  // checks float32
Flags flags(const ArrayView& view);              // checks bool, uint8 or float32

// float32, writable, and apart from each of `others`, inputs and outputs alike.
Span<float> output(const ArrayView& view, const std::vector<ArrayView>& others);

}  // namespace amp::bindings

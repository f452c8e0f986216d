#pragma once

#include <span>
#include <vector>

#include "ir/graph.h"
#include "ir/ops/functions.h"

// What interpreter functions share. Their node has static types that fit the operands.

namespace rcc {

using Sizes = std::vector<std::int64_t>;

// The sizes of a static type.
Sizes sizes_of(const Type& type);
Sizes result_sizes(const Node& node, std::size_t index = 0);
std::int64_t element_count(std::span<const std::int64_t> sizes);
// Elements from one step along each axis to the next.
Sizes row_major_strides(std::span<const std::int64_t> sizes);
// Strides of an operand of `sizes` read along the axes of `result`: 0 where it is repeated.
Sizes broadcast_strides(std::span<const std::int64_t> sizes, std::span<const std::int64_t> result);

// An error of kind limit when a result is too big to compute.
Result<void> check_result_size(const Type& type);
// An error unless the elements are numbers.
Result<void> require_numbers(const Tensor& tensor);

// Results of one tensor.
inline Tensors one(Tensor tensor) {
  Tensors tensors;
  tensors.push_back(std::move(tensor));
  return tensors;
}

// Integers as T, wrapped around, or booleans. Precondition: an integer dtype or boolean.
Tensor from_integers(DType dtype, Sizes sizes, std::span<const std::int64_t> values);

// Steps through `sizes` row by row along the last axis, with an offset into each of several arrays
// that have strides of their own.
class RowWalk {
 public:
  RowWalk(Sizes sizes, std::vector<Sizes> strides);
  // False after the last row, and at once when there are no elements.
  bool is_done() const { return is_done_; }
  void next();
  std::int64_t row_size() const { return row_size_; }
  std::int64_t offset(std::size_t array) const { return offsets_[array]; }
  // Distance within the row.
  std::int64_t step(std::size_t array) const { return steps_[array]; }

 private:
  Sizes sizes_;
  std::vector<Sizes> strides_;
  Sizes position_;
  Sizes offsets_;
  Sizes steps_;
  std::int64_t row_size_ = 1;
  bool is_done_ = false;
};

// Elements of `x` at chosen places: element i of an axis of the result is element sources[axis][i]
// along that axis of x, or `fill` (one element's bytes, or null) where that is negative.
Result<Tensor> select_elements(const Tensor& x, const std::vector<Sizes>& sources,
                               const Tensor* fill);
// Elements of `x` in another order: one stride an axis of the result.
Result<Tensor> copy_strided(const Tensor& x, const Sizes& sizes, const Sizes& strides);

// Bytes of an element that can be moved alone; 4-bit elements cannot. Strings are an error.
Result<std::size_t> movable_bytes(const Tensor& tensor);

}  // namespace rcc

#pragma once

#include <cstdint>
#include <vector>

#include "ir/ops/compute.h"
#include "ir/ops/window.h"

namespace rcc {

// The arithmetic of sliding windows over any number of spatial axes, for static sizes.
class SlidingWindow {
 public:
  SlidingWindow(const Window& window, Sizes input, Sizes output);

  std::int64_t input_elements() const { return input_elements_; }
  std::int64_t output_elements() const { return output_elements_; }
  // Positions of the kernel, in row-major order.
  std::int64_t kernel_elements() const { return kernel_elements_; }

  // For window `output` (row-major index) the input element under each position of the kernel, or
  // -1 where that is padding; `inputs` has kernel_elements() entries at distance `step`.
  void inputs_of(std::int64_t output, std::int64_t* inputs, std::int64_t step = 1) const;
  // How many positions of the kernel lie in the operand or in its declared padding, as opposed to
  // beyond it, where only rounding up puts them.
  std::int64_t padded_positions(std::int64_t output) const;

 private:
  void start_of(std::int64_t output, std::int64_t* start) const;

  Window window_;
  Sizes input_, output_, kernel_;
  Sizes input_strides_;
  // Offset of each kernel position along each axis, position after position.
  Sizes offsets_;
  std::int64_t input_elements_, output_elements_, kernel_elements_;
};

// The window and the sizes of a conv or pool node.
Result<SlidingWindow> sliding_window_of(const Node& node);

}  // namespace rcc

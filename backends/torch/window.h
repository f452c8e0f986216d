#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "backends/torch/kernel.h"

namespace rcc {

// The sliding window of a convolution or a pooling: one number per spatial axis.
struct Window {
  Ints kernel;
  Ints strides;
  Ints dilations;
  Ints begin_pads;
  Ints end_pads;

  std::size_t rank() const { return kernel.size(); }
  bool is_symmetric() const { return begin_pads == end_pads; }
};

// From the attributes, with auto_pad resolved for the spatial sizes of `x`.
Window window_of(const Node& node, Ints kernel, const at::Tensor& x);

// `x` with the window's padding made explicit; the window has none afterwards.
at::Tensor apply_pads(const at::Tensor& x, Window& window, double value);

}  // namespace rcc

#include "ir/ops/sliding.h"

#include <algorithm>

namespace rcc {

SlidingWindow::SlidingWindow(const Window& window, Sizes input, Sizes output)
    : window_(window), input_(std::move(input)), output_(std::move(output)) {
  for (const Dim size : window_.kernel) kernel_.push_back(size.size());
  input_strides_ = row_major_strides(input_);
  input_elements_ = element_count(input_);
  output_elements_ = element_count(output_);
  kernel_elements_ = element_count(kernel_);
  const Sizes kernel_strides = row_major_strides(kernel_);
  for (std::int64_t k = 0; k < kernel_elements_; ++k) {
    for (std::size_t i = 0; i < kernel_.size(); ++i) {
      offsets_.push_back(k / kernel_strides[i] % kernel_[i] * window_.dilations[i]);
    }
  }
}

void SlidingWindow::start_of(std::int64_t output, std::int64_t* start) const {
  for (std::size_t i = output_.size(); i-- > 0;) {
    start[i] = output % output_[i] * window_.strides[i] - window_.pads_begin[i];
    output /= output_[i];
  }
}

void SlidingWindow::inputs_of(std::int64_t output, std::int64_t* inputs, std::int64_t step) const {
  const std::size_t axes = input_.size();
  Sizes start(axes);
  start_of(output, start.data());
  const std::int64_t* offset = offsets_.data();
  for (std::int64_t k = 0; k < kernel_elements_; ++k, offset += axes) {
    std::int64_t index = 0;
    for (std::size_t i = 0; i < axes; ++i) {
      const std::int64_t place = start[i] + offset[i];
      if (place < 0 || place >= input_[i]) {
        index = -1;
        break;
      }
      index += place * input_strides_[i];
    }
    inputs[k * step] = index;
  }
}

std::int64_t SlidingWindow::padded_positions(std::int64_t output) const {
  const std::size_t axes = input_.size();
  Sizes start(axes);
  start_of(output, start.data());
  std::int64_t count = 1;
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t end = input_[i] + window_.pads_end[i];
    std::int64_t inside = 0;
    for (std::int64_t k = 0; k < kernel_[i]; ++k) {
      if (start[i] + k * window_.dilations[i] < end) ++inside;
    }
    count *= inside;
  }
  return count;
}

Result<SlidingWindow> sliding_window_of(const Node& node) {
  const Window window = RCC_TRY(window_of(node, node.graph()));
  const Sizes x = sizes_of(node.operand(std::size_t{0})->type());
  const Sizes y = result_sizes(node);
  return SlidingWindow(window, Sizes(x.begin() + 2, x.end()), Sizes(y.begin() + 2, y.end()));
}

}  // namespace rcc

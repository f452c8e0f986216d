#include "ir/ops/compute.h"
#include "ir/ops/dense_product.h"
#include "ir/ops/shape_rules.h"
#include "ir/ops/sliding.h"

namespace rcc {

namespace {

struct ConvSizes {
  std::int64_t batch, group;
  // In each group.
  std::int64_t inputs, outputs;
};

ConvSizes conv_sizes(const Node& node, const Sizes& x, const Sizes& weight) {
  const std::int64_t group = node.attribute_int(attr::group);
  return {.batch = x[0], .group = group, .inputs = weight[1], .outputs = weight[0] / group};
}

// Columns of the matrix that a convolution multiplies its kernel with: for each of `count` windows
// from `first` on, the elements under the kernel, channel after channel.
class PatchPanel {
 public:
  PatchPanel(const SlidingWindow& sliding, std::int64_t channels)
      : sliding_(sliding),
        channels_(channels),
        places_(static_cast<std::size_t>(sliding.kernel_elements() * kPanelColumns), -1),
        values_(static_cast<std::size_t>(depth() * kPanelColumns)) {}

  std::int64_t depth() const { return channels_ * sliding_.kernel_elements(); }

  void place(std::int64_t first, std::int64_t count) {
    for (std::int64_t i = 0; i < kPanelColumns; ++i) {
      if (i < count) {
        sliding_.inputs_of(first + i, places_.data() + i, kPanelColumns);
        continue;
      }
      for (std::int64_t k = 0; k < sliding_.kernel_elements(); ++k) {
        places_[static_cast<std::size_t>(k * kPanelColumns + i)] = -1;
      }
    }
  }

  // `x`: the first channel's plane.
  const double* fill(const double* x) {
    double* out = values_.data();
    for (std::int64_t channel = 0; channel < channels_; ++channel) {
      for (const std::int64_t place : places_) *out++ = place < 0 ? 0 : x[place];
      x += sliding_.input_elements();
    }
    return values_.data();
  }

 private:
  const SlidingWindow& sliding_;
  std::int64_t channels_;
  std::vector<std::int64_t> places_;
  std::vector<double> values_;
};

// Padding counts as zero. The result is (batch, group, outputs, windows).
std::vector<double> convolve(const std::vector<double>& x, const std::vector<double>& weight,
                             const ConvSizes& sizes, const SlidingWindow& sliding) {
  const std::int64_t windows = sliding.output_elements();
  const std::int64_t x_group = sizes.inputs * sliding.input_elements();
  const std::int64_t y_group = sizes.outputs * windows;
  std::vector<double> y(static_cast<std::size_t>(sizes.batch * sizes.group * y_group));
  PatchPanel panel(sliding, sizes.inputs);
  const std::int64_t w_group = sizes.outputs * panel.depth();
  std::vector<double> product(static_cast<std::size_t>(sizes.outputs * kPanelColumns));
  for (std::int64_t first = 0; first < windows; first += kPanelColumns) {
    const std::int64_t count = std::min(kPanelColumns, windows - first);
    panel.place(first, count);
    for (std::int64_t i = 0; i < sizes.batch * sizes.group; ++i) {
      const double* kernel = weight.data() + i % sizes.group * w_group;
      const double* patches = panel.fill(x.data() + i * x_group);
      multiply_panel(kernel, sizes.outputs, panel.depth(), patches, product.data());
      double* out = y.data() + i * y_group + first;
      for (std::int64_t row = 0; row < sizes.outputs; ++row) {
        std::copy_n(product.data() + row * kPanelColumns, count, out + row * windows);
      }
    }
  }
  return y;
}

void add_bias(std::vector<double>& y, const Tensor* bias, const Sizes& sizes) {
  if (!bias) return;
  const std::vector<double> values = bias->to_doubles();
  const std::int64_t plane = element_count(std::span(sizes).subspan(2));
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] += values[i / static_cast<std::size_t>(plane) % values.size()];
  }
}

const Tensor* operand_or_null(Operands operands, std::size_t index) {
  return index < operands.size() ? operands[index] : nullptr;
}

}  // namespace

Result<Tensors> interpret_conv(const Node& node, Operands operands) {
  const SlidingWindow sliding = RCC_TRY(sliding_window_of(node));
  const Sizes sizes = result_sizes(node);
  std::vector<double> y =
      convolve(operands[0]->to_doubles(), operands[1]->to_doubles(),
               conv_sizes(node, operands[0]->shape(), operands[1]->shape()), sliding);
  add_bias(y, operand_or_null(operands, 2), sizes);
  return one(Tensor::from_doubles(node.result()->type().dtype, sizes, y));
}

Result<Tensors> interpret_conv_integer(const Node& node, Operands operands) {
  const SlidingWindow sliding = RCC_TRY(sliding_window_of(node));
  std::vector<double> x = operands[0]->to_doubles();
  std::vector<double> weight = operands[1]->to_doubles();
  // Less the zero points, so that padding is the zero point, too.
  if (const Tensor* zero = operand_or_null(operands, 2)) {
    for (double& value : x) value -= zero->at(0);
  }
  if (const Tensor* zero = operand_or_null(operands, 3)) {
    const std::vector<double> zeros = zero->to_doubles();
    const std::size_t row = weight.size() / static_cast<std::size_t>(operands[1]->shape()[0]);
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] -= zeros[i / row % zeros.size()];
  }
  const std::vector<double> y =
      convolve(x, weight, conv_sizes(node, operands[0]->shape(), operands[1]->shape()), sliding);
  return one(Tensor::from_doubles(DType::i32, result_sizes(node), y));
}

namespace {

// The window of the convolution whose adjoint this is: from the result's sizes back to x's.
Result<Window> adjoint_window(const Node& node, const Sizes& x, const Sizes& weight,
                              const Sizes& y) {
  Window window = RCC_TRY(window_from_attributes(node, Shape(weight.begin() + 2, weight.end())));
  const bool is_given = !node.attribute_ints(attr::output_shape).empty();
  const std::string& mode = node.attribute_string(attr::auto_pad);
  if (!is_given && !mode.starts_with("SAME")) return window;
  const Ints& extra = node.attribute_ints(attr::output_padding);
  for (std::size_t i = 0; i < window.axes(); ++i) {
    const std::int64_t full =
        (x[i + 2] - 1) * window.strides[i] + window.extent(i) + (extra.empty() ? 0 : extra[i]);
    const std::int64_t total = std::max<std::int64_t>(0, full - y[i + 2]);
    window.pads_begin[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
    window.pads_end[i] = total - window.pads_begin[i];
  }
  return window;
}

}  // namespace

Result<Tensors> interpret_conv_transpose(const Node& node, Operands operands) {
  const Sizes& x_sizes = operands[0]->shape();
  const Sizes& w_sizes = operands[1]->shape();
  const Sizes sizes = result_sizes(node);
  const Window window = RCC_TRY(adjoint_window(node, x_sizes, w_sizes, sizes));
  const SlidingWindow sliding(window, Sizes(sizes.begin() + 2, sizes.end()),
                              Sizes(x_sizes.begin() + 2, x_sizes.end()));
  const std::vector<double> x = operands[0]->to_doubles();
  const std::vector<double> weight = operands[1]->to_doubles();
  std::vector<double> y(static_cast<std::size_t>(element_count(sizes)));
  const std::int64_t group = node.attribute_int(attr::group);
  const std::int64_t inputs = w_sizes[0] / group;
  const std::int64_t outputs = w_sizes[1];
  const std::int64_t kernel = sliding.kernel_elements();
  const std::int64_t x_plane = sliding.output_elements();
  const std::int64_t y_plane = sliding.input_elements();
  std::vector<std::int64_t> places(static_cast<std::size_t>(kernel));
  for (std::int64_t at = 0; at < x_plane; ++at) {
    sliding.inputs_of(at, places.data());
    for (std::int64_t channel = 0; channel < x_sizes[0] * w_sizes[0]; ++channel) {
      const std::int64_t in = channel % w_sizes[0];
      const std::int64_t target = channel / w_sizes[0] * group + in / inputs;
      const double value = x[static_cast<std::size_t>(channel * x_plane + at)];
      for (std::int64_t out = 0; out < outputs; ++out) {
        const double* taps = weight.data() + (in * outputs + out) * kernel;
        double* plane = y.data() + (target * outputs + out) * y_plane;
        for (std::int64_t k = 0; k < kernel; ++k) {
          const std::int64_t place = places[static_cast<std::size_t>(k)];
          if (place >= 0) plane[place] += value * taps[k];
        }
      }
    }
  }
  add_bias(y, operand_or_null(operands, 2), sizes);
  return one(Tensor::from_doubles(node.result()->type().dtype, sizes, y));
}

}  // namespace rcc

#include <algorithm>
#include <cmath>

#include "ir/ops/compute.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

// Brings each run of `length` elements to mean 0 and variance 1.
void normalise_runs(std::vector<double>& x, std::size_t length, double epsilon) {
  const auto count = static_cast<double>(length);
  for (std::size_t first = 0; first < x.size(); first += length) {
    const std::span<double> run(x.data() + first, length);
    double mean = 0;
    for (const double value : run) mean += value / count;
    double variance = 0;
    for (const double value : run) variance += (value - mean) * (value - mean) / count;
    for (double& value : run) value = (value - mean) / std::sqrt(variance + epsilon);
  }
}

// Elements of one channel of one image.
std::size_t plane_size(const Sizes& sizes) {
  return static_cast<std::size_t>(element_count(std::span(sizes).subspan(2)));
}

// gamma * x + beta, each a number a channel; the result of `node`.
Tensors scaled_channels(const Node& node, std::vector<double> x, Operands operands) {
  const Sizes& sizes = operands[0]->shape();
  const std::size_t plane = plane_size(sizes);
  const std::vector<double> gamma = operands[1]->to_doubles();
  const std::vector<double> beta = operands[2]->to_doubles();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t channel = i / plane % gamma.size();
    x[i] = gamma[channel] * x[i] + beta[channel];
  }
  return one(Tensor::from_doubles(node.result()->type().dtype, sizes, x));
}

}  // namespace

Result<Tensors> interpret_instance_norm(const Node& node, Operands operands) {
  std::vector<double> x = operands[0]->to_doubles();
  normalise_runs(x, plane_size(operands[0]->shape()), node.attribute_float(attr::epsilon));
  return scaled_channels(node, std::move(x), operands);
}

Result<Tensors> interpret_group_norm(const Node& node, Operands operands) {
  const Sizes& sizes = operands[0]->shape();
  const auto groups = static_cast<std::size_t>(node.attribute_int(attr::num_groups));
  std::vector<double> x = operands[0]->to_doubles();
  const std::size_t channels = static_cast<std::size_t>(sizes[1]) / groups;
  normalise_runs(x, channels * plane_size(sizes), node.attribute_float(attr::epsilon));
  return scaled_channels(node, std::move(x), operands);
}

Result<Tensors> interpret_local_response_norm(const Node& node, Operands operands) {
  const Sizes& sizes = operands[0]->shape();
  const std::size_t plane = plane_size(sizes);
  const std::int64_t size = node.attribute_int(attr::size);
  const double alpha = node.attribute_float(attr::alpha);
  const double beta = node.attribute_float(attr::beta);
  const double bias = node.attribute_float(attr::bias);
  const std::vector<double> x = operands[0]->to_doubles();
  std::vector<double> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto channel = static_cast<std::int64_t>(i / plane) % sizes[1];
    const std::int64_t first = std::max<std::int64_t>(0, channel - (size - 1) / 2);
    const std::int64_t last = std::min(sizes[1] - 1, channel + size / 2);
    double squares = 0;
    for (std::int64_t other = first; other <= last; ++other) {
      const double value = x[i + static_cast<std::size_t>(other) * plane -
                             static_cast<std::size_t>(channel) * plane];
      squares += value * value;
    }
    y[i] = x[i] / std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
  }
  return one(Tensor::from_doubles(operands[0]->dtype(), sizes, y));
}

Result<Tensors> interpret_rms_norm(const Node& node, Operands operands) {
  const Sizes& sizes = operands[0]->shape();
  const std::size_t axis = axis_from_front(node, sizes.size());
  const auto inner = static_cast<std::size_t>(element_count(std::span(sizes).subspan(axis)));
  std::vector<double> x = operands[0]->to_doubles();
  for (std::size_t first = 0; first < x.size(); first += inner) {
    double squares = 0;
    for (std::size_t i = first; i < first + inner; ++i) squares += x[i] * x[i];
    const double mean = squares / static_cast<double>(inner);
    const double root = std::sqrt(mean + node.attribute_float(attr::epsilon));
    for (std::size_t i = first; i < first + inner; ++i) x[i] /= root;
  }
  const std::vector<double> gamma = operands[1]->to_doubles();
  std::size_t at = 0;
  RowWalk walk(sizes, {broadcast_strides(operands[1]->shape(), sizes)});
  for (; !walk.is_done(); walk.next()) {
    for (std::int64_t i = 0; i < walk.row_size(); ++i, ++at) {
      x[at] *= gamma[static_cast<std::size_t>(walk.offset(0) + i * walk.step(0))];
    }
  }
  return one(Tensor::from_doubles(node.result()->type().dtype, sizes, x));
}

}  // namespace rcc

#include <cmath>

#include "ir/ops/compute.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

// Mean and variance (over the number of elements) of each channel.
struct Moments {
  std::vector<double> mean, variance;
};

Moments channel_moments(const std::vector<double>& x, std::size_t batch, std::size_t channels,
                        std::size_t plane) {
  Moments moments{std::vector<double>(channels), std::vector<double>(channels)};
  const auto count = static_cast<double>(batch * plane);
  const auto accumulate = [&](std::vector<double>& sums, auto term) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t channel = i / plane % channels;
      sums[channel] += term(x[i], channel);
    }
    for (double& sum : sums) sum /= count;
  };
  accumulate(moments.mean, [](double value, std::size_t) { return value; });
  accumulate(moments.variance, [&](double value, std::size_t channel) {
    const double distance = value - moments.mean[channel];
    return distance * distance;
  });
  return moments;
}

void blend(std::vector<double>& running, const std::vector<double>& batch, double momentum) {
  for (std::size_t i = 0; i < running.size(); ++i) {
    running[i] = running[i] * momentum + batch[i] * (1 - momentum);
  }
}

}  // namespace

Result<Tensors> interpret_batch_norm(const Node& node, Operands operands) {
  const Sizes& sizes = operands[0]->shape();
  const auto channels = static_cast<std::size_t>(sizes.size() > 1 ? sizes[1] : 1);
  const auto batch = static_cast<std::size_t>(sizes[0]);
  std::size_t plane = 1;
  for (std::size_t i = 2; i < sizes.size(); ++i) plane *= static_cast<std::size_t>(sizes[i]);
  std::vector<double> x = operands[0]->to_doubles();
  const std::vector<double> gamma = operands[1]->to_doubles();
  const std::vector<double> beta = operands[2]->to_doubles();
  Moments moments{operands[3]->to_doubles(), operands[4]->to_doubles()};
  Moments running = moments;
  if (node.attribute_int(attr::training_mode) != 0) {
    moments = channel_moments(x, batch, channels, plane);
    blend(running.mean, moments.mean, node.attribute_float(attr::momentum));
    blend(running.variance, moments.variance, node.attribute_float(attr::momentum));
  }
  const double epsilon = node.attribute_float(attr::epsilon);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t channel = i / plane % channels;
    const double scale = gamma[channel] / std::sqrt(moments.variance[channel] + epsilon);
    x[i] = (x[i] - moments.mean[channel]) * scale + beta[channel];
  }
  Tensors results = one(Tensor::from_doubles(operands[0]->dtype(), sizes, x));
  const Sizes length = {static_cast<std::int64_t>(channels)};
  results.push_back(Tensor::from_doubles(operands[3]->dtype(), length, running.mean));
  results.push_back(Tensor::from_doubles(operands[4]->dtype(), length, running.variance));
  results.resize(std::max<std::size_t>(1, node.result_count()));
  return results;
}

Result<Tensors> interpret_layer_norm(const Node& node, Operands operands) {
  const Sizes& sizes = operands[0]->shape();
  const std::size_t axis = axis_from_front(node, sizes.size());
  const auto inner = static_cast<std::size_t>(element_count(std::span(sizes).subspan(axis)));
  std::vector<double> x = operands[0]->to_doubles();
  std::vector<double> means, inverses;
  // An empty operand may still have moments.
  const bool has_slices = !x.empty() || node.result_count() > 1;
  const auto outer =
      has_slices ? static_cast<std::size_t>(element_count(std::span(sizes).first(axis))) : 0;
  for (std::size_t first = 0; means.size() < outer; first += inner) {
    const Moments moments =
        channel_moments({x.begin() + static_cast<std::ptrdiff_t>(first),
                         x.begin() + static_cast<std::ptrdiff_t>(first + inner)},
                        1, 1, inner);
    means.push_back(moments.mean[0]);
    inverses.push_back(1 / std::sqrt(moments.variance[0] + node.attribute_float(attr::epsilon)));
    for (std::size_t i = first; i < first + inner; ++i)
      x[i] = (x[i] - means.back()) * inverses.back();
  }
  for (const std::size_t index : {1, 2}) {
    if (index >= operands.size() || !operands[index]) continue;
    const std::vector<double> values = operands[index]->to_doubles();
    std::size_t at = 0;
    RowWalk walk(sizes, {broadcast_strides(operands[index]->shape(), sizes)});
    for (; !walk.is_done(); walk.next()) {
      for (std::int64_t i = 0; i < walk.row_size(); ++i, ++at) {
        const double value = values[static_cast<std::size_t>(walk.offset(0) + i * walk.step(0))];
        x[at] = index == 1 ? x[at] * value : x[at] + value;
      }
    }
  }
  Tensors results = one(Tensor::from_doubles(operands[0]->dtype(), sizes, x));
  for (std::size_t i = 1; i < node.result_count(); ++i) {
    Sizes moment_sizes = sizes;
    for (std::size_t j = axis; j < sizes.size(); ++j) moment_sizes[j] = 1;
    const DType dtype = parse_dtype(node.attribute_string(attr::stash_type)).value_or(DType::f32);
    results.push_back(Tensor::from_doubles(dtype, moment_sizes, i == 1 ? means : inverses));
  }
  return results;
}

namespace {

// `function` rewrites the `count` elements from `row` on, `step` apart, which are one slice.
template <typename Function>
Result<Tensors> for_each_slice(const Node& node, const Tensor& x, Function function) {
  const Sizes& sizes = x.shape();
  const std::size_t axis = axis_from_front(node, sizes.size());
  const std::int64_t step = row_major_strides(sizes)[axis];
  std::vector<double> values = x.to_doubles();
  const std::int64_t slices =
      sizes[axis] == 0 ? 0 : static_cast<std::int64_t>(values.size()) / sizes[axis];
  for (std::int64_t i = 0; i < slices; ++i) {
    function(values.data() + i / step * step * sizes[axis] + i % step, sizes[axis], step);
  }
  return one(Tensor::from_doubles(x.dtype(), sizes, values));
}

// The greatest element, and the sum of exp(element - greatest).
std::pair<double, double> exponential_sum(const double* row, std::int64_t count,
                                          std::int64_t step) {
  double most = row[0];
  for (std::int64_t i = 1; i < count; ++i) most = std::max(most, row[i * step]);
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += std::exp(row[i * step] - most);
  return {most, sum};
}

}  // namespace

Result<Tensors> interpret_softmax(const Node& node, Operands operands) {
  return for_each_slice(node, *operands[0], [](double* row, std::int64_t count, std::int64_t step) {
    const auto [most, sum] = exponential_sum(row, count, step);
    for (std::int64_t i = 0; i < count; ++i) row[i * step] = std::exp(row[i * step] - most) / sum;
  });
}

Result<Tensors> interpret_log_softmax(const Node& node, Operands operands) {
  return for_each_slice(node, *operands[0], [](double* row, std::int64_t count, std::int64_t step) {
    const auto [most, sum] = exponential_sum(row, count, step);
    for (std::int64_t i = 0; i < count; ++i) row[i * step] -= most + std::log(sum);
  });
}

// The first of the greatest elements becomes 1, the others 0.
Result<Tensors> interpret_hardmax(const Node& node, Operands operands) {
  return for_each_slice(node, *operands[0], [](double* row, std::int64_t count, std::int64_t step) {
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < count; ++i) {
      if (row[i * step] > row[best * step]) best = i;
    }
    for (std::int64_t i = 0; i < count; ++i) row[i * step] = i == best ? 1 : 0;
  });
}

Result<Tensors> interpret_lp_norm(const Node& node, Operands operands) {
  const std::int64_t order = node.attribute_int(attr::p);
  return for_each_slice(node, *operands[0],
                        [=](double* row, std::int64_t count, std::int64_t step) {
                          double total = 0;
                          for (std::int64_t i = 0; i < count; ++i) {
                            const double value = row[i * step];
                            total += order == 1 ? std::abs(value) : value * value;
                          }
                          const double norm = order == 1 ? total : std::sqrt(total);
                          if (norm == 0) return;
                          for (std::int64_t i = 0; i < count; ++i) row[i * step] /= norm;
                        });
}

}  // namespace rcc

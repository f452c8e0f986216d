#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/ops/compute.h"
#include "ir/ops/sliding.h"

namespace rcc {

namespace {

// Index of a spatial element when the first axis runs fastest.
std::int64_t column_major(std::int64_t index, std::span<const std::int64_t> sizes) {
  const Sizes strides = row_major_strides(sizes);
  std::int64_t result = 0;
  std::int64_t step = 1;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    result += index / strides[i] % sizes[i] * step;
    step *= sizes[i];
  }
  return result;
}

// Place of the greatest element among `places`, -1 when all are padding. The first wins a tie.
std::int64_t greatest(const double* plane, std::span<const std::int64_t> places) {
  std::int64_t best = -1;
  for (const std::int64_t place : places) {
    if (place >= 0 && (best < 0 || plane[place] > plane[best])) best = place;
  }
  return best;
}

}  // namespace

Result<Tensors> interpret_max_pool(const Node& node, Operands operands) {
  RCC_TRY(require_numbers(*operands[0]));
  const SlidingWindow sliding = RCC_TRY(sliding_window_of(node));
  const Sizes sizes = result_sizes(node);
  const Sizes& x_sizes = operands[0]->shape();
  const std::vector<double> x = operands[0]->to_doubles();
  const std::int64_t planes = sizes[0] * sizes[1];
  const bool is_column_major = node.attribute_int(attr::storage_order) != 0;
  std::vector<double> y(static_cast<std::size_t>(element_count(sizes)));
  std::vector<std::int64_t> indices(node.result_count() > 1 ? y.size() : 0);
  std::vector<std::int64_t> places(static_cast<std::size_t>(sliding.kernel_elements()));
  for (std::int64_t at = 0; at < sliding.output_elements(); ++at) {
    sliding.inputs_of(at, places.data());
    for (std::int64_t i = 0; i < planes; ++i) {
      const double* plane = x.data() + i * sliding.input_elements();
      const std::int64_t best = greatest(plane, places);
      const auto out = static_cast<std::size_t>(i * sliding.output_elements() + at);
      y[out] = best < 0 ? -std::numeric_limits<double>::infinity() : plane[best];
      if (indices.empty()) continue;
      const std::int64_t place =
          is_column_major ? column_major(best, std::span(x_sizes).subspan(2)) : best;
      indices[out] = i * sliding.input_elements() + place;
    }
  }
  Tensors results = one(Tensor::from_doubles(operands[0]->dtype(), sizes, y));
  if (node.result_count() > 1) results.push_back(Tensor::of<std::int64_t>(sizes, indices));
  return results;
}

Result<Tensors> interpret_average_pool(const Node& node, Operands operands) {
  RCC_TRY(require_numbers(*operands[0]));
  const SlidingWindow sliding = RCC_TRY(sliding_window_of(node));
  const Sizes sizes = result_sizes(node);
  const std::vector<double> x = operands[0]->to_doubles();
  const bool counts_padding = node.attribute_int(attr::count_include_pad) != 0;
  std::vector<double> y(static_cast<std::size_t>(element_count(sizes)));
  std::vector<std::int64_t> places(static_cast<std::size_t>(sliding.kernel_elements()));
  for (std::int64_t at = 0; at < sliding.output_elements(); ++at) {
    sliding.inputs_of(at, places.data());
    const auto inside =
        std::ranges::count_if(places, [](std::int64_t place) { return place >= 0; });
    const std::int64_t count = counts_padding ? sliding.padded_positions(at) : inside;
    for (std::int64_t i = 0; i < sizes[0] * sizes[1]; ++i) {
      const double* plane = x.data() + i * sliding.input_elements();
      double sum = 0;
      for (const std::int64_t place : places) sum += place < 0 ? 0 : plane[place];
      y[static_cast<std::size_t>(i * sliding.output_elements() + at)] =
          count == 0 ? 0 : sum / static_cast<double>(count);
    }
  }
  return one(Tensor::from_doubles(operands[0]->dtype(), sizes, y));
}

namespace {

// The norm of order p of some numbers, whose powers are summed up.
double root_of(double sum, double order) { return std::pow(sum, 1 / order); }

}  // namespace

Result<Tensors> interpret_lp_pool(const Node& node, Operands operands) {
  RCC_TRY(require_numbers(*operands[0]));
  const SlidingWindow sliding = RCC_TRY(sliding_window_of(node));
  const Sizes sizes = result_sizes(node);
  const std::vector<double> x = operands[0]->to_doubles();
  const auto order = static_cast<double>(node.attribute_int(attr::p));
  std::vector<double> y(static_cast<std::size_t>(element_count(sizes)));
  std::vector<std::int64_t> places(static_cast<std::size_t>(sliding.kernel_elements()));
  for (std::int64_t at = 0; at < sliding.output_elements(); ++at) {
    sliding.inputs_of(at, places.data());
    for (std::int64_t i = 0; i < sizes[0] * sizes[1]; ++i) {
      const double* plane = x.data() + i * sliding.input_elements();
      double sum = 0;
      for (const std::int64_t place : places) {
        sum += place < 0 ? 0 : std::pow(std::abs(plane[place]), order);
      }
      y[static_cast<std::size_t>(i * sliding.output_elements() + at)] = root_of(sum, order);
    }
  }
  return one(Tensor::from_doubles(operands[0]->dtype(), sizes, y));
}

namespace {

// One number for each channel of each image.
template <typename Function>
Result<Tensors> pool_planes(const Node& node, const Tensor& x, Function function) {
  RCC_TRY(require_numbers(x));
  const std::vector<double> values = x.to_doubles();
  const auto plane = static_cast<std::size_t>(element_count(std::span(x.shape()).subspan(2)));
  const Sizes sizes = result_sizes(node);
  std::vector<double> y(static_cast<std::size_t>(element_count(sizes)));
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = function(std::span(values).subspan(i * plane, plane));
  }
  return one(Tensor::from_doubles(x.dtype(), sizes, y));
}

}  // namespace

Result<Tensors> interpret_global_average_pool(const Node& node, Operands operands) {
  return pool_planes(node, *operands[0], [](std::span<const double> plane) {
    double sum = 0;
    for (const double value : plane) sum += value;
    return sum / static_cast<double>(plane.size());
  });
}

Result<Tensors> interpret_global_max_pool(const Node& node, Operands operands) {
  return pool_planes(node, *operands[0], [](std::span<const double> plane) {
    double most = -std::numeric_limits<double>::infinity();
    for (const double value : plane) most = std::max(most, value);
    return most;
  });
}

Result<Tensors> interpret_global_lp_pool(const Node& node, Operands operands) {
  const auto order = static_cast<double>(node.attribute_int(attr::p));
  return pool_planes(node, *operands[0], [=](std::span<const double> plane) {
    double sum = 0;
    for (const double value : plane) sum += std::pow(std::abs(value), order);
    return root_of(sum, order);
  });
}

}  // namespace rcc

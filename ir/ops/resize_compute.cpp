#include <algorithm>
#include <cmath>
#include <functional>

#include "ir/ops/compute.h"
#include "ir/ops/resize.h"

// An element of the result is a weighted sum of neighbours, axis by axis.

namespace rcc {

namespace {

// The elements of an axis that one element of the result is made of, from `first` on. No weights:
// the element lies outside of what is read.
struct Taps {
  std::int64_t first = 0;
  std::vector<double> weights;
};

// Where element `place` of the result lies on the axis of x.
double source_place(const Node& node, const ResizedAxis& axis, double place, double size) {
  const std::string& mode = node.attribute_string(attr::coordinate_transformation_mode);
  const double scaled = axis.scale * size;
  const double half_pixel = (place + 0.5) / axis.scale - 0.5;
  if (mode == "align_corners") return scaled == 1 ? 0 : place * (size - 1) / (scaled - 1);
  if (mode == "asymmetric") return place / axis.scale;
  if (mode == "pytorch_half_pixel") return scaled == 1 ? -0.5 : half_pixel;
  if (mode == "half_pixel_symmetric") {
    const double adjustment = static_cast<double>(axis.size.size()) / scaled;
    return size / 2 * (1 - adjustment) + half_pixel;
  }
  if (mode == "tf_crop_and_resize") {
    const double span = (axis.end - axis.begin) * (size - 1);
    return axis.begin * (size - 1) + (scaled == 1 ? span / 2 : place * span / (scaled - 1));
  }
  return half_pixel;
}

// Weights of the two neighbours; `ratio` in (0, 1] is the distance from the left one.
std::vector<double> nearest_weights(const Node& node, double ratio) {
  const std::string& mode = node.attribute_string(attr::nearest_mode);
  bool is_right = ratio == 1 || mode == "ceil";
  if (mode == "round_prefer_floor") is_right |= ratio > 0.5;
  if (mode == "round_prefer_ceil") is_right |= ratio >= 0.5;
  return is_right ? std::vector<double>{0, 1} : std::vector<double>{1, 0};
}

double linear_weight(double distance) { return std::max(0.0, 1 - std::abs(distance)); }

// Keys' kernel (IEEE Trans. ASSP 29, 1981), with its parameter `a`.
double cubic_weight(double distance, double a) {
  const double x = std::abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

// Weights of neighbours at the distances from `ratio` on both sides. Where elements get fewer,
// antialiasing widens the kernel.
std::vector<double> kernel_weights(const Node& node, double ratio, double scale, double radius,
                                   const std::function<double(double)>& kernel) {
  const bool is_widened = node.attribute_int(attr::antialias) != 0;
  const double factor = is_widened ? std::min(scale, 1.0) : 1;
  const auto first = static_cast<std::int64_t>(std::floor(-radius / factor)) + 1;
  std::vector<double> weights;
  double sum = 0;
  for (std::int64_t i = first; i <= 1 - first; ++i) {
    weights.push_back(kernel((static_cast<double>(i) - ratio) * factor));
    sum += weights.back();
  }
  if (is_widened) {
    for (double& weight : weights) weight /= sum;
  }
  return weights;
}

std::vector<double> weights_at(const Node& node, double ratio, double scale) {
  const std::string& mode = node.attribute_string(attr::mode);
  if (mode == "nearest") return nearest_weights(node, ratio);
  if (mode == "linear") return kernel_weights(node, ratio, scale, 1, linear_weight);
  const double a = node.attribute_float(attr::cubic_coeff_a);
  return kernel_weights(node, ratio, scale, 2,
                        [=](double distance) { return cubic_weight(distance, a); });
}

Taps taps_at(const Node& node, const ResizedAxis& axis, std::int64_t place, std::int64_t size) {
  const auto count = static_cast<double>(size);
  const double source = source_place(node, axis, static_cast<double>(place), count);
  const bool is_cropped =
      node.attribute_string(attr::coordinate_transformation_mode) == "tf_crop_and_resize";
  if (is_cropped && (source < 0 || source > count - 1)) return {};
  // The left neighbour is strictly left.
  const double left = std::ceil(source) - 1;
  Taps taps{.first = 0, .weights = weights_at(node, source - left, axis.scale)};
  taps.first =
      static_cast<std::int64_t>(left) - static_cast<std::int64_t>(taps.weights.size()) / 2 + 1;
  if (node.attribute_int(attr::exclude_outside) == 0) return taps;
  double sum = 0;
  for (std::size_t i = 0; i < taps.weights.size(); ++i) {
    const std::int64_t index = taps.first + static_cast<std::int64_t>(i);
    if (index < 0 || index >= size) taps.weights[i] = 0;
    sum += taps.weights[i];
  }
  for (double& weight : taps.weights) weight /= sum;
  return taps;
}

// x with axis `axis` resized; places beyond the ends read the end.
std::vector<double> resize_axis(const Node& node, const std::vector<double>& x, Sizes& sizes,
                                std::size_t axis, const ResizedAxis& plan) {
  const std::int64_t from = sizes[axis];
  const std::int64_t to = plan.size.size();
  const std::int64_t inner = element_count(std::span(sizes).subspan(axis + 1));
  const std::int64_t outer = element_count(std::span(sizes).first(axis));
  const double beyond = node.attribute_float(attr::extrapolation_value);
  std::vector<double> y(static_cast<std::size_t>(outer * to * inner));
  for (std::int64_t place = 0; place < to; ++place) {
    const Taps taps = taps_at(node, plan, place, from);
    for (std::int64_t i = 0; i < outer * inner; ++i) {
      const double* row = x.data() + i / inner * from * inner + i % inner;
      double value = taps.weights.empty() ? beyond : 0;
      for (std::size_t tap = 0; tap < taps.weights.size(); ++tap) {
        const std::int64_t index = taps.first + static_cast<std::int64_t>(tap);
        value += taps.weights[tap] * row[std::clamp<std::int64_t>(index, 0, from - 1) * inner];
      }
      y[static_cast<std::size_t>((i / inner * to + place) * inner + i % inner)] = value;
    }
  }
  sizes[axis] = to;
  return y;
}

}  // namespace

Result<Tensors> interpret_resize(const Node& node, Operands operands) {
  const auto axes = RCC_TRY(resized_axes(node));
  if (!axes) return fail(ErrorKind::input, "the sizes of the result are not known");
  std::vector<double> values = operands[0]->to_doubles();
  Sizes sizes = operands[0]->shape();
  for (std::size_t i = 0; i < axes->size(); ++i) {
    const ResizedAxis& axis = (*axes)[i];
    const bool is_whole = axis.begin == 0 && axis.end == 1;
    if (sizes[i] == 0) return fail(ErrorKind::input, "an axis without elements is resized");
    if (axis.scale == 1 && is_whole) continue;
    values = resize_axis(node, values, sizes, i, axis);
  }
  const DType dtype = node.result()->type().dtype;
  if (is_integer(dtype)) {
    for (double& value : values) value = std::trunc(value);
  }
  return one(Tensor::from_doubles(dtype, sizes, values));
}

}  // namespace rcc

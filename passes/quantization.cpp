#include "passes/quantization.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rcc {
namespace {

constexpr std::int32_t kLargestWeight = 127;
constexpr std::int32_t kLargestPair = 128;

// Element count before and after `axis`: index = (outer * channels + channel) * inner + i.
struct Strides {
  std::size_t outer = 1;
  std::size_t channels = 1;
  std::size_t inner = 1;
};

Strides strides_of(const Tensor& tensor, int axis) {
  Strides strides;
  if (axis < 0) {
    strides.inner = static_cast<std::size_t>(tensor.element_count());
    return strides;
  }
  for (std::size_t i = 0; i < tensor.rank(); ++i) {
    const auto size = static_cast<std::size_t>(tensor.shape()[i]);
    if (i < static_cast<std::size_t>(axis)) strides.outer *= size;
    if (i == static_cast<std::size_t>(axis)) strides.channels = size;
    if (i > static_cast<std::size_t>(axis)) strides.inner *= size;
  }
  return strides;
}

struct TwoLargest {
  float first = 0;
  float second = 0;
  void add(float magnitude) {
    if (magnitude > first) {
      second = first;
      first = magnitude;
    } else if (magnitude > second) {
      second = magnitude;
    }
  }
};

// As QuantizeLinear computes it: the quotient in float32, then half to even. Precondition: the
// quotient is below 2^22, where adding and taking away 1.5 * 2^23 rounds exactly so, and in vectors.
std::int32_t rounded(float value, float scale) {
  constexpr float kShift = 12582912.0F;
  return static_cast<std::int32_t>((value / scale + kShift) - kShift);
}

float weight_scale(const TwoLargest& largest, WeightRange range, float minimum) {
  if (largest.first < std::numeric_limits<float>::min()) return 1;
  float scale = std::max(largest.first / static_cast<float>(kLargestWeight), minimum);
  if (range == WeightRange::pair_safe) {
    scale = std::max(scale, (largest.first + largest.second) / static_cast<float>(kLargestPair));
    // Rounding both up can still exceed the sum by one.
    while (rounded(largest.first, scale) + rounded(largest.second, scale) > kLargestPair)
      scale *= 1.0F + 1e-4F;
  }
  return std::max(scale, std::numeric_limits<float>::min());
}

}  // namespace

QuantizationParameters activation_parameters(Range range, DType dtype) {
  const double low = std::min(0.0, static_cast<double>(range.low));
  const double high = std::max(0.0, static_cast<double>(range.high));
  if (dtype == DType::i8) {
    const auto scale = static_cast<float>(std::max(-low, high) / 127.0);
    return {scale < std::numeric_limits<float>::min() ? 1.0F : scale, 0};
  }
  RCC_CHECK(dtype == DType::u8, "activations are u8 or i8");
  const auto scale = static_cast<float>((high - low) / 255.0);
  if (scale < std::numeric_limits<float>::min()) return {1.0F, 0};
  const double zero_point = std::nearbyint(-low / static_cast<double>(scale));
  return {scale, static_cast<std::int32_t>(std::clamp(zero_point, 0.0, 255.0))};
}

QuantizedWeight quantize_weight(const Tensor& weight, int axis, WeightRange range,
                                std::span<const float> minimum_scales) {
  const Strides strides = strides_of(weight, axis);
  const ElementView<float> values = weight.elements<float>();
  std::vector<TwoLargest> largest(strides.channels);
  std::size_t at = 0;
  for (std::size_t outer = 0; outer < strides.outer; ++outer)
    for (TwoLargest& channel : largest)
      for (std::size_t i = 0; i < strides.inner; ++i) channel.add(std::abs(values[at++]));

  QuantizedWeight result;
  result.scales.reserve(strides.channels);
  for (std::size_t c = 0; c < strides.channels; ++c)
    result.scales.push_back(
        weight_scale(largest[c], range, minimum_scales.empty() ? 0.0F : minimum_scales[c]));

  result.values = Tensor::allocate(DType::i8, weight.shape());
  const std::span<std::int8_t> target = result.values.mutable_elements<std::int8_t>();
  at = 0;
  for (std::size_t outer = 0; outer < strides.outer; ++outer)
    for (const float scale : result.scales)
      for (std::size_t i = 0; i < strides.inner; ++i, ++at)
        target[at] = static_cast<std::int8_t>(
            std::clamp(rounded(values[at], scale), -kLargestWeight, kLargestWeight));
  return result;
}

Tensor quantize_bias(const Tensor& bias, std::span<const float> scales) {
  const ElementView<float> values = bias.elements<float>();
  Tensor result = Tensor::allocate(DType::i32, bias.shape());
  const std::span<std::int32_t> target = result.mutable_elements<std::int32_t>();
  for (std::size_t c = 0; c < target.size(); ++c) {
    const double quotient = std::nearbyint(static_cast<double>(values[c]) /
                                           static_cast<double>(scales[scales.size() == 1 ? 0 : c]));
    RCC_CHECK(std::abs(quotient) <= std::numeric_limits<std::int32_t>::max(),
              "a bias of {} does not fit in 32 bits", values[c]);
    target[c] = static_cast<std::int32_t>(quotient);
  }
  return result;
}

std::vector<float> minimum_weight_scales(const Tensor& bias, float input_scale) {
  // A little less than 2^31, so that rounding the product of scales cannot overflow.
  constexpr double kLargestBias = 2147483000.0;
  const ElementView<float> values = bias.elements<float>();
  std::vector<float> scales(values.size());
  for (std::size_t c = 0; c < scales.size(); ++c)
    scales[c] = static_cast<float>(std::abs(static_cast<double>(values[c])) /
                                   (static_cast<double>(input_scale) * kLargestBias));
  return scales;
}

}  // namespace rcc

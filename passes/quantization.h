#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/graph.h"

namespace rcc {

// x is stored as q = saturate(round_half_even(x / scale) + zero_point); x' = (q - zero_point) * scale
// (ONNX QuantizeLinear and DequantizeLinear).
struct QuantizationParameters {
  float scale = 1;
  std::int32_t zero_point = 0;
  bool operator==(const QuantizationParameters&) const = default;
};

// Activations. u8: the whole range 0..255, zero exactly representable, so that padding and ReLU lose
// nothing. s8 symmetric: scale = max|x| / 127, zero point 0.
// A range of width 0 gives scale 1.
QuantizationParameters activation_parameters(Range range, DType dtype);

// Which weights an integer kernel may hold without overflowing its sums.
enum class WeightRange : std::uint8_t {
  // |q| <= 127.
  full,
  // Also |q1| + |q2| <= 128 for the two largest of each channel: kernels without VNNI add two
  // products u8 * s8 in 16 bits (vpmaddubsw), and 255 * 128 = 32640 still fits.
  pair_safe,
};

struct QuantizedWeight {
  // i8, shape of the weight.
  Tensor values;
  // f32: one per channel along the axis, or one in all.
  std::vector<float> scales;
};

// Symmetric, zero point 0, half to even. `axis` < 0: one scale for the whole tensor. A channel of
// zeros has scale 1. `minimum_scales` (same length as the scales; empty: none) are lower bounds, used
// when a bias would not fit its 32 bits otherwise.
QuantizedWeight quantize_weight(const Tensor& weight, int axis, WeightRange range,
                                std::span<const float> minimum_scales = {});

// q = round(b / scale[c]) as i32. Precondition: everything fits (see minimum_weight_scales).
Tensor quantize_bias(const Tensor& bias, std::span<const float> scales);

// The smallest weight scale per channel for which |b[c]| / (input_scale * scale[c]) fits in 31 bits.
std::vector<float> minimum_weight_scales(const Tensor& bias, float input_scale);

}  // namespace rcc

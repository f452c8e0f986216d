#include <algorithm>
#include <cmath>
#include <numbers>

#include "ir/float_format.h"
#include "ir/ops/elementwise_map.h"

namespace rcc {

namespace {

double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

}  // namespace

// Comparisons are written so that NaN stays NaN.

Result<Tensors> interpret_relu(const Node&, Operands operands) {
  return map(operands, [](double x) { return x < 0 ? 0 : x; });
}

Result<Tensors> interpret_leaky_relu(const Node& node, Operands operands) {
  const double alpha = node.attribute_float(attr::alpha);
  return map(operands, [=](double x) { return x < 0 ? alpha * x : x; });
}

Result<Tensors> interpret_elu(const Node& node, Operands operands) {
  const double alpha = node.attribute_float(attr::alpha);
  return map(operands, [=](double x) { return x < 0 ? alpha * std::expm1(x) : x; });
}

Result<Tensors> interpret_selu(const Node& node, Operands operands) {
  const double alpha = node.attribute_float(attr::alpha);
  const double gamma = node.attribute_float(attr::gamma);
  return map(operands, [=](double x) { return gamma * (x < 0 ? alpha * std::expm1(x) : x); });
}

Result<Tensors> interpret_softplus(const Node&, Operands operands) {
  return map(operands, softplus);
}

Result<Tensors> interpret_sigmoid(const Node&, Operands operands) {
  return map(operands, [](double x) { return 1 / (1 + std::exp(-x)); });
}

Result<Tensors> interpret_tanh(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::tanh(x); });
}

Result<Tensors> interpret_hard_sigmoid(const Node& node, Operands operands) {
  const double alpha = node.attribute_float(attr::alpha);
  const double beta = node.attribute_float(attr::beta);
  return map(operands, [=](double x) { return std::clamp(alpha * x + beta, 0.0, 1.0); });
}

Result<Tensors> interpret_hard_swish(const Node&, Operands operands) {
  return map(operands, [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); });
}

Result<Tensors> interpret_gelu(const Node& node, Operands operands) {
  const std::string& kind = node.attribute_string(attr::approximate);
  if (kind == "none") {
    return map(operands, [](double x) { return x / 2 * (1 + std::erf(x / std::numbers::sqrt2)); });
  }
  if (kind != "tanh") return fail(ErrorKind::input, "approximate is neither none nor tanh");
  return map(operands, [](double x) {
    const double scale = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
    return x / 2 * (1 + std::tanh(scale * (x + 0.044715 * x * x * x)));
  });
}

Result<Tensors> interpret_mish(const Node&, Operands operands) {
  return map(operands, [](double x) { return x * std::tanh(softplus(x)); });
}

Result<Tensors> interpret_erf(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::erf(x); });
}

Result<Tensors> interpret_exp(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::exp(x); });
}

Result<Tensors> interpret_log(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::log(x); });
}

Result<Tensors> interpret_sqrt(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::sqrt(x); });
}

Result<Tensors> interpret_reciprocal(const Node&, Operands operands) {
  return map(operands, [](double x) { return 1 / x; });
}

Result<Tensors> interpret_neg(const Node&, Operands operands) {
  return map(operands, [](double x) { return -x; });
}

Result<Tensors> interpret_abs(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::abs(x); });
}

Result<Tensors> interpret_sign(const Node&, Operands operands) {
  return map(operands, [](double x) { return x > 0 ? 1 : x < 0 ? -1 : x; });
}

Result<Tensors> interpret_floor(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::floor(x); });
}

Result<Tensors> interpret_ceil(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::ceil(x); });
}

Result<Tensors> interpret_round(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::nearbyint(x); });
}

Result<Tensors> interpret_clip(const Node&, Operands operands) {
  const auto limit = [&](std::size_t index, double absent) {
    const bool is_there = index < operands.size() && operands[index];
    return is_there ? operands[index]->at(0) : absent;
  };
  const double low = limit(1, -std::numeric_limits<double>::infinity());
  const double high = limit(2, std::numeric_limits<double>::infinity());
  // The upper limit wins where the limits cross.
  return map(operands, [=](double x) {
    const double raised = x < low ? low : x;
    return raised > high ? high : raised;
  });
}

Result<Tensors> interpret_identity(const Node&, Operands operands) { return one(*operands[0]); }

Result<Tensors> interpret_dropout(const Node& node, Operands operands) {
  const bool has_mode = operands.size() > 2 && operands[2];
  const bool has_ratio = operands.size() > 1 && operands[1];
  const double ratio = has_ratio ? operands[1]->at(0) : 0.5;
  if (has_mode && operands[2]->at(0) != 0 && ratio != 0) {
    return fail(ErrorKind::input, "the interpreter does not run dropout in training mode");
  }
  Tensors results = one(*operands[0]);
  if (node.result_count() > 1) {
    const std::vector<bool> kept(static_cast<std::size_t>(operands[0]->element_count()), true);
    results.push_back(Tensor::of<bool>(operands[0]->shape(), kept));
  }
  return results;
}

namespace {

std::int64_t truncated(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 0x1p63) return std::numeric_limits<std::int64_t>::max();
  return value < -0x1p63 ? std::numeric_limits<std::int64_t>::min()
                         : static_cast<std::int64_t>(value);
}

}  // namespace

namespace {

bool is_8_bit_float(DType dtype) { return is_float(dtype) && dtype_bytes(dtype, 1) == 1; }

// What is out of range becomes infinity or, where there is none, NaN.
Tensor without_saturation(const Tensor& x, DType to) {
  FloatFormat format = *float_format(to);
  format.saturates = false;
  Tensor y = Tensor::allocate(to, x.shape());
  const std::span<std::byte> bytes = y.mutable_bytes();
  const std::vector<double> values = x.to_doubles();
  for (std::size_t i = 0; i < values.size(); ++i) {
    bytes[i] = static_cast<std::byte>(format.encode(values[i]));
  }
  return y;
}

}  // namespace

Result<Tensors> interpret_cast(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const DType to = node.result()->type().dtype;
  if (x.dtype() == to) return one(x);
  if (!is_numeric(x.dtype()) || !is_numeric(to)) {
    return fail(ErrorKind::input, "the interpreter casts numbers only");
  }
  const bool from_integer = is_integer(x.dtype()) || x.dtype() == DType::boolean;
  if (is_integer(to)) {
    // Towards zero; integers wrap around.
    std::vector<std::int64_t> values;
    if (from_integer) {
      values = x.to_ints();
    } else {
      for (const double value : x.to_doubles()) values.push_back(truncated(value));
    }
    return one(from_integers(to, x.shape(), values));
  }
  if (is_8_bit_float(to) && node.attribute_int(attr::saturate) == 0) {
    return one(without_saturation(x, to));
  }
  return one(Tensor::from_doubles(to, x.shape(), x.to_doubles()));
}

}  // namespace rcc

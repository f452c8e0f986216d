// Quantizers: what ONNX's QuantizeLinear and DequantizeLinear compute, and in training the
// straight-through estimator. Quantized integers are held as float32.
#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/div.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/round.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "backends/torch/convert.h"
#include "backends/torch/kernel.h"

namespace rcc {

namespace {

using Tensors = std::vector<at::Tensor>;

struct IntegerLimits {
  double low;
  double high;
};

IntegerLimits limits_of(DType dtype) {
  switch (dtype) {
    case DType::u8:
      return {0, 255};
    case DType::i8:
      return {-128, 127};
    case DType::u16:
      return {0, 65535};
    case DType::i16:
      return {-32768, 32767};
    case DType::u4:
      return {0, 15};
    case DType::i4:
      return {-8, 7};
    default:
      break;
  }
  TORCH_CHECK(false, "quantization to ", dtype_name(dtype), " is not supported");
}

// A scale or zero point in a shape that broadcasts against `x`: a scalar, one number per slice of
// an axis, or one per block of an axis.
at::Tensor aligned(const KernelContext& context, std::size_t index, const at::Tensor& x) {
  const at::Tensor parameter = context.operand(index).to(at::kFloat);
  if (parameter.numel() == 1) return parameter.reshape({});
  std::int64_t axis = context.node.attribute_int(attr::axis);
  if (axis < 0) axis += x.dim();
  TORCH_CHECK(axis >= 0 && axis < x.dim(), "`axis` lies outside the tensor");
  const std::int64_t block = context.node.attribute_int(attr::block_size);
  if (block > 0) return parameter.repeat_interleave(block, axis).narrow(axis, 0, x.size(axis));
  Ints shape(static_cast<std::size_t>(x.dim()), 1);
  shape[static_cast<std::size_t>(axis)] = parameter.numel();
  return parameter.reshape(shape);
}

// Divides, as ONNX does: the product with 1 / scale rounds differently.
at::Tensor rounded(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& zero_point) {
  at::Tensor q = at::div(x, scale).round_();
  if (zero_point.defined()) q.add_(zero_point);
  return q;
}

class StraightThrough : public torch::autograd::Function<StraightThrough> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* saved, const at::Tensor& x,
                            const at::Tensor& scale, const at::Tensor& zero_point, double low,
                            double high) {
    at::Tensor q = rounded(x, scale, zero_point);
    const at::Tensor is_inside = at::logical_and(q.ge(low), q.le(high));
    saved->save_for_backward({is_inside, scale});
    return q.clamp_(low, high);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* saved,
                                                 torch::autograd::variable_list gradients) {
    const auto tensors = saved->get_saved_variables();
    return {at::div(gradients[0] * tensors[0], tensors[1]), {}, {}, {}, {}};
  }
};

at::Tensor quantized(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& zero_point,
                     const IntegerLimits& limits) {
  if (x.requires_grad() && c10::GradMode::is_enabled())
    return StraightThrough::apply(x, scale, zero_point, limits.low, limits.high);
  return rounded(x, scale, zero_point).clamp_(limits.low, limits.high);
}

Tensors quantize(const KernelContext& context) {
  const at::Tensor x = context.operand(0).to(at::kFloat);
  const at::Tensor scale = aligned(context, 1, x);
  const at::Tensor zero_point = context.has(2) ? aligned(context, 2, x) : at::Tensor();
  return {quantized(x, scale, zero_point, limits_of(context.node.result()->type().dtype))};
}

Tensors dequantize(const KernelContext& context) {
  at::Tensor x = context.operand(0).to(at::kFloat);
  if (context.has(2)) x = x - aligned(context, 2, x);
  return {x * aligned(context, 1, x)};
}

Tensors dynamic_quantize(const KernelContext& context) {
  const at::Tensor x = context.operand(0).to(at::kFloat);
  const at::Tensor low = x.amin().clamp_max(0);
  const at::Tensor high = x.amax().clamp_min(0);
  const at::Tensor scale = (high - low) / 255;
  const at::Tensor zero_point = at::div(-low, scale).clamp(0, 255).round();
  return {quantized(x, scale, zero_point, limits_of(DType::u8)), scale, zero_point};
}

constexpr KernelRow kRows[] = {
    {OpKind::quantize, quantize},
    {OpKind::dequantize, dequantize},
    {OpKind::dynamic_quantize, dynamic_quantize},
};

}  // namespace

std::span<const KernelRow> quantize_kernels() { return kRows; }

}  // namespace rcc

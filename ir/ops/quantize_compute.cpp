#include <algorithm>
#include <cmath>

#include "ir/ops/compute.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

// Which scale each element of x has.
class ScaleIndex {
 public:
  ScaleIndex(const Node& node, const Tensor& x, const Tensor& scale) {
    block_ = node.attribute_int(attr::block_size);
    if (scale.element_count() == 1) return;
    const std::size_t axis = axis_from_front(node, x.rank());
    inner_ = element_count(std::span(x.shape()).subspan(axis + 1));
    size_ = x.shape()[axis];
    blocks_ = block_ > 0 ? scale.shape()[axis] : 0;
  }
  std::size_t operator()(std::size_t element) const {
    const auto index = static_cast<std::int64_t>(element);
    if (size_ == 0) return 0;
    const std::int64_t along = index / inner_ % size_;
    if (block_ == 0) return static_cast<std::size_t>(along);
    const std::int64_t outer = index / inner_ / size_;
    return static_cast<std::size_t>((outer * blocks_ + along / block_) * inner_ + index % inner_);
  }

 private:
  std::int64_t inner_ = 1;
  // 0: one scale for all.
  std::int64_t size_ = 0;
  std::int64_t block_ = 0;
  std::int64_t blocks_ = 0;
};

std::vector<double> zero_points(Operands operands, std::size_t count) {
  const bool is_given = operands.size() > 2 && operands[2];
  return is_given ? operands[2]->to_doubles() : std::vector<double>(count, 0);
}

}  // namespace

// In f32 as runtimes do it: a quotient, not a product with the reciprocal, halves to even.
Result<Tensors> interpret_quantize(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const DType dtype = node.result()->type().dtype;
  std::vector<double> values = x.to_doubles();
  const std::vector<double> scales = operands[1]->to_doubles();
  const std::vector<double> zeros = zero_points(operands, scales.size());
  const ScaleIndex scale_of(node, x, *operands[1]);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t at = scale_of(i);
    const float quotient = static_cast<float>(values[i]) / static_cast<float>(scales[at]);
    values[i] = is_integer(dtype) ? std::nearbyint(quotient) + zeros[at] : quotient + zeros[at];
  }
  return one(Tensor::from_doubles(dtype, x.shape(), values));
}

Result<Tensors> interpret_dequantize(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  std::vector<double> values = x.to_doubles();
  const std::vector<double> scales = operands[1]->to_doubles();
  const std::vector<double> zeros = zero_points(operands, scales.size());
  const ScaleIndex scale_of(node, x, *operands[1]);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t at = scale_of(i);
    const auto distance = static_cast<float>(values[i] - zeros[at]);
    values[i] = distance * static_cast<float>(scales[at]);
  }
  return one(Tensor::from_doubles(node.result()->type().dtype, x.shape(), values));
}

Result<Tensors> interpret_dynamic_quantize(const Node&, Operands operands) {
  const Tensor& x = *operands[0];
  const auto elements = x.elements<float>();
  float low = 0;
  float high = 0;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    low = std::min(low, elements[i]);
    high = std::max(high, elements[i]);
  }
  float scale = (high - low) / 255;
  // All zeros: any scale is right.
  if (scale == 0) scale = 1;
  const auto zero = static_cast<float>(std::clamp(std::nearbyint(-low / scale), 0.0f, 255.0f));
  std::vector<double> values(elements.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(std::nearbyint(elements[i] / scale)) + zero;
  }
  Tensors results = one(Tensor::from_doubles(DType::u8, x.shape(), values));
  results.push_back(Tensor::scalar<float>(scale));
  results.push_back(Tensor::scalar<std::uint8_t>(static_cast<std::uint8_t>(zero)));
  return results;
}

}  // namespace rcc

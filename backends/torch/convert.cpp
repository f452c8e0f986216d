#include "backends/torch/convert.h"

#include <ATen/ops/empty.h>

#include <cstring>

#include "ir/support/result.h"

namespace rcc {

namespace {

// Whether the bytes of both types are the same.
bool is_same_layout(DType dtype) {
  switch (dtype) {
    case DType::f32:
    case DType::f64:
    case DType::f16:
    case DType::bf16:
    case DType::i8:
    case DType::i16:
    case DType::i32:
    case DType::i64:
    case DType::u8:
    case DType::boolean:
      return true;
    default:
      return false;
  }
}

}  // namespace

at::ScalarType scalar_type_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return at::kFloat;
    case DType::f64:
      return at::kDouble;
    case DType::f16:
      return at::kHalf;
    case DType::bf16:
      return at::kBFloat16;
    case DType::i8:
    case DType::i4:
      return at::kChar;
    case DType::u8:
    case DType::u4:
      return at::kByte;
    case DType::i16:
      return at::kShort;
    case DType::i32:
    case DType::u16:
      return at::kInt;
    case DType::i64:
    case DType::u32:
    case DType::u64:
      return at::kLong;
    case DType::boolean:
      return at::kBool;
    case DType::f8e4m3fn:
    case DType::f8e4m3fnuz:
    case DType::f8e5m2:
    case DType::f8e5m2fnuz:
    case DType::f4e2m1:
      return at::kFloat;
    case DType::unknown:
    case DType::string:
    case DType::complex64:
    case DType::complex128:
      break;
  }
  TORCH_CHECK(false, "values of type ", dtype_name(dtype), " are not supported");
}

at::Tensor to_torch(const Tensor& tensor, at::Device device) {
  const at::ScalarType type = scalar_type_of(tensor.dtype());
  TORCH_CHECK(!tensor.is_elided(), "a constant has no contents (they were left out of the text)");
  if (is_same_layout(tensor.dtype())) {
    at::Tensor result = at::empty(tensor.shape(), at::dtype(type));
    const auto bytes = tensor.bytes();
    if (!bytes.empty()) std::memcpy(result.mutable_data_ptr(), bytes.data(), bytes.size());
    return result.to(device);
  }
  const std::vector<double> values = tensor.to_doubles();
  at::Tensor wide = at::empty(tensor.shape(), at::dtype(at::kDouble));
  std::copy(values.begin(), values.end(), wide.mutable_data_ptr<double>());
  return wide.to(device, type);
}

Tensor from_torch(const at::Tensor& tensor, DType dtype) {
  const std::vector<std::int64_t> shape = tensor.sizes().vec();
  if (!is_same_layout(dtype)) {
    const at::Tensor wide = tensor.detach().to(at::kCPU, at::kDouble).contiguous();
    return Tensor::from_doubles(
        dtype, shape, {wide.const_data_ptr<double>(), static_cast<std::size_t>(wide.numel())});
  }
  const at::Tensor dense = tensor.detach().to(at::kCPU, scalar_type_of(dtype)).contiguous();
  Tensor result = Tensor::allocate(dtype, shape);
  const auto bytes = result.mutable_bytes();
  if (!bytes.empty()) std::memcpy(bytes.data(), dense.const_data_ptr(), bytes.size());
  return result;
}

}  // namespace rcc

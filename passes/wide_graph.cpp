#include "passes/wide_graph.h"

#include "ir/shape_inference.h"

namespace rcc {

Tensor widened(const Tensor& tensor) {
  if (tensor.dtype() != DType::f32) return tensor;
  return Tensor::from_doubles(DType::f64, tensor.shape(), tensor.to_doubles());
}

std::optional<Graph> widened(const Graph& graph) {
  Graph wide = graph.clone();
  for (Value* input : wide.inputs()) {
    Type type = input->type();
    if (type.dtype == DType::f32) type.dtype = DType::f64;
    wide.set_type(*input, std::move(type));
  }
  for (Value* constant : wide.constants()) wide.set_tensor(*constant, widened(constant->tensor()));
  if (!infer_types_anew(wide)) return std::nullopt;
  return wide;
}

}  // namespace rcc

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace rcc {

// Small graphs for tests. Weights are reproducible numbers in (-1, 1).
class GraphBuilder {
 public:
  Value& input(Shape dims, DType dtype = DType::f32) {
    return graph.add_input("x", Type(dtype, std::move(dims)));
  }
  Value& weight(std::vector<std::int64_t> shape, float offset = 0) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i)
      values.push_back(static_cast<float>((++drawn_ * 7919) % 1999 - 999) / 1000.0F + offset);
    return graph.add_constant("w", Tensor::of(std::move(shape), values));
  }
  template <typename T>
  Value& constant(std::vector<std::int64_t> shape, const std::vector<T>& values) {
    return graph.add_constant("c", Tensor::of(std::move(shape), values));
  }
  Value& ints(const Ints& values) {
    return constant<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
  }
  Value& scalar(float value) { return graph.add_constant("s", Tensor::scalar(value)); }

  Value& add(OpKind kind, std::vector<Value*> operands,
             std::vector<NamedAttribute> attributes = {}) {
    return graph.add(kind, std::move(operands), std::move(attributes));
  }
  // A node with several results, all of them outputs.
  void add_outputs(OpKind kind, std::vector<Value*> operands,
                   std::vector<NamedAttribute> attributes, std::size_t results);

  Graph graph;

 private:
  std::int64_t drawn_ = 0;
};

}  // namespace rcc

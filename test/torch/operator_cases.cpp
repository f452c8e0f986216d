#include "test/torch/operator_cases.h"

#include "ir/shape_inference.h"

namespace rcc {

void GraphBuilder::add_outputs(OpKind kind, std::vector<Value*> operands,
                               std::vector<NamedAttribute> attributes, std::size_t results) {
  Graph::NodeSpec spec;
  spec.op = &graph.ops()[kind];
  spec.operands = std::move(operands);
  spec.attributes = std::move(attributes);
  spec.results.resize(results);
  Node& node = graph.add_node(std::move(spec));
  RCC_CHECK(infer_types(graph, node).has_value());
  for (std::size_t i = 0; i < results; ++i) graph.add_output(*node.result(i));
}

std::vector<OperatorCase> joined(std::initializer_list<std::vector<OperatorCase>> parts) {
  std::vector<OperatorCase> cases;
  for (const std::vector<OperatorCase>& part : parts)
    cases.insert(cases.end(), part.begin(), part.end());
  return cases;
}

namespace {

using B = GraphBuilder;
using K = OpKind;

Value* convolution(B& b, Shape x, std::vector<std::int64_t> w,
                   std::vector<NamedAttribute> attributes) {
  const std::int64_t channels = w.front();
  return &b.add(K::conv, {&b.input(std::move(x)), &b.weight(std::move(w)), &b.weight({channels})},
                std::move(attributes));
}

std::vector<OperatorCase> contraction_cases() {
  return {
      {"conv_one_axis",
       [](B& b) {
         return convolution(b, {2, 3, 9}, {4, 3, 3}, {});
       }},
      {"conv_uneven_pads",
       [](B& b) {
         return convolution(b, {2, 3, 7, 6}, {4, 3, 3, 2},
                            {{attr::pads, Ints{1, 0, 2, 1}}, {attr::strides, Ints{2, 1}}});
       }},
      {"conv_grouped_dilated",
       [](B& b) {
         return convolution(b, {1, 4, 8, 8}, {6, 2, 3, 3},
                            {{attr::group, std::int64_t{2}},
                             {attr::dilations, Ints{2, 1}},
                             {attr::pads, Ints{2, 1, 2, 1}}});
       }},
      {"conv_depthwise",
       [](B& b) {
         return convolution(b, {2, 4, 5, 5}, {4, 1, 3, 3}, {{attr::group, std::int64_t{4}}});
       }},
      {"conv_same_upper",
       [](B& b) {
         return convolution(
             b, {1, 2, 7, 6}, {3, 2, 4, 3},
             {{attr::auto_pad, std::string("SAME_UPPER")}, {attr::strides, Ints{2, 2}}});
       }},
      {"conv_same_lower",
       [](B& b) {
         return convolution(b, {1, 2, 7, 6}, {3, 2, 4, 3},
                            {{attr::auto_pad, std::string("SAME_LOWER")}});
       }},
      {"conv_three_axes",
       [](B& b) {
         return convolution(b, {1, 2, 4, 5, 3}, {2, 2, 2, 3, 1}, {});
       }},
      {"conv_transpose",
       [](B& b) {
         return &b.add(K::conv_transpose,
                       {&b.input({2, 4, 5, 4}), &b.weight({4, 3, 3, 3}), &b.weight({6})},
                       {{attr::group, std::int64_t{2}},
                        {attr::strides, Ints{2, 2}},
                        {attr::pads, Ints{1, 0, 1, 2}},
                        {attr::output_padding, Ints{1, 0}}});
       }},
      {"gemm",
       [](B& b) {
         return &b.add(K::gemm, {&b.input({3, 4}), &b.weight({5, 4}), &b.weight({5})},
                       {{attr::trans_b, std::int64_t{1}}});
       }},
      {"gemm_scaled",
       [](B& b) {
         return &b.add(K::gemm, {&b.input({4, 3}), &b.weight({4, 5}), &b.weight({3, 1})},
                       {{attr::trans_a, std::int64_t{1}}, {attr::alpha, 0.5F}, {attr::beta, 2.0F}});
       }},
      {"matmul",
       [](B& b) {
         return &b.add(K::matmul, {&b.input({2, 3, 4}), &b.weight({4, 5})});
       }},
      {"conv_integer",
       [](B& b) {
         Value& x = b.input({1, 2, 5, 5}, DType::u8);
         Value& w = b.constant<std::int8_t>({2, 2, 1, 2}, {1, -2, 3, 4, -5, 6, 7, -128});
         return &b.add(K::conv_integer, {&x, &w, &b.constant<std::uint8_t>({}, {3})});
       }},
      {"matmul_integer",
       [](B& b) {
         Value& x = b.input({3, 4}, DType::u8);
         Value& w = b.constant<std::int8_t>({4, 2}, {1, -2, 3, 4, -5, 6, 127, -128});
         return &b.add(K::matmul_integer, {&x, &w, &b.constant<std::uint8_t>({}, {7}),
                                           &b.constant<std::int8_t>({}, {-1})});
       }},
  };
}

Value* pool(B& b, OpKind kind, Shape x, std::vector<NamedAttribute> attributes) {
  return &b.add(kind, {&b.input(std::move(x))}, std::move(attributes));
}

std::vector<OperatorCase> pool_cases() {
  return {
      {"max_pool",
       [](B& b) {
         return pool(b, K::max_pool, {2, 3, 7, 7},
                     {{attr::kernel_shape, Ints{3, 3}},
                      {attr::strides, Ints{2, 2}},
                      {attr::pads, Ints{1, 1, 1, 1}}});
       }},
      {"max_pool_uneven_dilated",
       [](B& b) {
         return pool(b, K::max_pool, {1, 2, 8, 7},
                     {{attr::kernel_shape, Ints{2, 3}},
                      {attr::dilations, Ints{2, 1}},
                      {attr::pads, Ints{0, 2, 1, 0}}});
       }},
      {"max_pool_ceil",
       [](B& b) {
         return pool(b, K::max_pool, {1, 2, 6, 7},
                     {{attr::kernel_shape, Ints{3, 3}},
                      {attr::strides, Ints{2, 2}},
                      {attr::ceil_mode, std::int64_t{1}}});
       }},
      {"max_pool_one_axis",
       [](B& b) {
         return pool(b, K::max_pool, {1, 2, 9}, {{attr::kernel_shape, Ints{3}}});
       }},
      {"average_pool",
       [](B& b) {
         return pool(b, K::average_pool, {2, 3, 7, 7},
                     {{attr::kernel_shape, Ints{3, 2}},
                      {attr::strides, Ints{2, 2}},
                      {attr::pads, Ints{1, 1, 1, 1}}});
       }},
      {"average_pool_counting_pads",
       [](B& b) {
         return pool(b, K::average_pool, {1, 2, 7, 7},
                     {{attr::kernel_shape, Ints{3, 3}},
                      {attr::pads, Ints{1, 0, 2, 1}},
                      {attr::count_include_pad, std::int64_t{1}}});
       }},
      {"average_pool_uneven",
       [](B& b) {
         return pool(b, K::average_pool, {1, 2, 7, 7},
                     {{attr::kernel_shape, Ints{3, 3}}, {attr::pads, Ints{1, 0, 2, 1}}});
       }},
      {"global_average_pool",
       [](B& b) {
         return pool(b, K::global_average_pool, {2, 3, 4, 5}, {});
       }},
      {"global_max_pool",
       [](B& b) {
         return pool(b, K::global_max_pool, {2, 3, 4, 5}, {});
       }},
  };
}

template <OpKind kind>
Value* blocks(B& b, std::vector<std::int64_t> shape, std::string_view mode) {
  return &b.add(kind, {&b.input(Shape(shape.begin(), shape.end()))},
                {{attr::blocksize, std::int64_t{2}}, {attr::mode, std::string(mode)}});
}

std::vector<OperatorCase> movement_cases() {
  return {
      {"flatten",
       [](B& b) {
         return &b.add(K::flatten, {&b.input({2, 3, 4, 5})});
       }},
      {"flatten_at_0",
       [](B& b) {
         return &b.add(K::flatten, {&b.input({2, 3})}, {{attr::axis, std::int64_t{0}}});
       }},
      {"reshape",
       [](B& b) {
         return &b.add(K::reshape, {&b.input({2, 3, 4, 5}), &b.ints({0, -1, 10})});
       }},
      {"transpose",
       [](B& b) {
         return &b.add(K::transpose, {&b.input({2, 3, 4})}, {{attr::perm, Ints{2, 0, 1}}});
       }},
      {"transpose_reversed",
       [](B& b) {
         return &b.add(K::transpose, {&b.input({2, 3, 4})});
       }},
      {"squeeze",
       [](B& b) {
         return &b.add(K::squeeze, {&b.input({2, 1, 3, 1})}, {{attr::axes, Ints{-1}}});
       }},
      {"squeeze_all",
       [](B& b) {
         return &b.add(K::squeeze, {&b.input({2, 1, 3, 1})});
       }},
      {"unsqueeze",
       [](B& b) {
         return &b.add(K::unsqueeze, {&b.input({2, 3})}, {{attr::axes, Ints{-1, 0}}});
       }},
      {"expand",
       [](B& b) {
         return &b.add(K::expand, {&b.input({3, 1}), &b.ints({2, 1, 4})});
       }},
      {"concat",
       [](B& b) {
         return &b.add(K::concat, {&b.input({2, 3}), &b.weight({2, 2})},
                       {{attr::axis, std::int64_t{-1}}});
       }},
      {"split",
       [](B& b) -> Value* {
         b.add_outputs(K::split, {&b.input({2, 7})},
                       {{attr::axis, std::int64_t{1}}, {attr::split, Ints{2, 4, 1}}}, 3);
         return nullptr;
       }},
      {"slice",
       [](B& b) {
         return &b.add(K::slice, {&b.input({4, 9}), &b.ints({1, -2}), &b.ints({3, -100}),
                                  &b.ints({0, 1}), &b.ints({1, -3})});
       }},
      {"slice_to_the_end",
       [](B& b) {
         return &b.add(K::slice, {&b.input({4, 9}), &b.ints({-3}), &b.ints({1 << 30}), &b.ints({1}),
                                  &b.ints({2})});
       }},
      {"gather",
       [](B& b) {
         Value& indices = b.constant<std::int64_t>({2, 2}, {0, -1, 2, 1});
         return &b.add(K::gather, {&b.input({2, 3, 4}), &indices}, {{attr::axis, std::int64_t{1}}});
       }},
      {"pad",
       [](B& b) {
         return &b.add(K::pad,
                       {&b.input({2, 3, 4}), &b.ints({0, 1, -1, 2, 0, 3}), &b.scalar(1.5F)});
       }},
      {"pad_reflect",
       [](B& b) {
         return &b.add(K::pad,
                       {&b.input({2, 4, 5}), &b.ints({2, 3, 1, 0}), nullptr, &b.ints({1, -1})},
                       {{attr::mode, std::string("reflect")}});
       }},
      {"pad_edge",
       [](B& b) {
         return &b.add(K::pad, {&b.input({2, 4}), &b.ints({0, 3, 0, 2})},
                       {{attr::mode, std::string("edge")}});
       }},
      {"shape",
       [](B& b) {
         return &b.add(K::shape, {&b.input({2, 3, 4})}, {{attr::start, std::int64_t{1}}});
       }},
      {"constant_of_shape",
       [](B& b) {
         return &b.add(K::constant_of_shape, {&b.ints({2, 3})},
                       {{attr::value, Tensor::of<float>({1}, {2.5F})}});
       }},
      {"depth_to_space",
       [](B& b) {
         return blocks<K::depth_to_space>(b, {2, 8, 2, 3}, "DCR");
       }},
      {"depth_to_space_crd",
       [](B& b) {
         return blocks<K::depth_to_space>(b, {2, 8, 2, 3}, "CRD");
       }},
      {"space_to_depth",
       [](B& b) {
         return blocks<K::space_to_depth>(b, {2, 3, 4, 6}, "DCR");
       }},
      {"space_to_depth_crd",
       [](B& b) {
         return blocks<K::space_to_depth>(b, {2, 3, 4, 6}, "CRD");
       }},
  };
}

std::vector<OperatorCase> quantize_cases() {
  return {
      {"quantize",
       [](B& b) {
         return &b.add(K::quantize, {&b.input({2, 3, 4}), &b.scalar(0.0137F),
                                     &b.constant<std::uint8_t>({}, {120})});
       }},
      {"quantize_per_channel",
       [](B& b) {
         return &b.add(K::quantize,
                       {&b.input({2, 3, 4}), &b.constant<float>({3}, {0.01F, 0.02F, 0.3F}),
                        &b.constant<std::int8_t>({3}, {0, -4, 9})});
       }},
      {"quantize_dequantize",
       [](B& b) {
         Value& scale = b.scalar(0.02F);
         Value& q =
             b.add(K::quantize, {&b.input({2, 3, 4}), &scale, &b.constant<std::int8_t>({}, {5})});
         return &b.add(K::dequantize, {&q, &scale, &b.constant<std::int8_t>({}, {5})});
       }},
      {"dequantize_bias",
       [](B& b) {
         Value& bias = b.constant<std::int32_t>({3}, {100000, -7, 2147483647});
         return &b.add(K::dequantize, {&bias, &b.constant<float>({3}, {0.001F, 0.5F, 2.0F})},
                       {{attr::axis, std::int64_t{0}}});
       }},
      {"dynamic_quantize",
       [](B& b) -> Value* {
         b.add_outputs(K::dynamic_quantize, {&b.input({4, 5})}, {}, 3);
         return nullptr;
       }},
      {"max_pool_of_quantized",
       [](B& b) {
         Value& scale = b.scalar(0.02F);
         Value& zero = b.constant<std::uint8_t>({}, {128});
         Value& q = b.add(K::quantize, {&b.input({1, 2, 4, 4}), &scale, &zero});
         Value& y = b.add(K::max_pool, {&q},
                          {{attr::kernel_shape, Ints{2, 2}}, {attr::strides, Ints{2, 2}}});
         return &b.add(K::dequantize, {&y, &scale, &zero});
       }},
  };
}

}  // namespace

const std::vector<OperatorCase>& operator_cases() {
  static const std::vector<OperatorCase> all =
      joined({element_cases(), reduction_cases(), contraction_cases(), pool_cases(),
              movement_cases(), quantize_cases(), index_cases()});
  return all;
}

}  // namespace rcc

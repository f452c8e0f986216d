#include "ir/shape_inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rcc {
namespace {

using testing::HasSubstr;

class ShapeInferenceTest : public testing::Test {
 protected:
  Dim symbol(std::string_view name) { return graph.symbols().intern(name); }
  Value& input(Shape shape, DType dtype = DType::f32) {
    return graph.add_input("x", Type(dtype, std::move(shape)));
  }
  Value& weight(std::vector<std::int64_t> shape) {
    return graph.add_constant("w", Tensor::elided(DType::f32, std::move(shape)));
  }
  Value& numbers(const Ints& values) {
    return graph.add_constant(
        "n", Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  }
  // The result's type, or the message.
  std::string result_of(OpKind kind, std::vector<Value*> operands,
                        std::vector<NamedAttribute> attributes = {}) {
    Graph::NodeSpec spec;
    spec.op = &graph.ops()[kind];
    spec.operands = std::move(operands);
    spec.attributes = std::move(attributes);
    const Node& node = graph.add_node(std::move(spec));
    const auto types = infer_result_types(graph, node);
    return types ? to_text((*types)[0], graph.symbols()) : types.error().message();
  }
  Graph graph{"g"};
};

TEST_F(ShapeInferenceTest, Convolutions) {
  Value& x = input({symbol("N"), Dim(3), Dim(224), Dim(224)});
  EXPECT_EQ(result_of(OpKind::conv, {&x, &weight({64, 3, 7, 7})},
                      {{attr::pads, Ints{3, 3, 3, 3}}, {attr::strides, Ints{2, 2}}}),
            "f32[N,64,112,112]");
  EXPECT_EQ(result_of(OpKind::conv, {&x, &weight({64, 3, 3, 3})}, {{attr::dilations, Ints{2, 3}}}),
            "f32[N,64,220,218]");
  EXPECT_EQ(result_of(OpKind::conv, {&x, &weight({6, 1, 3, 3})}, {{attr::group, std::int64_t{3}}}),
            "f32[N,6,222,222]");
  EXPECT_EQ(result_of(OpKind::conv, {&x, &weight({8, 3, 3, 3})},
                      {{attr::auto_pad, "SAME_UPPER"}, {attr::strides, Ints{3, 3}}}),
            "f32[N,8,75,75]");
  Value& open = input({symbol("N"), Dim(3), symbol("H"), Dim::unknown()});
  EXPECT_EQ(
      result_of(OpKind::conv, {&open, &weight({8, 3, 3, 3})}, {{attr::pads, Ints{1, 1, 1, 1}}}),
      "f32[N,8,H,?]");
  EXPECT_EQ(result_of(OpKind::conv, {&open, &weight({8, 3, 3, 3})}), "f32[N,8,?,?]");
  EXPECT_EQ(result_of(OpKind::conv_transpose, {&x, &weight({3, 8, 3, 3})},
                      {{attr::strides, Ints{2, 2}}, {attr::output_padding, Ints{1, 0}}}),
            "f32[N,8,450,449]");
}

TEST_F(ShapeInferenceTest, ConvolutionsThatDoNotFit) {
  Value& x = input({Dim(1), Dim(3), Dim(8), Dim(8)});
  EXPECT_THAT(result_of(OpKind::conv, {&x, &weight({64, 4, 3, 3})}),
              HasSubstr("operand `x` f32[1,3,8,8] has 3 channels, but operand `W` f32[64,4,3,3]"));
  EXPECT_THAT(result_of(OpKind::conv, {&x, &weight({64, 3, 3, 3}), &weight({63})}),
              HasSubstr("operand `b` f32[63] must have shape [64]: one element for each output"));
  EXPECT_THAT(
      result_of(OpKind::conv, {&x, &weight({64, 1, 3, 3})}, {{attr::group, std::int64_t{3}}}),
      HasSubstr("group is 3, which does not divide the 64 output channels"));
  EXPECT_THAT(result_of(OpKind::conv, {&x, &weight({64, 3, 3, 3})}, {{attr::strides, Ints{0, 1}}}),
              HasSubstr("strides contains 0, expected numbers from 1"));
  EXPECT_THAT(result_of(OpKind::conv, {&x, &weight({64, 3, 3, 3})}, {{attr::pads, Ints{1, 1}}}),
              HasSubstr("pads has 2 elements, expected 4"));
  EXPECT_THAT(result_of(OpKind::conv, {&x, &weight({64, 3, 9, 9})}),
              HasSubstr("the kernel spans 9 elements along spatial axis 0, more than"));
  EXPECT_THAT(result_of(OpKind::conv, {&x, &weight({64, 3, 3})}),
              HasSubstr("has rank 4, expected 3"));
  EXPECT_THAT(result_of(OpKind::conv, {&x, nullptr}), HasSubstr("operand `W` is absent"));
}

TEST_F(ShapeInferenceTest, Pools) {
  Value& x = input({symbol("N"), Dim(64), Dim(112), Dim(112)});
  const NamedAttribute kernel{attr::kernel_shape, Ints{3, 3}};
  const NamedAttribute strides{attr::strides, Ints{2, 2}};
  EXPECT_EQ(result_of(OpKind::max_pool, {&x}, {kernel, strides, {attr::pads, Ints{1, 1, 1, 1}}}),
            "f32[N,64,56,56]");
  EXPECT_EQ(result_of(OpKind::max_pool, {&x}, {kernel, strides}), "f32[N,64,55,55]");
  EXPECT_EQ(
      result_of(OpKind::max_pool, {&x}, {kernel, strides, {attr::ceil_mode, std::int64_t{1}}}),
      "f32[N,64,56,56]");
  // The last window would start in the padding: 5 + 2 * 1 with windows of 2 at a distance of 3.
  Value& small = input({Dim(1), Dim(1), Dim(5), Dim(5)});
  EXPECT_EQ(result_of(OpKind::max_pool, {&small},
                      {{attr::kernel_shape, Ints{2, 2}},
                       {attr::strides, Ints{3, 3}},
                       {attr::pads, Ints{1, 1, 1, 1}},
                       {attr::ceil_mode, std::int64_t{1}}}),
            "f32[1,1,2,2]");
  EXPECT_THAT(result_of(OpKind::max_pool, {&x}, {kernel, {attr::pads, Ints{3, 0, 0, 0}}}),
              HasSubstr("are not smaller than the 3 elements"));
  EXPECT_EQ(result_of(OpKind::global_average_pool, {&x}), "f32[N,64,1,1]");
}

TEST_F(ShapeInferenceTest, Broadcasts) {
  Value& x = input({symbol("N"), Dim(8), Dim(1), Dim(4)});
  EXPECT_EQ(result_of(OpKind::add, {&x, &x}), "f32[N,8,1,4]");
  EXPECT_EQ(result_of(OpKind::add, {&x, &input({Dim(8), Dim(5), Dim(1)})}), "f32[N,8,5,4]");
  EXPECT_EQ(result_of(OpKind::mul, {&x, &input({Dim(2), Dim(1), Dim(1), Dim(1)})}), "f32[2,8,1,4]");
  EXPECT_EQ(result_of(OpKind::add, {&input({symbol("N")}), &input({symbol("M")})}), "f32[?]");
  EXPECT_EQ(result_of(OpKind::less, {&x, &input({Dim(1)})}), "bool[N,8,1,4]");
  EXPECT_THAT(result_of(OpKind::add, {&x, &input({Dim(3)})}),
              HasSubstr("operand `B` f32[3] does not broadcast with [N,8,1,4]"));
  EXPECT_THAT(result_of(OpKind::add, {&x, &input({Dim(4)}, DType::f16)}),
              HasSubstr("must have the same element type"));
}

TEST_F(ShapeInferenceTest, MatrixProducts) {
  Value& x = input({symbol("N"), Dim(512)});
  EXPECT_EQ(result_of(OpKind::gemm, {&x, &weight({10, 512}), &weight({10})},
                      {{attr::trans_b, std::int64_t{1}}}),
            "f32[N,10]");
  EXPECT_THAT(result_of(OpKind::gemm, {&x, &weight({10, 512})}),
              HasSubstr("must agree along the contracted axis, but have 512 and 10"));
  EXPECT_THAT(result_of(OpKind::gemm, {&x, &weight({512, 10}), &weight({9})}),
              HasSubstr("does not broadcast to the result [N,10]"));
  EXPECT_EQ(result_of(OpKind::matmul, {&input({symbol("N"), Dim(7), Dim(4)}), &weight({4, 5})}),
            "f32[N,7,5]");
  EXPECT_EQ(result_of(OpKind::matmul, {&input({Dim(4)}), &weight({3, 4, 5})}), "f32[3,5]");
}

TEST_F(ShapeInferenceTest, Reshapes) {
  Value& x = input({symbol("N"), Dim(512), Dim(1), Dim(1)});
  EXPECT_EQ(result_of(OpKind::flatten, {&x}), "f32[N,512]");
  EXPECT_EQ(result_of(OpKind::reshape, {&x, &numbers({0, -1})}), "f32[N,512]");
  EXPECT_EQ(result_of(OpKind::reshape, {&x, &numbers({-1, 512})}), "f32[N,512]");
  EXPECT_EQ(result_of(OpKind::reshape, {&x, &numbers({-1, 256})}), "f32[?,256]");
  Value& fixed = input({Dim(2), Dim(6)});
  EXPECT_EQ(result_of(OpKind::reshape, {&fixed, &numbers({3, -1, 2})}), "f32[3,2,2]");
  EXPECT_THAT(result_of(OpKind::reshape, {&fixed, &numbers({5, -1})}),
              HasSubstr("12 elements do not divide by 5"));
  EXPECT_THAT(
      result_of(OpKind::reshape, {&fixed, &numbers({5, 2})}),
      HasSubstr("operand `x` f32[2,6] has 12 elements and cannot be reshaped to [5,2] with 10"));
  EXPECT_THAT(result_of(OpKind::reshape, {&fixed, &numbers({-1, -1})}), HasSubstr("-1 twice"));
  EXPECT_THAT(result_of(OpKind::reshape, {&fixed, &numbers({2, 6, 0})}),
              HasSubstr("copies axis 2 of an operand of rank 2"));
  EXPECT_EQ(result_of(OpKind::reshape, {&input({Dim(0), Dim(3)}), &numbers({0, 5})},
                      {{attr::allowzero, std::int64_t{1}}}),
            "f32[0,5]");
}

TEST_F(ShapeInferenceTest, ShapeComputationsReachReshape) {
  Value& x = input({symbol("N"), Dim(8), Dim(4), Dim(4)});
  Value& shape = graph.add(OpKind::shape, {&x});
  Value& zero = graph.add_constant("zero", Tensor::scalar<std::int64_t>(0));
  Value& batch = graph.add(OpKind::gather, {&shape, &zero});
  Value& vector = graph.add(OpKind::unsqueeze, {&batch}, {{attr::axes, Ints{0}}});
  Value& target =
      graph.add(OpKind::concat, {&vector, &numbers({-1})}, {{attr::axis, std::int64_t{0}}});
  EXPECT_EQ(result_of(OpKind::reshape, {&x, &target}), "f32[N,128]");
  EXPECT_EQ(result_of(OpKind::constant_of_shape, {&shape}), "f32[N,8,4,4]");
  EXPECT_EQ(result_of(OpKind::expand, {&input({Dim(8), Dim(1), Dim(4)}), &shape}), "f32[N,8,4,4]");
}

TEST_F(ShapeInferenceTest, Movement) {
  Value& x = input({symbol("N"), Dim(8), Dim(4), Dim(1)});
  EXPECT_EQ(result_of(OpKind::transpose, {&x}, {{attr::perm, Ints{0, 2, 3, 1}}}), "f32[N,4,1,8]");
  EXPECT_EQ(result_of(OpKind::transpose, {&x}), "f32[1,4,8,N]");
  EXPECT_THAT(result_of(OpKind::transpose, {&x}, {{attr::perm, Ints{0, 1, 1, 2}}}),
              HasSubstr("perm <0,1,1,2> is not a permutation"));
  EXPECT_EQ(result_of(OpKind::squeeze, {&x}, {{attr::axes, Ints{-1}}}), "f32[N,8,4]");
  EXPECT_THAT(result_of(OpKind::squeeze, {&x}, {{attr::axes, Ints{1}}}),
              HasSubstr("axis 1 has size 8 and cannot be squeezed"));
  EXPECT_EQ(result_of(OpKind::unsqueeze, {&x}, {{attr::axes, Ints{0, -1}}}), "f32[1,N,8,4,1,1]");
  EXPECT_EQ(result_of(OpKind::concat, {&x, &x}, {{attr::axis, std::int64_t{1}}}), "f32[N,16,4,1]");
  EXPECT_THAT(result_of(OpKind::concat, {&x, &input({Dim(2), Dim(8), Dim(5), Dim(1)})},
                        {{attr::axis, std::int64_t{1}}}),
              HasSubstr("must agree except along axis 1"));
  EXPECT_THAT(result_of(OpKind::concat, {&x, &x}, {{attr::axis, std::int64_t{4}}}),
              HasSubstr("axis is 4, expected a number from -4 to 3 for rank 4"));
  EXPECT_EQ(result_of(OpKind::slice, {&x, &numbers({-3}), &numbers({100}), &numbers({1})}),
            "f32[N,3,4,1]");
  EXPECT_EQ(result_of(OpKind::slice,
                      {&x, &numbers({7}), &numbers({INT64_MIN}), &numbers({1}), &numbers({-3})}),
            "f32[N,3,4,1]");
  EXPECT_EQ(result_of(OpKind::gather, {&x, &numbers({0, 1})}, {{attr::axis, std::int64_t{1}}}),
            "f32[N,2,4,1]");
  EXPECT_EQ(result_of(OpKind::pad, {&x, &numbers({0, 0, 1, 2, 0, 0, -1, 2})}), "f32[N,8,4,5]");
  EXPECT_EQ(result_of(OpKind::reduce_mean, {&x}, {{attr::axes, Ints{2, 3}}}), "f32[N,8,1,1]");
  EXPECT_EQ(result_of(OpKind::reduce_mean, {&x}, {{attr::keepdims, std::int64_t{0}}}), "f32[]");
}

TEST_F(ShapeInferenceTest, Quantizers) {
  Value& x = input({symbol("N"), Dim(8)});
  Value& zero = graph.add_constant("z", Tensor::scalar<std::int8_t>(0));
  EXPECT_EQ(result_of(OpKind::quantize, {&x, &weight({}), &zero}), "i8[N,8]");
  EXPECT_EQ(result_of(OpKind::quantize, {&x, &weight({8})}), "u8[N,8]");
  EXPECT_THAT(result_of(OpKind::quantize, {&x, &weight({7})}),
              HasSubstr("operand `scale` f32[7] must have shape [8]"));
  EXPECT_THAT(result_of(OpKind::quantize, {&x, &weight({8}), &zero}),
              HasSubstr("must have the same shape"));
  EXPECT_EQ(result_of(OpKind::dequantize, {&input({Dim(2)}, DType::i32), &weight({})}), "f32[2]");
  EXPECT_EQ(result_of(OpKind::cast, {&x}, {{attr::to, "f16"}}), "f16[N,8]");
}

TEST_F(ShapeInferenceTest, HugeSizesAreErrors) {
  const std::int64_t huge = std::int64_t{1} << 40;
  Value& x = input({Dim(huge), Dim(huge)});
  EXPECT_THAT(result_of(OpKind::flatten, {&x}, {{attr::axis, std::int64_t{2}}}),
              HasSubstr("overflows"));
  EXPECT_THAT(result_of(OpKind::constant_of_shape, {&numbers({huge, huge})}),
              HasSubstr("overflows"));
  EXPECT_THAT(result_of(OpKind::pad, {&input({Dim(4)}), &numbers({INT64_MAX, INT64_MAX})}),
              HasSubstr("out of range"));
}

TEST_F(ShapeInferenceTest, RecordedSizesSurviveAndContradictionsAreErrors) {
  Value& x = input({symbol("N"), Dim::unknown()});
  Graph::NodeSpec spec;
  spec.op = &graph.ops()[OpKind::relu];
  spec.operands = {&x};
  spec.results.resize(1);
  spec.results[0].name = "y";
  spec.results[0].type = Type(DType::f32, {Dim(2), Dim(5)});
  Node& node = graph.add_node(std::move(spec));
  ASSERT_TRUE(infer_types(graph, node));
  EXPECT_EQ(to_text(node.result()->type(), graph.symbols()), "f32[2,5]");
  graph.set_type(x, Type(DType::f32, {Dim(2), Dim(7)}));
  const auto result = infer_types(graph);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "the result %y is recorded as f32[2,5], but it is f32[2,7]");
  EXPECT_EQ(result.error().diagnostics[0].place, "relu `y`");
  ASSERT_TRUE(infer_types_anew(graph));
  EXPECT_EQ(to_text(node.result()->type(), graph.symbols()), "f32[2,7]");
}

}  // namespace
}  // namespace rcc

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

TEST_F(ShapeInferenceTest, Selections) {
  Value& x = input({symbol("N"), Dim(5), Dim(7)});
  EXPECT_EQ(result_of(OpKind::arg_max, {&x}, {{attr::axis, std::int64_t{1}}}), "i64[N,1,7]");
  EXPECT_EQ(result_of(OpKind::arg_min, {&x},
                      {{attr::axis, std::int64_t{-1}}, {attr::keepdims, std::int64_t{0}}}),
            "i64[N,5]");
  EXPECT_EQ(result_of(OpKind::top_k, {&x, &numbers({3})}), "f32[N,5,3]");
  EXPECT_EQ(result_of(OpKind::top_k, {&x, &numbers({8})}),
            "`k` is 8, but operand `x` f32[N,5,7] has 7 elements along axis 2");
  Value& values = weight({2});
  EXPECT_EQ(result_of(OpKind::one_hot, {&input({Dim(3)}, DType::i64), &numbers({10}), &values}),
            "f32[3,10]");
  EXPECT_EQ(result_of(OpKind::non_zero, {&numbers({0, 4, 5})}), "i64[1,2]");
  EXPECT_EQ(result_of(OpKind::non_zero, {&x}), "i64[3,?]");
  Value& mask = graph.add_constant("m", Tensor::of<bool>({3}, {true, false, true}));
  EXPECT_EQ(result_of(OpKind::compress, {&x, &mask}, {{attr::axis, std::int64_t{1}}}),
            "f32[N,2,7]");
  EXPECT_EQ(result_of(OpKind::compress, {&x, &mask}), "f32[2]");
}

TEST_F(ShapeInferenceTest, ElementsAtIndices) {
  Value& x = input({symbol("N"), Dim(5), Dim(7)});
  Value& places = input({symbol("N"), Dim(2), Dim(7)}, DType::i64);
  EXPECT_EQ(result_of(OpKind::gather_elements, {&x, &places}, {{attr::axis, std::int64_t{1}}}),
            "f32[N,2,7]");
  EXPECT_EQ(result_of(OpKind::gather_elements, {&x, &numbers({1})}),
            "operand `indices` i64[1] has rank 1, expected 3");
  Value& pairs = input({Dim(4), Dim(6), Dim(2)}, DType::i64);
  EXPECT_EQ(result_of(OpKind::gather_nd, {&x, &pairs}), "f32[4,6,7]");
  Value& batched = input({symbol("N"), Dim(6), Dim(1)}, DType::i64);
  EXPECT_EQ(result_of(OpKind::gather_nd, {&x, &batched}, {{attr::batch_dims, std::int64_t{1}}}),
            "f32[N,6,7]");
  Value& slices = input({Dim(4), Dim(6), Dim(7)});
  EXPECT_EQ(result_of(OpKind::scatter_nd, {&x, &pairs, &slices}), "f32[N,5,7]");
  EXPECT_EQ(result_of(OpKind::scatter_nd, {&x, &pairs, &x}),
            "operand `updates` f32[N,5,7] must have shape [4,6,7]");
  EXPECT_EQ(result_of(OpKind::scatter_nd, {&x, &pairs, &slices}, {{attr::reduction, "sum"}}),
            "reduction is \"sum\", expected none, add, mul, max or min");
}

TEST_F(ShapeInferenceTest, Arrangements) {
  Value& x = input({symbol("N"), Dim(8), Dim(6), Dim(4)});
  EXPECT_EQ(result_of(OpKind::tile, {&x, &numbers({1, 2, 1, 3})}), "f32[N,16,6,12]");
  EXPECT_EQ(result_of(OpKind::tile, {&x, &numbers({2, 1, 1, 1})}), "f32[?,8,6,4]");
  EXPECT_EQ(result_of(OpKind::tile, {&x, &numbers({2})}), "`repeats` has 1 elements, expected 4");
  const std::int64_t two = 2;
  EXPECT_EQ(result_of(OpKind::depth_to_space, {&x}, {{attr::blocksize, two}}), "f32[N,2,12,8]");
  EXPECT_EQ(result_of(OpKind::space_to_depth, {&x}, {{attr::blocksize, two}}), "f32[N,32,3,2]");
  EXPECT_EQ(result_of(OpKind::depth_to_space, {&x}, {{attr::blocksize, std::int64_t{3}}}),
            "the number of channels of 8 is not a multiple of 9");
  EXPECT_EQ(result_of(OpKind::trilu, {&x}), "f32[N,8,6,4]");
  EXPECT_EQ(result_of(OpKind::range, {&numbers({2}), &numbers({11}), &numbers({3})}), "i64[3]");
  EXPECT_EQ(result_of(OpKind::range, {&numbers({2}), &numbers({11}), &numbers({0})}),
            "a range from 2 to 11 in steps of 0 has no end");
  EXPECT_EQ(result_of(OpKind::size, {&x}), "i64[]");
  EXPECT_EQ(result_of(OpKind::eye_like, {&input({Dim(3), symbol("K")})},
                      {{attr::dtype, std::string("i32")}}),
            "i32[3,K]");
}

TEST_F(ShapeInferenceTest, Einsum) {
  Value& q = input({symbol("N"), Dim(4), Dim(16), Dim(32)});
  const auto einsum = [&](std::string_view equation, Value& a, Value& b) {
    return result_of(OpKind::einsum, {&a, &b}, {{attr::equation, std::string(equation)}});
  };
  EXPECT_EQ(einsum("B H I D, B H J D -> B H I J", q, q), "f32[N,4,16,16]");
  EXPECT_EQ(einsum("...id,...jd->...ij", q, q), "f32[N,4,16,16]");
  EXPECT_EQ(einsum("...id,...jd", q, q), "f32[N,4,16,16]");
  EXPECT_EQ(einsum("bhid,bhjd->bhij", q, input({Dim(1), Dim(4), Dim(9), Dim(32)})),
            "f32[N,4,16,9]");
  EXPECT_EQ(einsum("bhid,bhjd->bhij", q, input({Dim(1), Dim(4), Dim(9), Dim(31)})),
            "operand `x[1]` f32[1,4,9,31] does not agree with the other operands along axis 3");
  EXPECT_EQ(einsum("bhid->bhij", q, q), "equation \"bhid->bhij\": it has 1 terms for 2 operands");
  EXPECT_EQ(einsum("bid,bhjd->bhij", q, q),
            "equation \"bid,bhjd->bhij\": term `bid` does not fit an operand of rank 4");
  EXPECT_EQ(einsum("bhid,bhjd->bhi!", q, q),
            "equation \"bhid,bhjd->bhi!\": `!` is no label of an axis");
}

TEST_F(ShapeInferenceTest, Resizes) {
  Value& x = input({symbol("N"), Dim(3), Dim(5), Dim(8)});
  const auto floats = [&](const std::vector<float>& values) -> Value& {
    return graph.add_constant(
        "s", Tensor::of<float>({static_cast<std::int64_t>(values.size())}, values));
  };
  EXPECT_EQ(result_of(OpKind::resize, {&x, nullptr, &floats({1, 1, 2, 0.6f})}), "f32[N,3,10,4]");
  EXPECT_EQ(result_of(OpKind::resize, {&x, nullptr, nullptr, &numbers({7, 9})},
                      {{attr::axes, Ints{2, 3}}}),
            "f32[N,3,7,9]");
  EXPECT_EQ(result_of(OpKind::resize, {&x, nullptr, nullptr, &numbers({10, 10})},
                      {{attr::axes, Ints{2, 3}}, {attr::keep_aspect_ratio_policy, "not_larger"}}),
            "f32[N,3,6,10]");
  EXPECT_EQ(result_of(OpKind::resize, {&x}), "neither `scales` nor `sizes` is given");
  EXPECT_EQ(result_of(OpKind::resize, {&x, nullptr, &floats({1, 1, 0, 1})}), "`scales` contains 0");
}

// Exporters expand to a shape in which -1 keeps a size: where(equal(shape, -1), ones, shape).
TEST_F(ShapeInferenceTest, ShapesThatAreChosenFromTwo) {
  Value& x = input({symbol("N"), Dim(1), Dim(8)});
  Value& n = graph.add(OpKind::shape, {&x}, {{attr::end, std::int64_t{1}}});
  Value& wanted =
      graph.add(OpKind::concat, {&n, &numbers({4, -1})}, {{attr::axis, std::int64_t{0}}});
  Value& ones = graph.add(OpKind::constant_of_shape, {&numbers({3})},
                          {{attr::value, Tensor::of<std::int64_t>({1}, {1})}});
  Value& is_kept = graph.add(OpKind::equal, {&wanted, &numbers({-1})});
  Value& shape = graph.add(OpKind::where, {&is_kept, &ones, &wanted});
  EXPECT_EQ(result_of(OpKind::expand, {&x, &shape}), "f32[N,4,8]");
}

// Row 0 of [[2, 3], [4, 5]] is two numbers; what rows and columns make of sizes is known no more.
TEST_F(ShapeInferenceTest, ShapesInRowsAndColumns) {
  Value& x = input({Dim(2), Dim(3), Dim(4), Dim(5)});
  Value& sizes = graph.add(OpKind::shape, {&x});
  Value& rows = graph.add(OpKind::reshape, {&sizes, &numbers({2, 2})});
  Value& first = graph.add_constant("first", Tensor::of<std::int64_t>({}, {0}));
  Value& row = graph.add(OpKind::gather, {&rows, &first});
  EXPECT_EQ(result_of(OpKind::constant_of_shape, {&row}), "f32[?,?]");
  Value& two_columns =
      graph.add(OpKind::concat, {&rows, &rows}, {{attr::axis, std::int64_t{1}}});
  Value& flat = graph.add(OpKind::reshape, {&two_columns, &numbers({-1})});
  EXPECT_EQ(result_of(OpKind::constant_of_shape, {&flat}), "f32[?,?,?,?,?,?,?,?]");
  Value& back = graph.add(OpKind::reshape, {&rows, &numbers({-1})});
  EXPECT_EQ(result_of(OpKind::constant_of_shape, {&back}), "f32[2,3,4,5]");
}

// As tf2onnx casts what it computes with shapes.
TEST_F(ShapeInferenceTest, ShapesInThirtyTwoBits) {
  Value& x = input({symbol("N"), Dim(3)});
  Value& sizes = graph.add(OpKind::shape, {&x});
  Value& narrow = graph.add(OpKind::cast, {&sizes}, {{attr::to, "i32"}});
  Value& wide = graph.add(OpKind::cast, {&narrow}, {{attr::to, "i64"}});
  EXPECT_EQ(result_of(OpKind::constant_of_shape, {&wide}), "f32[N,3]");
  Value& large = graph.add(OpKind::cast, {&numbers({(std::int64_t{1} << 32) + 3})}, {{attr::to, "i32"}});
  Value& wrapped = graph.add(OpKind::cast, {&large}, {{attr::to, "i64"}});
  EXPECT_EQ(result_of(OpKind::constant_of_shape, {&wrapped}), "f32[?]");
}

}  // namespace
}  // namespace rcc

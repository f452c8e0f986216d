#include "ir/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ir/ops/dense_product.h"

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

using Floats = std::vector<float>;

// A graph whose only node reads constants; results are compared with numbers worked out by hand.
// ONNX's own cases of all operators run in test/oracle/node_cases_test.py.
class InterpreterTest : public testing::Test {
 protected:
  Value& floats(std::vector<std::int64_t> shape, const Floats& values) {
    return graph.add_constant("c", Tensor::of<float>(std::move(shape), values));
  }
  template <typename T>
  Value& constant(std::vector<std::int64_t> shape, const std::vector<T>& values) {
    return graph.add_constant("c", Tensor::of<T>(std::move(shape), values));
  }
  Value& indices(const Ints& values) {
    return constant<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
  }

  Result<std::vector<Tensor>> run(OpKind kind, std::vector<Value*> operands,
                                  std::vector<NamedAttribute> attributes = {},
                                  std::size_t results = 1) {
    Graph::NodeSpec spec;
    spec.op = &graph.ops()[kind];
    spec.operands = std::move(operands);
    spec.attributes = std::move(attributes);
    spec.results.resize(results);
    const Node& node = graph.add_node(std::move(spec));
    std::vector<const Tensor*> tensors;
    for (std::size_t i = 0; i < node.operand_count(); ++i) {
      tensors.push_back(node.operand(i) ? &node.operand(i)->tensor() : nullptr);
    }
    return interpret(node, tensors);
  }
  std::vector<double> numbers(OpKind kind, std::vector<Value*> operands,
                              std::vector<NamedAttribute> attributes = {}) {
    const auto results = run(kind, std::move(operands), std::move(attributes));
    EXPECT_TRUE(results) << results.error().message();
    return results ? (*results)[0].to_doubles() : std::vector<double>();
  }
  std::string message(OpKind kind, std::vector<Value*> operands,
                      std::vector<NamedAttribute> attributes = {}) {
    const auto results = run(kind, std::move(operands), std::move(attributes));
    return results ? "no error" : results.error().message();
  }
  Graph graph;
};

TEST_F(InterpreterTest, ConvolutionPadsStridesAndDilates) {
  Value& x = floats({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  Value& w = floats({1, 1, 2, 2}, {1, 0, 0, 10});
  EXPECT_THAT(numbers(OpKind::conv, {&x, &w}), ElementsAre(51, 62, 84, 95));
  EXPECT_THAT(
      numbers(OpKind::conv, {&x, &w, &floats({1}, {0.5f})}, {{attr::dilations, Ints{2, 2}}}),
      ElementsAre(91.5));
  EXPECT_THAT(numbers(OpKind::conv, {&x, &w},
                      {{attr::pads, Ints{1, 1, 0, 0}}, {attr::strides, Ints{2, 2}}}),
              ElementsAre(10, 30, 70, 95));
  EXPECT_THAT(numbers(OpKind::conv, {&x, &w}, {{attr::auto_pad, "SAME_UPPER"}}),
              ElementsAre(51, 62, 3, 84, 95, 6, 7, 8, 9));
}

TEST_F(InterpreterTest, ConvolutionKeepsGroupsApart) {
  Value& x = floats({1, 2, 1, 2}, {1, 2, 3, 4});
  Value& w = floats({2, 1, 1, 1}, {10, 100});
  EXPECT_THAT(numbers(OpKind::conv, {&x, &w}, {{attr::group, std::int64_t{2}}}),
              ElementsAre(10, 20, 300, 400));
  Value& transposed = floats({2, 1, 1, 2}, {1, 2, 10, 20});
  EXPECT_THAT(numbers(OpKind::conv_transpose, {&x, &transposed}, {{attr::group, std::int64_t{2}}}),
              ElementsAre(1, 4, 4, 30, 100, 80));
}

TEST_F(InterpreterTest, IntegerConvolutionPadsWithTheZeroPoint) {
  Value& x = constant<std::uint8_t>({1, 1, 1, 2}, {130, 120});
  Value& w = constant<std::int8_t>({1, 1, 1, 3}, {1, 2, -128});
  Value& zero = constant<std::uint8_t>({}, {128});
  EXPECT_THAT(numbers(OpKind::conv_integer, {&x, &w, &zero}, {{attr::pads, Ints{0, 1, 0, 1}}}),
              ElementsAre(2 * 2 + -8 * -128, 1 * 2 + -8 * 2));
}

TEST_F(InterpreterTest, GemmScalesTransposesAndAddsTheBias) {
  Value& a = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  Value& b = floats({1, 3}, {1, 10, 100});
  EXPECT_THAT(numbers(OpKind::gemm, {&a, &b, &floats({}, {7})},
                      {{attr::trans_b, std::int64_t{1}}, {attr::alpha, 2.0f}, {attr::beta, 0.5f}}),
              ElementsAre(645.5, 1311.5));
  Value& column = floats({2, 1}, {1, 10});
  EXPECT_THAT(numbers(OpKind::gemm, {&a, &column}, {{attr::trans_a, std::int64_t{1}}}),
              ElementsAre(41, 52, 63));
  Value& batch = floats({2, 1, 2}, {1, 2, 3, 4});
  EXPECT_THAT(numbers(OpKind::matmul, {&batch, &floats({2}, {1, 10})}), ElementsAre(21, 43));
}

TEST_F(InterpreterTest, SumsAreCarriedInFloat64) {
  Value& a = floats({1, 3}, {1e8f, 1, -1e8f});
  EXPECT_THAT(numbers(OpKind::matmul, {&a, &floats({3}, {1, 1, 1})}), ElementsAre(1));
}

TEST_F(InterpreterTest, PanelsOfAnySizeGiveTheSameSums) {
  constexpr std::int64_t kRows = 6;
  constexpr std::int64_t kDepth = 5;
  constexpr std::int64_t kColumns = 11;
  std::vector<double> left, right;
  for (std::int64_t i = 0; i < kRows * kDepth; ++i) left.push_back(static_cast<double>(i % 7) - 3);
  for (std::int64_t i = 0; i < kDepth * kColumns; ++i) right.push_back(static_cast<double>(i % 5));
  std::vector<double> out(kRows * kColumns);
  multiply({left.data(), kDepth, 1}, {right.data(), kColumns, 1}, kRows, kDepth, kColumns,
           out.data());
  for (std::int64_t i = 0; i < kRows; ++i) {
    for (std::int64_t j = 0; j < kColumns; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < kDepth; ++k)
        sum += left[i * kDepth + k] * right[k * kColumns + j];
      EXPECT_EQ(out[i * kColumns + j], sum);
    }
  }
}

TEST_F(InterpreterTest, Pools) {
  Value& x = floats({1, 1, 1, 5}, {1, -2, 3, -4, 5});
  const NamedAttribute kernel{attr::kernel_shape, Ints{1, 2}};
  const NamedAttribute strides{attr::strides, Ints{1, 2}};
  const NamedAttribute pads{attr::pads, Ints{0, 1, 0, 0}};
  const NamedAttribute rounds_up{attr::ceil_mode, std::int64_t{1}};
  const NamedAttribute counts_padding{attr::count_include_pad, std::int64_t{1}};
  EXPECT_THAT(numbers(OpKind::max_pool, {&x}, {kernel, strides}), ElementsAre(1, 3));
  EXPECT_THAT(numbers(OpKind::max_pool, {&x}, {kernel, strides, rounds_up}), ElementsAre(1, 3, 5));
  EXPECT_THAT(numbers(OpKind::average_pool, {&x}, {kernel, strides, pads}), ElementsAre(1, .5, .5));
  EXPECT_THAT(numbers(OpKind::average_pool, {&x}, {kernel, strides, pads, counts_padding}),
              ElementsAre(.5, .5, .5));
  // The position beyond the operand is no padding.
  EXPECT_THAT(numbers(OpKind::average_pool, {&x}, {kernel, strides, rounds_up, counts_padding}),
              ElementsAre(-.5, -.5, 5));
  const auto both = run(OpKind::max_pool, {&x}, {kernel, strides}, 2);
  ASSERT_TRUE(both);
  EXPECT_THAT((*both)[1].to_ints(), ElementsAre(0, 2));
  EXPECT_THAT(numbers(OpKind::global_average_pool, {&x}), ElementsAre(0.6f));
  EXPECT_THAT(numbers(OpKind::global_max_pool, {&x}), ElementsAre(5));
}

TEST_F(InterpreterTest, BatchNormUsesTheRunningStatistics) {
  Value& x = floats({1, 2, 2}, {1, 2, 3, 4});
  EXPECT_THAT(numbers(OpKind::batch_norm,
                      {&x, &floats({2}, {2, 3}), &floats({2}, {10, 20}), &floats({2}, {1, 4}),
                       &floats({2}, {3, 8})},
                      {{attr::epsilon, 1.0f}}),
              ElementsAre(10, 11, 19, 20));
}

TEST_F(InterpreterTest, QuantizeDividesAndRoundsHalvesToEven) {
  Value& x = floats({7}, {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 300, -300});
  Value& one = floats({}, {1});
  EXPECT_THAT(numbers(OpKind::quantize, {&x, &one, &constant<std::int8_t>({}, {1})}),
              ElementsAre(1, 3, 3, 1, -1, 127, -128));
  EXPECT_THAT(numbers(OpKind::quantize, {&x, &one, &constant<std::uint8_t>({}, {128})}),
              ElementsAre(128, 130, 130, 128, 126, 255, 0));
  // Times the rounded reciprocal it would be 7.5 and become 8.
  EXPECT_THAT(numbers(OpKind::quantize, {&floats({1}, {2.25f}), &floats({}, {0.3f})}),
              ElementsAre(7));
}

TEST_F(InterpreterTest, QuantizersTakeScalesAlongAnAxis) {
  Value& x = floats({2, 2}, {10, 10, 20, 20});
  Value& scale = floats({2}, {1, 5});
  EXPECT_THAT(numbers(OpKind::quantize, {&x, &scale}), ElementsAre(10, 2, 20, 4));
  EXPECT_THAT(numbers(OpKind::quantize, {&x, &scale}, {{attr::axis, std::int64_t{0}}}),
              ElementsAre(10, 10, 4, 4));
  Value& stored = constant<std::int32_t>({2}, {1 << 24, -3});
  EXPECT_THAT(numbers(OpKind::dequantize, {&stored, &floats({}, {0.5f})}),
              ElementsAre(1 << 23, -1.5));
}

TEST_F(InterpreterTest, DynamicQuantizeCoversZero) {
  const auto results = run(OpKind::dynamic_quantize, {&floats({2}, {-1, 254})}, {}, 3);
  ASSERT_TRUE(results);
  EXPECT_THAT((*results)[0].to_ints(), ElementsAre(0, 255));
  EXPECT_EQ((*results)[1].at(0), 1);
  EXPECT_EQ((*results)[2].at(0), 1);
}

TEST_F(InterpreterTest, NaNIsNotLost) {
  Value& x = floats({3}, {kNaN, -1, kInfinity});
  const std::vector<double> y = numbers(OpKind::relu, {&x});
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], 0);
  EXPECT_TRUE(std::isnan(numbers(OpKind::max, {&x, &floats({}, {1})})[0]));
  EXPECT_TRUE(std::isnan(numbers(OpKind::max, {&floats({}, {1}), &x})[0]));
  EXPECT_TRUE(std::isnan(numbers(OpKind::reduce_max, {&x})[0]));
}

TEST_F(InterpreterTest, IntegersWrapAroundAndRoundTowardsZero) {
  Value& x = constant<std::uint8_t>({2}, {200, 3});
  EXPECT_THAT(numbers(OpKind::add, {&x, &x}), ElementsAre(144, 6));
  Value& signed_numbers = constant<std::int64_t>({2}, {-7, INT64_MIN});
  EXPECT_THAT(numbers(OpKind::div, {&signed_numbers, &constant<std::int64_t>({2}, {2, -1})}),
              ElementsAre(-3, static_cast<double>(INT64_MIN)));
  EXPECT_EQ(message(OpKind::div, {&x, &constant<std::uint8_t>({}, {0})}),
            "an integer is divided by zero");
  Value& big = constant<std::int64_t>({1}, {(std::int64_t{1} << 53) + 1});
  const auto sum = run(OpKind::add, {&big, &big});
  EXPECT_THAT((*sum)[0].to_ints(), ElementsAre((std::int64_t{1} << 54) + 2));
}

TEST_F(InterpreterTest, CastTruncates) {
  Value& x = floats({4}, {1.9f, -1.9f, 0.5f, 0});
  EXPECT_THAT(numbers(OpKind::cast, {&x}, {{attr::to, "i32"}}), ElementsAre(1, -1, 0, 0));
  EXPECT_THAT(numbers(OpKind::cast, {&x}, {{attr::to, "bool"}}), ElementsAre(1, 1, 1, 0));
  Value& wide = constant<std::int32_t>({1}, {300});
  EXPECT_THAT(numbers(OpKind::cast, {&wide}, {{attr::to, "u8"}}), ElementsAre(44));
}

TEST_F(InterpreterTest, MovesElements) {
  Value& x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(numbers(OpKind::transpose, {&x}), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(
      numbers(OpKind::concat, {&x, &floats({2, 1}, {7, 8})}, {{attr::axis, std::int64_t{1}}}),
      ElementsAre(1, 2, 3, 7, 4, 5, 6, 8));
  EXPECT_THAT(numbers(OpKind::gather, {&x, &indices({-1, 0})}, {{attr::axis, std::int64_t{1}}}),
              ElementsAre(3, 1, 6, 4));
  EXPECT_THAT(numbers(OpKind::slice,
                      {&x, &indices({-1}), &indices({INT64_MIN}), &indices({1}), &indices({-2})}),
              ElementsAre(3, 1, 6, 4));
  EXPECT_THAT(numbers(OpKind::expand, {&floats({2, 1}, {1, 2}), &indices({2, 2})}),
              ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(numbers(OpKind::pad, {&x, &indices({0, 1, 0, -1}), &floats({}, {9})}),
              ElementsAre(9, 1, 2, 9, 4, 5));
  EXPECT_THAT(numbers(OpKind::pad, {&x, &indices({0, 2, 0, 1})}, {{attr::mode, "reflect"}}),
              ElementsAre(3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5));
  EXPECT_THAT(message(OpKind::gather, {&x, &indices({2})}),
              HasSubstr("`indices` contains 2, but axis 0 has size 2"));
}

TEST_F(InterpreterTest, SplitGivesTheLastPieceLess) {
  const auto parts = run(OpKind::split, {&floats({5}, {1, 2, 3, 4, 5})}, {}, 2);
  ASSERT_TRUE(parts);
  EXPECT_THAT((*parts)[0].to_doubles(), ElementsAre(1, 2, 3));
  EXPECT_THAT((*parts)[1].to_doubles(), ElementsAre(4, 5));
}

TEST_F(InterpreterTest, BrokenOperandsAreErrors) {
  Value& x = floats({2}, {1, 2});
  EXPECT_THAT(message(OpKind::add, {&x, &floats({3}, {1, 2, 3})}), HasSubstr("does not broadcast"));
  EXPECT_THAT(message(OpKind::constant_of_shape, {&indices({1 << 20, 1 << 20})}),
              HasSubstr("is too big for the interpreter"));
  Value& elided = graph.add_constant("e", Tensor::elided(DType::f32, {2}));
  EXPECT_EQ(message(OpKind::relu, {&elided}), "operand 0 has no contents");
}

TEST_F(InterpreterTest, RunsGraphsWithOpenSizes) {
  const Dim batch = graph.symbols().intern("N");
  Value& x = graph.add_input("x", Type(DType::f32, {batch, Dim(2)}));
  Value& negative = graph.add(OpKind::neg, {&x});
  Value& sum = graph.add(OpKind::reduce_sum, {&negative}, {{attr::axes, Ints{1}}});
  graph.add_output(sum);
  graph.add_output(x);
  const std::vector<Tensor> inputs = {Tensor::of<float>({2, 2}, {1, 2, 3, 4})};
  const auto outputs = interpret(graph, inputs);
  ASSERT_TRUE(outputs);
  EXPECT_THAT((*outputs)[0].to_doubles(), ElementsAre(-3, -7));
  EXPECT_THAT((*outputs)[0].shape(), ElementsAre(2, 1));
  EXPECT_THAT((*outputs)[1].to_doubles(), ElementsAre(1, 2, 3, 4));
  const Value* wanted[] = {&negative};
  const auto values = interpret_values(graph, inputs, wanted);
  ASSERT_TRUE(values);
  EXPECT_THAT((*values)[0].to_doubles(), ElementsAre(-1, -2, -3, -4));
  const std::vector<Tensor> wrong = {Tensor::of<float>({1, 3}, {1, 2, 3})};
  EXPECT_EQ(interpret(graph, wrong).error().message(),
            "input `x` has type f32[1,3], expected f32[N,2]");
}

TEST_F(InterpreterTest, OpaqueOperatorsOnlyMatterWhereNeeded) {
  Value& x = graph.add_input("x", Type(DType::f32, {Dim(1)}));
  Graph::NodeSpec spec;
  spec.op = &graph.opaque_op("", "Swirl");
  spec.operands = {&x};
  Node& opaque = graph.add_node(std::move(spec));
  Value& y = graph.add(OpKind::neg, {&x});
  const std::vector<Tensor> inputs = {Tensor::of<float>({1}, {1})};
  const Value* known[] = {&y};
  EXPECT_TRUE(interpret_values(graph, inputs, known));
  const Value* unknown[] = {opaque.result()};
  EXPECT_THAT(interpret_values(graph, inputs, unknown).error().message(),
              HasSubstr("the interpreter does not know the operator"));
}

TEST_F(InterpreterTest, SampleInputsAreReproducible) {
  const Dim batch = graph.symbols().intern("N");
  graph.add_input("x", Type(DType::f32, {batch, Dim(3), graph.symbols().intern("H")}));
  graph.add_input("labels", Type(DType::i64, {batch}));
  const auto inputs = sample_inputs(graph, 1, 2, 5);
  ASSERT_TRUE(inputs);
  EXPECT_THAT((*inputs)[0].shape(), ElementsAre(2, 3, 5));
  EXPECT_THAT((*inputs)[1].shape(), ElementsAre(2));
  EXPECT_TRUE((*inputs)[0].same_contents((*sample_inputs(graph, 1, 2, 5))[0]));
  EXPECT_FALSE((*inputs)[0].same_contents((*sample_inputs(graph, 2, 2, 5))[0]));
  for (const std::int64_t label : (*inputs)[1].to_ints()) EXPECT_LT(label, 4);
}

TEST(RelativeDifference, IsMeasuredAgainstTheSecond) {
  const auto vector = [](const Floats& values) {
    return Tensor::of<float>({static_cast<std::int64_t>(values.size())}, values);
  };
  EXPECT_EQ(relative_difference(vector({1, 2}), vector({1, 4})), 0.5);
  EXPECT_EQ(relative_difference(vector({1, kInfinity}), vector({1, kInfinity})), 0);
  EXPECT_EQ(relative_difference(vector({}), vector({})), 0);
  EXPECT_EQ(relative_difference(vector({kNaN}), vector({kNaN})), kInfinity);
  EXPECT_EQ(relative_difference(vector({1}), vector({1, 1})), kInfinity);
  EXPECT_EQ(relative_difference(vector({1}), vector({0})), kInfinity);
}

TEST_F(InterpreterTest, RemaindersHaveTheSignAskedFor) {
  Value& a = constant<std::int64_t>({4}, {7, -7, 7, -7});
  Value& b = constant<std::int64_t>({4}, {3, 3, -3, -3});
  EXPECT_THAT(numbers(OpKind::mod, {&a, &b}), ElementsAre(1, 2, -2, -1));
  EXPECT_THAT(numbers(OpKind::mod, {&a, &b}, {{attr::fmod, std::int64_t{1}}}),
              ElementsAre(1, -1, 1, -1));
  Value& least = constant<std::int64_t>({1}, {std::numeric_limits<std::int64_t>::min()});
  EXPECT_THAT(numbers(OpKind::mod, {&least, &constant<std::int64_t>({1}, {-1})}), ElementsAre(0));
  EXPECT_EQ(message(OpKind::mod, {&a, &constant<std::int64_t>({1}, {0})}),
            "an integer is divided by zero");
  EXPECT_THAT(numbers(OpKind::mod, {&floats({3}, {-1, 1, 4}), &floats({3}, {3, -3, 2})}),
              ElementsAre(2, -2, 0));
}

TEST_F(InterpreterTest, IndicesOutOfRangeAreErrors) {
  Value& x = floats({3}, {1, 2, 3});
  EXPECT_EQ(message(OpKind::gather_elements, {&x, &indices({0, 3})}),
            "`indices` contains 3, but the axis has size 3");
  EXPECT_EQ(message(OpKind::scatter_elements, {&x, &indices({-4}), &floats({1}, {5})}),
            "`indices` contains -4, but the axis has size 3");
  EXPECT_THAT(numbers(OpKind::scatter_elements, {&x, &indices({-1, -1}), &floats({2}, {5, 7})},
                      {{attr::reduction, "add"}}),
              ElementsAre(1, 2, 15));
  EXPECT_THAT(numbers(OpKind::gather_nd, {&x, &constant<std::int64_t>({2, 1}, {2, -3})}),
              ElementsAre(3, 1));
}

TEST_F(InterpreterTest, EinsumSumsOverWhatTheResultLacks) {
  Value& a = floats({2, 2}, {1, 2, 3, 4});
  Value& b = floats({2, 1}, {10, 100});
  const auto einsum = [&](std::vector<Value*> operands, std::string_view equation) {
    return numbers(OpKind::einsum, std::move(operands), {{attr::equation, std::string(equation)}});
  };
  EXPECT_THAT(einsum({&a}, "ii->i"), ElementsAre(1, 4));
  EXPECT_THAT(einsum({&a}, "ii"), ElementsAre(5));
  EXPECT_THAT(einsum({&a}, "ji"), ElementsAre(1, 3, 2, 4));
  EXPECT_THAT(einsum({&a, &b}, "ij,jk->ik"), ElementsAre(210, 430));
  // An axis of size 1 is repeated.
  EXPECT_THAT(einsum({&a, &b}, "ij,ij->ij"), ElementsAre(10, 20, 300, 400));
}

TEST_F(InterpreterTest, ArrangementsMoveElements) {
  Value& x = floats({1, 4, 1, 1}, {0, 1, 2, 3});
  EXPECT_THAT(numbers(OpKind::depth_to_space, {&x}, {{attr::blocksize, std::int64_t{2}}}),
              ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(numbers(OpKind::tile, {&floats({2}, {1, 2}), &indices({3})}),
              ElementsAre(1, 2, 1, 2, 1, 2));
  Value& matrix = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(numbers(OpKind::trilu, {&matrix, &indices({1})}), ElementsAre(0, 2, 3, 0, 0, 6));
  EXPECT_THAT(numbers(OpKind::trilu, {&matrix}, {{attr::upper, std::int64_t{0}}}),
              ElementsAre(1, 0, 0, 4, 5, 0));
  EXPECT_THAT(numbers(OpKind::cum_sum, {&matrix, &indices({1})},
                      {{attr::exclusive, std::int64_t{1}}, {attr::reverse, std::int64_t{1}}}),
              ElementsAre(5, 3, 0, 11, 6, 0));
  EXPECT_THAT(numbers(OpKind::eye_like, {&matrix}, {{attr::k, std::int64_t{1}}}),
              ElementsAre(0, 1, 0, 0, 0, 1));
}

TEST_F(InterpreterTest, ShiftsKeepTheSign) {
  Value& x = constant<std::int8_t>({4}, {-8, -8, 4, -1});
  Value& distance = constant<std::int8_t>({4}, {1, 8, 127, -1});
  EXPECT_THAT(numbers(OpKind::bit_shift, {&x, &distance}, {{attr::direction, "RIGHT"}}),
              ElementsAre(-4, -1, 0, -1));
  EXPECT_THAT(numbers(OpKind::bit_shift, {&x, &distance}, {{attr::direction, "LEFT"}}),
              ElementsAre(-16, 0, 0, 0));
}

TEST_F(InterpreterTest, CastsWrapOrSaturate) {
  Value& x = floats({4}, {-9, 8, 1e6f, -0.5f});
  EXPECT_THAT(numbers(OpKind::cast, {&x}, {{attr::to, "i4"}}), ElementsAre(7, -8, 0, 0));
  Value& big = floats({2}, {1e6f, -1e6f});
  EXPECT_THAT(numbers(OpKind::cast, {&big}, {{attr::to, "f8e4m3fn"}}), ElementsAre(448, -448));
  const std::int64_t no = 0;
  EXPECT_THAT(numbers(OpKind::cast, {&big}, {{attr::to, "f8e4m3fn"}, {attr::saturate, no}}),
              testing::Each(testing::IsNan()));
  EXPECT_THAT(numbers(OpKind::cast, {&big}, {{attr::to, "f8e5m2"}, {attr::saturate, no}}),
              ElementsAre(kInfinity, -kInfinity));
}

TEST_F(InterpreterTest, OneZeroPointMayBeAVector) {
  Value& zero = constant<std::uint8_t>({1}, {10});
  EXPECT_THAT(numbers(OpKind::quantize, {&floats({2}, {1, -2}), &floats({}, {0.5f}), &zero}),
              ElementsAre(12, 6));
}

TEST_F(InterpreterTest, NormsOfPlanes) {
  Value& x = floats({1, 2, 1, 2}, {3, -4, 1, -1});
  EXPECT_THAT(numbers(OpKind::global_lp_pool, {&x}), ElementsAre(5, std::sqrt(2.0f)));
  EXPECT_THAT(numbers(OpKind::global_lp_pool, {&x}, {{attr::p, std::int64_t{1}}}),
              ElementsAre(7, 2));
}

}  // namespace
}  // namespace rcc

#include "passes/rules/tensor_expression.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "passes/rules/matcher.h"
#include "passes/rules/rule.h"

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Value of an expression over the constants k = f32[2,3] <1,2,3,4,5,6> and v = f32[2] <10,20>.
DatumResult value_of(std::string_view expression) {
  const auto rules = load_rules(
      fmt::format(
          "rule r effect lossy {{ match {{ c = add(mul(x, k: const), v: const); y = relu(c); }}\n"
          "let unused = k + sum(v); let result = {};\n"
          "where all(unused > -1e9); where all(result == result) or true; replace y with x; }}",
          expression),
      "t.rules", *OpTable::builtin());
  EXPECT_TRUE(rules) << (rules ? "" : render(rules.error().diagnostics.front()));
  if (!rules) return Datum{};
  Graph graph;
  Value& x = graph.add_input("x", Type(DType::f32, {Dim(2), Dim(3)}));
  Value& k = graph.add_constant("k", Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  Value& v = graph.add_constant("v", Tensor::of<float>({1, 2}, {10, 20}));
  Value& product = graph.add(OpKind::mul, {&x, &k});
  (void)v;
  Bindings bindings;
  bindings.values = {&x, &k, &product, &v, nullptr, nullptr};
  bindings.values.resize(16, nullptr);
  for (std::size_t i = 0; i < (*rules)->rules[0]->value_names.size(); ++i) {
    const std::string& name = (*rules)->rules[0]->value_names[i];
    bindings.values[i] = name == "k" ? &k : name == "v" ? &v : name == "x" ? &x : nullptr;
  }
  bindings.lets.resize(2);
  return evaluate((*rules)->rules[0]->statements[1].expression, bindings);
}

std::vector<double> numbers(std::string_view expression) {
  const DatumResult value = value_of(expression);
  EXPECT_TRUE(value) << expression << ": " << (value ? "" : value.error());
  return value ? value->data : std::vector<double>();
}

TEST(TensorExpression, Arithmetic) {
  EXPECT_THAT(numbers("1 + 2 * 3 - 4 / 8"), ElementsAre(6.5));
  EXPECT_THAT(numbers("-7 // 2"), ElementsAre(-4));
  EXPECT_THAT(numbers("-7 % 4"), ElementsAre(1));
  EXPECT_THAT(numbers("2 - 1 - 1"), ElementsAre(0));
  EXPECT_THAT(numbers("-k"), ElementsAre(-1, -2, -3, -4, -5, -6));
  EXPECT_THAT(numbers("k - 1"), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(numbers("sqrt(k * k)"), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(numbers("round([0.5, 1.5, -2.5])"), ElementsAre(0, 2, -2));
}

TEST(TensorExpression, BroadcastsFromTheLastAxis) {
  EXPECT_THAT(numbers("k * [1, 0, -1]"), ElementsAre(1, 0, -3, 4, 0, -6));
  EXPECT_THAT(numbers("k + reshape(v, [2, 1])"), ElementsAre(11, 12, 13, 24, 25, 26));
  EXPECT_THAT(value_of("k + [1, 2]").error(), "sizes [2,3] and [2] do not fit");
}

TEST(TensorExpression, Reductions) {
  EXPECT_THAT(numbers("sum(k)"), ElementsAre(21));
  EXPECT_THAT(numbers("sum(k, axis = 0)"), ElementsAre(5, 7, 9));
  EXPECT_THAT(numbers("mean(k, axis = 1)"), ElementsAre(2, 5));
  EXPECT_THAT(numbers("max(k, axis = -1)"), ElementsAre(3, 6));
  EXPECT_THAT(numbers("min(k)"), ElementsAre(1));
  EXPECT_THAT(numbers("product(k)"), ElementsAre(720));
  EXPECT_THAT(numbers("max(k, 4)"), ElementsAre(4, 4, 4, 4, 5, 6));
  EXPECT_THAT(value_of("sum(k, axis = 1 + 1)").error(), "there is no axis 2 in a tensor of rank 2");
}

TEST(TensorExpression, NotANumberIsTheExtremum) {
  EXPECT_TRUE(std::isnan(numbers("max(k / (k - 1) * (k - 1))")[0]));
  EXPECT_TRUE(std::isnan(numbers("min(k / (k - 1) * (k - 1))")[0]));
}

TEST(TensorExpression, Shapes) {
  EXPECT_THAT(numbers("transpose(k)"), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(numbers("transpose(reshape(k, [1, 2, 3]), [1, 2, 0])"),
              ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(value_of("transpose(reshape(k, [1, 2, 3]), [1, 2, 0])")->shape,
            (std::vector<std::int64_t>{2, 3, 1}));
  EXPECT_THAT(numbers("concat(k, k * 10, axis = 1)"),
              ElementsAre(1, 2, 3, 10, 20, 30, 4, 5, 6, 40, 50, 60));
  EXPECT_THAT(numbers("slice(k, axis = 1, begin = 1)"), ElementsAre(2, 3, 5, 6));
  EXPECT_THAT(numbers("scale(k, [2, 3], axis = 0)"), ElementsAre(2, 4, 6, 12, 15, 18));
  EXPECT_THAT(numbers("full([2, 2], 7)"), ElementsAre(7, 7, 7, 7));
  EXPECT_THAT(numbers("shape(k)"), ElementsAre(2, 3));
  EXPECT_THAT(numbers("[rank(k), size(k), size(k, 1), size(x, -1)]"), ElementsAre(2, 6, 3, 3));
  EXPECT_THAT(value_of("reshape(k, [4, 2])").error(), "sizes [2,3] cannot become [4,2]");
  EXPECT_THAT(value_of("scale(k, [2, 3], axis = 1)").error(), HasSubstr("an axis of size 3"));
  EXPECT_THAT(value_of("concat(k, [1], axis = 0)").error(), HasSubstr("cannot be joined"));
}

TEST(TensorExpression, Lists) {
  EXPECT_THAT(numbers("range(4)"), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(numbers("range(0)"), ElementsAre());
  EXPECT_THAT(numbers("gather([5, 6, 7], [2, 0, -1])"), ElementsAre(7, 5, 7));
  EXPECT_THAT(numbers("inverse([2, 0, 1])"), ElementsAre(1, 2, 0));
  EXPECT_THAT(numbers("gather([0, 3, 1, 2], inverse([0, 3, 1, 2]))"), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(value_of("gather([5, 6], [2])").error(), "a list of 2 has no element 2");
  EXPECT_EQ(value_of("inverse([0, 0])").error(), "[0,0] is no permutation");
  EXPECT_EQ(value_of("range(-1)").error(), "there is no list of -1 numbers");
}

TEST(TensorExpression, SelectDoesNotMixInTheOtherSide) {
  EXPECT_THAT(
      numbers("select(k > 3, k, 1 / (k - k))"),
      ElementsAre(std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(),
                  std::numeric_limits<double>::infinity(), 4, 5, 6));
}

TEST(TensorExpression, TopK) {
  EXPECT_THAT(numbers("top_k_mask([3, 1, 4, 1, 5], 2)"), ElementsAre(0, 0, 1, 0, 1));
  // Of equals the earlier one.
  EXPECT_THAT(numbers("top_k_mask([1, 2, 2, 2], 2)"), ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(numbers("top_k_mask([2, 2, 2, 2], 0)"), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(numbers("top_k_mask([2, 2], 9)"), ElementsAre(1, 1));
  EXPECT_THAT(numbers("top_k_mask(k, 1, axis = 0)"), ElementsAre(0, 0, 0, 1, 1, 1));
  EXPECT_THAT(numbers("top_k_mask(k, 1, axis = 1)"), ElementsAre(0, 0, 1, 0, 0, 1));
  EXPECT_THAT(numbers("top_k_mask([1, 2, 4, 3], 1, axis = 0, group = 2)"), ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(numbers("top_k_mask(k / (k - 1) * (k - 1), 1)"), ElementsAre(1, 0, 0, 0, 0, 0))
      << "what is no number counts as the largest, so that it stays visible";
  EXPECT_EQ(value_of("top_k_mask(k, 1, axis = 1, group = 2)").error(),
            "3 elements are not made of groups of 2");
  EXPECT_EQ(value_of("top_k_mask(k, 0 - 1)").error(), "there are no -1 largest elements");
}

TEST(TensorExpression, NOfM) {
  EXPECT_THAT(numbers("mask_n_m([1, -2, 3, -4, 5, 5, -5, 5], 2, 4, axis = 0)"),
              ElementsAre(0, 0, 3, -4, 5, 5, 0, 0));
  EXPECT_THAT(numbers("mask_n_m(k, 1, 2, axis = 0)"), ElementsAre(0, 0, 0, 4, 5, 6));
  EXPECT_THAT(numbers("mask_n_m(transpose(k), 1, 3, axis = 0)"), ElementsAre(0, 0, 0, 0, 3, 6));
  EXPECT_THAT(numbers("mask_n_m(k, 0, 3, axis = 1)"), ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_EQ(value_of("mask_n_m(k, 1, 2, axis = 1)").error(),
            "3 elements are not made of groups of 2");
  EXPECT_EQ(value_of("mask_n_m(k, 3, 2, axis = 0)").error(), "3 of 2 is no pattern of zeros");
  const auto holds = [](std::string_view tensor, std::string_view pattern) {
    return numbers(fmt::format("select(is_n_m({}, {}, axis = 0), 1, 0)", tensor, pattern));
  };
  EXPECT_THAT(holds("[1, 0, 0, 2]", "1, 2"), ElementsAre(1));
  EXPECT_THAT(holds("[1, 3, 0, 2]", "1, 2"), ElementsAre(0));
}

// Against a plain sort of (value, index) pairs, ties included.
TEST(TensorExpression, TopKChoosesWhatASortWould) {
  std::uint64_t state = 1;
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<double, int>> order;
    std::string list;
    for (int i = 0; i < 37; ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      const auto value = static_cast<double>((state >> 33) % 8);
      order.emplace_back(-value, i);
      list += fmt::format("{}{}", i == 0 ? "" : ", ", value);
    }
    std::sort(order.begin(), order.end());
    std::vector<double> expected(37, 0);
    for (std::size_t i = 0; i < static_cast<std::size_t>(round % 38); ++i)
      expected[static_cast<std::size_t>(order[i].second)] = 1;
    EXPECT_EQ(numbers(fmt::format("top_k_mask([{}], {})", list, round % 38)), expected);
  }
}

TEST(TensorExpression, ElementTypes) {
  EXPECT_THAT(numbers("cast([0.5, 1.5, 2.5, -0.5, 200, -200], i8)"),
              ElementsAre(0, 2, 2, 0, 127, -128));
  EXPECT_THAT(numbers("cast([-1, 255.5, 300], u8)"), ElementsAre(0, 255, 255));
  EXPECT_EQ(value_of("cast([1, 2], i8)")->dtype, DType::i8);
  EXPECT_EQ(to_tensor(*value_of("cast(k, f16)"), DType::f32).dtype(), DType::f16);
  EXPECT_THAT(numbers("cast([1.0009765625, 1.00048828125], f16)"), ElementsAre(1.0009765625, 1));
  // What is computed with a rounded tensor sees the rounded elements.
  EXPECT_THAT(numbers("cast([0.6, 1.4], i8) * 0.5"), ElementsAre(0.5, 0.5));
}

TEST(TensorExpression, QuantizesLikeTheOperators) {
  EXPECT_THAT(numbers("quantize([0.25, 0.75, 1.25, 100, -100], 0.5, cast(0, i8))"),
              ElementsAre(0, 2, 2, 127, -128));
  EXPECT_THAT(numbers("quantize([-1, 0, 1], 0.5)"), ElementsAre(0, 0, 2));
  EXPECT_EQ(value_of("quantize([1], 1)")->dtype, DType::u8);
  EXPECT_THAT(numbers("quantize(k, [1, 2], cast(0, i8), axis = 0)"), ElementsAre(1, 2, 3, 2, 2, 3));
  EXPECT_THAT(numbers("dequantize(cast([0, 128, 255], u8), 0.5, cast(128, u8))"),
              ElementsAre(-64, 0, 63.5));
  EXPECT_THAT(numbers("dequantize(quantize(k, [1, 2], cast(0, i8), axis = 0), [1, 2], axis = 0)"),
              ElementsAre(1, 2, 3, 4, 4, 6));
  EXPECT_EQ(value_of("quantize(k, [1, 2, 3, 4], axis = 0)").error(),
            "an axis of size 2 cannot be scaled by [4] factors");
}

TEST(TensorExpression, ElementsOfLists) {
  EXPECT_THAT(numbers("[5, 6, 7][1] + [5, 6, 7][-1]"), ElementsAre(13));
  EXPECT_THAT(numbers("shape(k)[0] * sum(k, axis = 0)[2]"), ElementsAre(18));
  EXPECT_EQ(value_of("[5, 6][2]").error(), "there is no element 2 among [2]");
  EXPECT_EQ(value_of("[5, 6][-3]").error(), "there is no element -3 among [2]");
}

TEST(TensorExpression, PowersAndSigns) {
  EXPECT_THAT(numbers("pow(k, 2)"), ElementsAre(1, 4, 9, 16, 25, 36));
  EXPECT_THAT(numbers("pow(2, 8) - 1"), ElementsAre(255));
  EXPECT_THAT(numbers("sign(k - 3)"), ElementsAre(-1, -1, 0, 1, 1, 1));
}

TEST(TensorExpression, ReadsDefaultsOfAbsentOperands) {
  const auto rules = load_rules(
      "rule r effect lossy { match { y = conv(x, W: const, b?: const) { .. }; }\n"
      "let s = (b or 0) + 1; replace y with conv(x, W, s) { ..y }; }",
      "t.rules", *OpTable::builtin());
  ASSERT_TRUE(rules);
  Bindings bindings;
  bindings.values.resize(8, nullptr);
  EXPECT_THAT(evaluate((*rules)->rules[0]->statements[0].expression, bindings)->data,
              ElementsAre(1));
}

TEST(TensorExpression, RoundsOnceFromFloat64) {
  // 1 + 2^-24 + 2^-24 is 1 + 2^-23 exactly, but 1 when rounded in between.
  const DatumResult value =
      value_of("full([1], 1) + 5.9604644775390625e-08 + 5.9604644775390625e-08");
  ASSERT_TRUE(value);
  EXPECT_EQ(to_tensor(*value, DType::f32).at(0), 1.00000011920928955078125);
}

TEST(TensorExpression, ScalesDirectlyLikeTheGeneralWay) {
  const Tensor tensor = Tensor::of<float>({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const Datum factors{{2}, {0.1, 3}};
  const auto direct = scale_directly(tensor, factors, 1);
  ASSERT_TRUE(direct);
  for (std::int64_t i = 0; i < 12; ++i)
    EXPECT_EQ(direct->at(i),
              static_cast<float>(tensor.at(i) * factors.data[static_cast<std::size_t>(i / 3 % 2)]));
  EXPECT_FALSE(scale_directly(tensor, factors, 2));
  EXPECT_FALSE(scale_directly(tensor, factors, 3));
}

TEST(TensorExpression, PlacesAndCountsAreWholeNumbers) {
  for (const std::string_view expression :
       {"[5, 6][0.5]", "top_k_mask(k, 0.5)", "mask_n_m(k, 0.5, 3, axis = 1)", "size(k, 0.5)",
        "transpose(k, [0.5, 1])"})
    EXPECT_EQ(value_of(expression).error(), "0.5 is not a whole number") << expression;
  EXPECT_EQ(value_of("gather([5, 6], [0.5])").error(), "a list of 2 has no element 0.5");
  EXPECT_EQ(value_of("inverse([0.5, 1])").error(), "[0.5,1] is no permutation");
  EXPECT_EQ(value_of("sum(k, axis = 0.5 + 0)").error(), "axis: 0.5 is not a whole number");
  EXPECT_EQ(value_of("range(2.5)").error(), "there is no list of 2.5 numbers");
}

TEST(TensorExpression, WholeDivisionByZeroHasNoValue) {
  EXPECT_EQ(value_of("k % 0").error(), "`%` divides by zero");
  EXPECT_EQ(value_of("1 // (k - 1)").error(), "`//` divides by zero");
  EXPECT_THAT(numbers("1 / (sum(k) - 21)"), ElementsAre(std::numeric_limits<double>::infinity()));
}

TEST(TensorExpression, JoinedTensorsHaveTheWiderType) {
  EXPECT_EQ(value_of("concat(cast([1], i8), cast([300], i32), axis = 0)")->dtype, DType::i32);
  EXPECT_EQ(value_of("concat([1], cast([2], i8), axis = 0)")->dtype, DType::i8);
}

TEST(TensorExpression, SelectBroadcasts) {
  EXPECT_THAT(numbers("select(k > 3, 1, 0)"), ElementsAre(0, 0, 0, 1, 1, 1));
  EXPECT_THAT(numbers("select(1 > 0, [1, 2], 0)"), ElementsAre(1, 2));
  EXPECT_THAT(numbers("select(reshape(v, [2, 1]) > 15, [1, 2, 3], -1)"),
              ElementsAre(-1, -1, -1, 1, 2, 3));
}

// Before memory is asked for.
TEST(TensorExpression, WhatIsTooLargeHasNoValue) {
  EXPECT_EQ(value_of("full([30000, 30000], 1)").error(), "the result is too large");
  EXPECT_EQ(value_of("reshape(full([20000], 1), [20000, 1]) + full([20000], 1)").error(),
            "the result is too large");
}

}  // namespace
}  // namespace rcc

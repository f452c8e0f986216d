#include "passes/tensor_expression.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "passes/matcher.h"
#include "passes/rule.h"

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

}  // namespace
}  // namespace rcc

#include "frontends/onnx/versions.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

class VersionsTest : public testing::Test {
 protected:
  NodeForm form(std::string_view op_type, std::vector<std::int64_t> shape = {2, 4, 6, 6}) {
    NodeForm made;
    made.op_type = op_type;
    Type type(DType::f32, Shape(shape.begin(), shape.end()));
    made.operands.push_back({.value = &graph_.add_input("", std::move(type)), .literal = {}});
    made.results = {true};
    return made;
  }
  OperandForm ints(const std::vector<std::int64_t>& values) {
    return {.value = nullptr,
            .literal = Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values)};
  }
  OperandForm computed() { return {.value = &graph_.add_input("", Type()), .literal = {}}; }

  Graph graph_;
};

TEST_F(VersionsTest, FirstOpsets) {
  EXPECT_EQ(first_opset("Conv"), 1);
  EXPECT_EQ(first_opset("QuantizeLinear"), 10);
  EXPECT_EQ(first_opset("Gelu"), 20);
  EXPECT_EQ(first_opset("NoSuchOperator"), 1);
}

TEST_F(VersionsTest, IrVersions) {
  const std::vector<std::pair<int, int>> wanted = {{7, 3},  {8, 3},   {9, 4},   {10, 5},  {11, 6},
                                                   {12, 7}, {14, 7},  {15, 8},  {18, 8},  {19, 9},
                                                   {20, 9}, {22, 10}, {23, 11}, {24, 12}, {27, 13},
                                                   {28, 14}};
  for (const auto& [opset, ir] : wanted) EXPECT_EQ(ir_version_of_opset(opset), ir) << opset;
}

TEST_F(VersionsTest, AxesMoveBetweenAttributeAndOperand) {
  NodeForm squeeze = form("Squeeze");
  squeeze.set("axes", Ints{2, 3});
  EXPECT_EQ(raise_to_newest(squeeze, 11), std::nullopt);
  EXPECT_EQ(squeeze.find("axes"), nullptr);
  EXPECT_EQ(*squeeze.operand(1).ints(), (Ints{2, 3}));
  EXPECT_FALSE(lower_to(squeeze, 12).has_value());
  EXPECT_EQ(*squeeze.find_ints("axes"), (Ints{2, 3}));
  EXPECT_EQ(squeeze.operands.size(), 1u);
  EXPECT_NE(raise_to_newest(squeeze, 13), std::nullopt);
}

TEST_F(VersionsTest, ComputedAxesNeedTheOpsetThatHasThem) {
  NodeForm mean = form("ReduceMean");
  mean.set_operand(1, computed());
  const auto obstacle = lower_to(mean, 13);
  ASSERT_TRUE(obstacle.has_value());
  EXPECT_EQ(obstacle->opset, 18);
  EXPECT_EQ(obstacle->reason, "its `axes` is not a constant");
}

TEST_F(VersionsTest, ClipLimitsTakeTheOperandsType) {
  NodeForm clip = form("Clip");
  clip.set("max", 6.0f);
  EXPECT_EQ(raise_to_newest(clip, 6), std::nullopt);
  EXPECT_FALSE(clip.has_operand(1));
  EXPECT_EQ(clip.operand(2).number(), 6.0);
  EXPECT_EQ(clip.operand(2).type(), Type(DType::f32, {}));
  EXPECT_FALSE(lower_to(clip, 10).has_value());
  EXPECT_EQ(std::get<float>(*clip.find("max")), 6.0f);
  EXPECT_EQ(clip.find("min"), nullptr);
}

// The axis in opset 11, the shape, the axis since 13; -9: no newer form.
TEST_F(VersionsTest, SoftmaxIsRaisedWhereItMeansTheSame) {
  struct Case {
    std::int64_t before;
    std::vector<std::int64_t> shape;
    std::int64_t after;
  };
  const std::vector<Case> cases = {{1, {2, 5}, 1},       {-1, {2, 5, 3}, -1},  {2, {2, 5, 3}, 2},
                                   {1, {2, 5, 3}, -9},   {1, {2, 5, 1, 1}, 1}, {1, {2, 1, 1, 7}, 3},
                                   {-2, {2, 5, 3}, -9},  {0, {2, 5}, -9},      {5, {2, 5}, -9}};
  for (const auto& [before, shape, after] : cases) {
    NodeForm softmax = form("Softmax", shape);
    softmax.set("axis", before);
    const bool is_raised = !raise_to_newest(softmax, 11);
    EXPECT_EQ(is_raised, after != -9);
    if (is_raised) {
      EXPECT_EQ(softmax.find_int("axis"), after);
    }
  }
}

TEST_F(VersionsTest, SoftmaxOverAMiddleAxisNeeds13) {
  NodeForm middle = form("Softmax", {2, 5, 3});
  middle.set("axis", std::int64_t{1});
  EXPECT_EQ(lower_to(middle, 11)->opset, 13);
  NodeForm last = form("Softmax", {2, 5, 3});
  EXPECT_FALSE(lower_to(last, 9).has_value());
  EXPECT_EQ(last.find_int("axis"), 2);
}

TEST_F(VersionsTest, BatchNormalization) {
  NodeForm plain = form("BatchNormalization");
  plain.set("spatial", std::int64_t{1});
  EXPECT_EQ(raise_to_newest(plain, 7), std::nullopt);
  EXPECT_EQ(plain.find("spatial"), nullptr);
  EXPECT_EQ(plain.find("training_mode"), nullptr);

  NodeForm per_element = form("BatchNormalization");
  per_element.set("spatial", std::int64_t{0});
  EXPECT_EQ(raise_to_newest(per_element, 7), "opset 9: its attribute `spatial` is not the default");

  NodeForm training = form("BatchNormalization");
  training.results = {true, true, true};
  EXPECT_EQ(raise_to_newest(training, 9), std::nullopt);
  EXPECT_EQ(training.find_int("training_mode"), 1);
  EXPECT_FALSE(lower_to(training, 9).has_value());
  EXPECT_EQ(training.find("training_mode"), nullptr);
  EXPECT_EQ(training.results, std::vector<bool>(5, true));

  NodeForm saved = form("BatchNormalization");
  saved.results = {true, true, true, true, true};
  EXPECT_NE(raise_to_newest(saved, 9), std::nullopt);
}

TEST_F(VersionsTest, DropoutRatioAndMask) {
  NodeForm dropout = form("Dropout");
  dropout.set("ratio", 0.25f);
  EXPECT_EQ(raise_to_newest(dropout, 7), std::nullopt);
  EXPECT_EQ(dropout.operand(1).number(), 0.25);
  EXPECT_FALSE(lower_to(dropout, 7).has_value());
  EXPECT_EQ(std::get<float>(*dropout.find("ratio")), 0.25f);
  dropout.results = {true, true};
  EXPECT_NE(raise_to_newest(dropout, 7), std::nullopt);
}

TEST_F(VersionsTest, GemmWithoutBiasGetsOneBefore11) {
  NodeForm gemm = form("Gemm", {2, 3});
  gemm.set_operand(1, computed());
  EXPECT_FALSE(lower_to(gemm, 9).has_value());
  EXPECT_EQ(gemm.operand(2).number(), 0.0);
}

TEST_F(VersionsTest, PadAxesAreSpelledOutBefore18) {
  NodeForm pad = form("Pad");
  pad.set_operand(1, ints({1, 2, 3, 4}));
  pad.set_operand(3, ints({2, -1}));
  EXPECT_FALSE(lower_to(pad, 13).has_value());
  EXPECT_EQ(*pad.operand(1).ints(), (Ints{0, 0, 1, 2, 0, 0, 3, 4}));
  EXPECT_EQ(pad.operands.size(), 2u);
  EXPECT_FALSE(lower_to(pad, 7).has_value());
  EXPECT_EQ(*pad.find_ints("pads"), (Ints{0, 0, 1, 2, 0, 0, 3, 4}));
}

TEST_F(VersionsTest, QuantizersNeedTheOpsetOfTheirKind) {
  const auto quantize = [&](const Tensor& scale, const Tensor& zero) {
    NodeForm made = form("QuantizeLinear");
    made.set_operand(1, {.value = nullptr, .literal = scale});
    made.set_operand(2, {.value = nullptr, .literal = zero});
    made.set("axis", std::int64_t{0});
    const auto obstacle = lower_to(made, 9);
    return obstacle ? obstacle->opset : 0;
  };
  const Tensor one = Tensor::scalar(0.5f);
  const Tensor two = Tensor::of<float>({2}, {0.5f, 0.25f});
  EXPECT_EQ(quantize(one, Tensor::scalar(std::int8_t{0})), 10);
  EXPECT_EQ(quantize(two, Tensor::of<std::int8_t>({2}, {0, 0})), 13);
  EXPECT_EQ(quantize(one, Tensor::scalar(std::int16_t{0})), 21);
  EXPECT_EQ(quantize(one, Tensor::allocate(DType::f8e4m3fn, {})), 19);
}

TEST_F(VersionsTest, SplitIntoUnequalPartsNeeds18) {
  NodeForm even = form("Split");
  even.set("axis", std::int64_t{1});
  even.set("num_outputs", std::int64_t{2});
  EXPECT_FALSE(lower_to(even, 13).has_value());
  EXPECT_EQ(even.find("num_outputs"), nullptr);
  NodeForm uneven = form("Split");
  uneven.set("axis", std::int64_t{1});
  uneven.set("num_outputs", std::int64_t{3});
  EXPECT_EQ(lower_to(uneven, 13)->opset, 18);
}

TEST_F(VersionsTest, ScatteringTheGreatestNeeds18) {
  NodeForm sum = form("ScatterND");
  sum.set("reduction", "add");
  EXPECT_EQ(lower_to(sum, 13)->opset, 16);
  NodeForm most = form("ScatterND");
  most.set("reduction", "max");
  EXPECT_EQ(lower_to(most, 16)->opset, 18);
  NodeForm plain = form("ScatterElements");
  EXPECT_FALSE(lower_to(plain, 11).has_value());
}

TEST_F(VersionsTest, SumsOfDifferentShapesNeed8) {
  NodeForm sum = form("Sum", {2, 3});
  sum.operands.push_back({.value = &graph_.add_input("", Type(DType::f32, {3})), .literal = {}});
  EXPECT_EQ(lower_to(sum, 7)->opset, 8);
  EXPECT_FALSE(lower_to(sum, 8).has_value());
  NodeForm same = form("Max", {2, 3});
  same.operands.push_back(same.operands.front());
  EXPECT_FALSE(lower_to(same, 7).has_value());
}

TEST_F(VersionsTest, OpaqueOperatorsThatChange) {
  EXPECT_EQ(breaking_opset("NonMaxSuppression", 10, 28), std::nullopt);
  EXPECT_EQ(breaking_opset("Conv", 7, 28), std::nullopt);
  EXPECT_EQ(breaking_opset("Squeeze", 12, 13), 13);
  EXPECT_EQ(breaking_opset("Squeeze", 13, 28), std::nullopt);
  EXPECT_EQ(breaking_opset("Upsample", 9, 13), 10);
  EXPECT_EQ(breaking_opset("LSTM", 13, 14), std::nullopt);
}

}  // namespace
}  // namespace rcc

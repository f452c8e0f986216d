#include "backends/torch/trainable.h"

#include <gtest/gtest.h>

#include "test/torch/tiny_network.h"

namespace rcc {
namespace {

TEST(Trainable, FindsWeightsBiasesAndStatisticsByRole) {
  TinyNetwork network;
  const auto found = find_trainable(network.b.graph);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->parameters.size(), 5U);
  EXPECT_EQ(found->parameters.front(), network.conv_weight);
  EXPECT_EQ(found->statistics.size(), 2U);
  EXPECT_EQ(found->statistics.front(), network.mean);
  EXPECT_TRUE(found->frozen.empty());
  EXPECT_TRUE(decays(*network.conv_weight));
  EXPECT_FALSE(decays(*network.gamma));
  EXPECT_FALSE(decays(*network.gemm_bias));
}

TEST(Trainable, LooksThroughQuantizersButNotThroughIntegers) {
  GraphBuilder b;
  Value& x = b.input({2, 4});
  Value& scale = b.scalar(0.01F);
  Value& zero = b.constant<std::int8_t>({}, {0});
  Value& weight = b.weight({4, 3});
  Value& q = b.add(OpKind::quantize, {&weight, &scale, &zero});
  Value& first = b.add(OpKind::gemm, {&x, &b.add(OpKind::dequantize, {&q, &scale, &zero})});
  Value& integers = b.constant<std::int8_t>({3, 2}, {1, 2, 3, 4, 5, 6});
  b.add(OpKind::gemm, {&first, &b.add(OpKind::dequantize, {&integers, &scale, &zero})});
  const auto found = find_trainable(b.graph);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->parameters, (std::vector<Value*>{&weight}));
  EXPECT_EQ(found->frozen, (std::vector<const Value*>{&integers}));
}

TEST(Trainable, IsAnErrorWhenAllWeightsAreIntegers) {
  GraphBuilder b;
  Value& integers = b.constant<std::int8_t>({4, 1}, {1, 2, 3, 4});
  b.add(OpKind::gemm, {&b.input({2, 4}), &b.add(OpKind::dequantize, {&integers, &b.scalar(1)})});
  const auto found = find_trainable(b.graph);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().diagnostics.front().help.find("before they are quantized"),
            std::string::npos);
}

TEST(Trainable, SharedStatisticsAreSeparated) {
  TinyNetwork network;
  Graph& graph = network.b.graph;
  Node* norm = network.gamma->first_use()->user().next();
  Value& again = graph.add(
      OpKind::batch_norm,
      {norm->previous()->result(), network.gamma, network.gamma, network.mean, network.gamma}, {},
      "again", norm);
  separate_statistics(graph);
  EXPECT_EQ(network.mean->use_count(), 1U);
  const Node& first = network.gamma->first_use()->user();
  EXPECT_NE(first.operand(3), again.producer()->operand(3));
  EXPECT_TRUE(first.operand(3)->tensor().same_contents(again.producer()->operand(3)->tensor()));
}

}  // namespace
}  // namespace rcc

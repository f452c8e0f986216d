#include "ir/cost.h"

#include <gtest/gtest.h>

#include "ir/interpreter.h"
#include "test/unit/resnet18.h"

namespace rcc {
namespace {

// The table of published and computed figures: torchvision's ResNet18 and the CIFAR variant, whole
// and with channels removed (params, MACs). Widths are of the stem and the four stages' spines,
// then of the eight inner convolutions.
struct Golden {
  const char* name;
  bool is_cifar;
  double spine, inner;
  std::uint64_t params, macs;
};

class CostTest : public testing::TestWithParam<Golden> {};

TEST_P(CostTest, MatchesTheTable) {
  const Golden& golden = GetParam();
  const Graph graph = build_resnet18({.size = golden.is_cifar ? 32 : 224,
                                      .classes = golden.is_cifar ? 10 : 1000,
                                      .is_cifar = golden.is_cifar,
                                      .spine = golden.spine,
                                      .inner = golden.inner});
  const Cost total = cost(graph);
  EXPECT_EQ(total.params, golden.params);
  EXPECT_EQ(total.macs, golden.macs);
}

INSTANTIATE_TEST_SUITE_P(ResNet18, CostTest,
                         testing::Values(Golden{"whole", false, 1, 1, 11689512, 1814073344},
                                         Golden{"all_75", false, .75, .75, 6675352, 1042639872},
                                         Golden{"all_50", false, .5, .5, 3055880, 483149824},
                                         Golden{"inner_70", false, 1, .7, 8380384, 1302880256},
                                         Golden{"inner_60", false, 1, .6, 7281568, 1137036032},
                                         Golden{"inner_50", false, 1, .5, 6194856, 975933440},
                                         Golden{"inner_40", false, 1, .4, 5077600, 802073600},
                                         Golden{"cifar", true, 1, 1, 11173962, 555422720},
                                         Golden{"cifar_50", true, .5, .5, 2797610, 139299328},
                                         Golden{"cifar_inner_50", true, 1, .5, 5679306, 281744384}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Cost, StatisticsAreStoredButNoParameters) {
  const Graph graph = build_resnet18({.size = 32, .classes = 10, .is_cifar = true});
  // 4800 channels with a mean and a variance each.
  EXPECT_EQ(cost(graph).weight_bytes, 4 * (11173962 + 2 * 4800));
}

TEST(Cost, SymbolicBatchCountsOnce) {
  Graph graph;
  Value& x = graph.add_input("x", Type(DType::f32, {graph.symbols().intern("N"), Dim(3)}));
  Value& weight = graph.add_constant("w", Tensor::of<float>({3, 2}, {1, 0, 0, 1, 2, 0}));
  graph.add_output(graph.add(OpKind::matmul, {&x, &weight}));
  EXPECT_EQ(cost(graph).macs, 6);
  EXPECT_EQ(cost(graph).params, 6);
  EXPECT_EQ(cost(graph).nonzero_params, 0);
  EXPECT_EQ(cost_with_zeros(graph).nonzero_params, 3);
}

TEST(Cost, ASharedWeightCountsOnceInTheGraphAndForEachNode) {
  Graph graph;
  Value& x = graph.add_input("x", Type(DType::f32, {Dim(1), Dim(2)}));
  Value& weight = graph.add_constant("w", Tensor::of<float>({2, 2}, {1, 2, 3, 4}));
  Value& y = graph.add(OpKind::matmul, {&x, &weight});
  Value& z = graph.add(OpKind::matmul, {&y, &weight});
  graph.add_output(z);
  EXPECT_EQ(cost(graph).params, 4);
  EXPECT_EQ(cost(graph).macs, 8);
  EXPECT_EQ(cost(*z.producer()).params, 4);
  EXPECT_EQ(cost(*z.producer()).macs, 4);
}

TEST(Cost, QuantizedWeightsAreParametersAndScalesAreNot) {
  Graph graph;
  Value& x = graph.add_input("x", Type(DType::f32, {Dim(1), Dim(2)}));
  Value& stored = graph.add_constant("q", Tensor::of<std::int8_t>({2, 2}, {1, 0, 3, 4}));
  Value& scale = graph.add_constant("s", Tensor::of<float>({2}, {1, 2}));
  Value& weight = graph.add(OpKind::dequantize, {&stored, &scale});
  graph.add_output(graph.add(OpKind::matmul, {&x, &weight}));
  EXPECT_EQ(cost_with_zeros(graph).params, 4);
  EXPECT_EQ(cost_with_zeros(graph).nonzero_params, 3);
  EXPECT_EQ(cost(graph).weight_bytes, 12);
}

}  // namespace
}  // namespace rcc

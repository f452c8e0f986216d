#include "tools/rcc/graph_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ir/text.h"

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kBefore = R"(graph @g(%x: f32[1,2,4,4]) {
  @w = const f32[2,2,1,1] <1.0, 0.0, 0.0, 1.0>
  @s = const f32[2] <2.0, 2.0>
  @z = const f32[2] <0.0, 0.0>
  @o = const f32[2] <1.0, 1.0>
  %c = conv(%x, @w) loc("conv1")
  %n = batch_norm(%c, @s, @z, @z, @o) {epsilon = 0.0} loc("bn1")
  %y = relu(%n) loc("relu1")
  return %y
})";
// Folded, and the rectifier renamed.
constexpr std::string_view kAfter = R"(graph @g(%x: f32[1,2,4,4]) {
  @w = const f32[2,2,1,1] <2.0, 0.0, 0.0, 2.0>
  @b = const f32[2] <0.0, 0.0>
  %c = conv(%x, @w, @b) loc("conv1", "bn1") by("fold")
  %renamed = relu(%c)
  return %renamed as "y"
})";

std::vector<std::string> lines(const GraphDiff& diff) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& head, const std::vector<PartChange>& parts) {
    out.push_back(head);
    for (const PartChange& part : parts)
      out.push_back(fmt::format("{}: {} -> {}", part.what, part.before, part.after));
  };
  if (!diff.interface.empty()) add("interface", diff.interface);
  for (const NodeChange& node : diff.nodes)
    add(fmt::format("{} {} {}", "-+~"[static_cast<int>(node.kind)], node.op, node.layer),
        node.parts);
  return out;
}

TEST(GraphDiff, EqualGraphsWithOtherNamesAreEqual) {
  const Graph a = parse_graph(kBefore).value();
  const Graph b = parse_graph(R"(graph @other(%x: f32[1,2,4,4]) {
    @k = const f32[2,2,1,1] <1.0, 0.0, 0.0, 1.0>
    @s = const f32[2] <2.0, 2.0>
    @z = const f32[2] <0.0, 0.0>
    @o = const f32[2] <1.0, 1.0>
    %1 = conv(%x, @k)
    %2 = batch_norm(%1, @s, @z, @z, @o) {epsilon = 0.0}
    %3 = relu(%2)
    return %3 as "y"
  })").value();
  const GraphDiff found = diff(a, b);
  EXPECT_TRUE(found.is_equal());
  EXPECT_THAT(lines(found), IsEmpty());
  EXPECT_EQ(found.equal_nodes, 3U);
  EXPECT_EQ(found.equal_tensors, 5U);
}

TEST(GraphDiff, NamesWhatWasFolded) {
  const GraphDiff found = diff(parse_graph(kBefore).value(), parse_graph(kAfter).value());
  EXPECT_THAT(lines(found), ElementsAre("~ conv conv1", "operand b:  -> @b", "- batch_norm bn1",
                                        "~ relu relu1",
                                        "operand x: %n of batch_norm -> %c of conv"));
  ASSERT_EQ(found.tensors.size(), 1U);
  const TensorChange& weight = found.tensors.front();
  EXPECT_EQ(weight.layer, "conv1");
  EXPECT_EQ(weight.slot, "W");
  EXPECT_EQ(weight.delta->largest, 1);
  // Signal 2, noise 2.
  EXPECT_EQ(weight.delta->sqnr, 0);
  EXPECT_EQ(weight.delta->cosine, 1);
  EXPECT_FALSE(found.is_equal());
}

TEST(GraphDiff, AttributesOperatorsAndTypes) {
  const Graph a = parse_graph(R"(graph @g(%x: f32[1,1,4,4]) {
    @w = const f32[1,1,1,1] <1.0>
    %c = conv(%x, @w) loc("c")
    %y = relu(%c) loc("act")
    return %y
  })").value();
  const Graph b = parse_graph(R"(graph @g(%x: f32[1,1,4,4]) {
    @w = const f32[1,1,1,1] <1.0>
    %c = conv(%x, @w) {strides = <2, 2>} loc("c")
    %y = sigmoid(%c) loc("act")
    return %y
  })").value();
  EXPECT_THAT(lines(diff(a, b)),
              ElementsAre("interface", "output 0: y: f32[1,1,4,4] -> y: f32[1,1,2,2]", "~ conv c",
                          "attribute strides:  -> <2,2>",
                          "type of y: f32[1,1,4,4] -> f32[1,1,2,2]", "~ relu act",
                          "operator: relu -> sigmoid", "type of y: f32[1,1,4,4] -> f32[1,1,2,2]"));
}

// 8 bits of a weight are compared as the numbers they stand for.
TEST(GraphDiff, LooksThroughADequantize) {
  const Graph a = parse_graph(R"(graph @g(%x: f32[1,2]) {
    @w = const f32[2,2] <1.0, 0.5, 0.25, -1.0>
    %y = matmul(%x, @w) loc("fc")
    return %y
  })").value();
  const Graph b = parse_graph(R"(graph @g(%x: f32[1,2]) {
    @w = const i8[2,2] <2, 1, 0, -2>
    @s = const f32[] <0.5>
    %d = dequantize(@w, @s)
    %y = matmul(%x, %d) loc("fc")
    return %y
  })").value();
  const GraphDiff found = diff(a, b);
  ASSERT_EQ(found.tensors.size(), 1U);
  EXPECT_EQ(found.tensors[0].type_after, "f32[2,2] from i8[2,2]");
  EXPECT_EQ(found.tensors[0].delta->largest, 0.25);
  EXPECT_NEAR(found.tensors[0].delta->sqnr, 10 * std::log10(2.3125 / 0.0625), 1e-12);
  EXPECT_THAT(lines(found), ElementsAre("+ dequantize d"));
}

TEST(GraphDiff, ComparesWhatNodesCompute) {
  const Graph a = parse_graph(kBefore).value();
  const auto found = diff_with_results(a, parse_graph(kAfter).value(), 1);
  ASSERT_TRUE(found) << found.error().message();
  // The convolution computes now what the BatchNorm did; the result is the same.
  ASSERT_EQ(found->results.size(), 1U);
  EXPECT_EQ(found->results[0].layer, "conv1");
  EXPECT_EQ(found->equal_results, 1U);
}

TEST(GraphDiff, RunsBothOnTheSameInputsInAnyOrder) {
  const Graph a = parse_graph(R"(graph @g(%x: f32[2,3], %z: f32[2,3]) {
  %y = sub(%x, %z)
  return %y
})").value();
  const Graph b = parse_graph(R"(graph @g(%z: f32[2,3], %x: f32[2,3]) {
  %y = sub(%x, %z)
  return %y
})").value();
  const auto found = diff_with_results(a, b, 0);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_TRUE(found->is_equal());
  EXPECT_EQ(found->equal_results, 1U);

  const Graph more = parse_graph(R"(graph @g(%x: f32[2,3], %z: f32[2,3], %extra: f32[1]) {
  %y = sub(%x, %z)
  return %y
})").value();
  const auto refused = diff_with_results(a, more, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "only the second model has an input %extra, so the two cannot be run on the same "
            "numbers");
  // An input that is gone was read by nothing that is left.
  const auto fewer = diff_with_results(more, a, 0);
  ASSERT_TRUE(fewer) << fewer.error().message();
  EXPECT_EQ(fewer->equal_results, 1U);
}

TEST(TensorDelta, Numbers) {
  const auto delta = tensor_delta(Tensor::of<float>({2}, {3, 4}), Tensor::of<float>({2}, {3, 3}));
  EXPECT_EQ(delta->largest, 1);
  EXPECT_NEAR(delta->sqnr, 10 * std::log10(25.0), 1e-12);
  EXPECT_NEAR(delta->cosine, 21 / std::sqrt(25.0 * 18), 1e-12);
  const auto same = tensor_delta(Tensor::of<float>({1}, {5}), Tensor::of<float>({1}, {5}));
  EXPECT_TRUE(same->is_equal());
  EXPECT_TRUE(std::isinf(same->sqnr));
  const float nan = std::nanf("");
  EXPECT_TRUE(std::isinf(
      tensor_delta(Tensor::of<float>({1}, {nan}), Tensor::of<float>({1}, {5}))->largest));
  EXPECT_TRUE(
      tensor_delta(Tensor::of<float>({1}, {nan}), Tensor::of<float>({1}, {nan}))->is_equal());
  EXPECT_FALSE(tensor_delta(Tensor::of<float>({2}, {3, 4}), Tensor::of<float>({1}, {3})));
  EXPECT_FALSE(tensor_delta(Tensor::of<float>({1}, {3}), Tensor::elided(DType::f32, {1})));
}

}  // namespace
}  // namespace rcc

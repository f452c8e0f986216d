#include "passes/channel_groups.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ir/interpreter.h"
#include "ir/text.h"
#include "passes/channel_removal.h"

namespace rcc {
namespace {

// Two branches joined by Concat, a squeeze-excite gate over the sum of both, then an operator that no
// table row of rcc's own describes.
constexpr std::string_view kConcatWithGate = R"(
graph @concat_with_gate(%x: f32[1,2,4,4]) {
  @wa = const f32[3,2,1,1]
  @wb = const f32[2,2,3,3]
  @bb = const f32[2]
  @w1 = const f32[2,5,1,1]
  @w2 = const f32[5,2,1,1]
  @w3 = const f32[2,5,1,1]
  %a = conv(%x, @wa)
  %b = conv(%x, @wb, @bb) {pads = <1,1,1,1>}
  %c = concat(%a, %b) {axis = 1}
  %p = global_average_pool(%c)
  %s = conv(%p, @w1)
  %r = relu(%s)
  %e = conv(%r, @w2)
  %g = sigmoid(%e)
  %m = mul(%c, %g)
  %q = squash(%m)
  %y = conv(%q, @w3)
  return %y
}
)";

Result<std::vector<Type>> infer_same(const Node& node, const Graph&) {
  return std::vector<Type>{node.operand(0)->type()};
}

// x / (1 + |x|): zero stays zero.
Result<std::vector<Tensor>> interpret_squash(const Node&, std::span<const Tensor* const> operands) {
  std::vector<double> values = operands[0]->to_doubles();
  for (double& value : values) value = value / (1 + std::abs(value));
  return std::vector<Tensor>{Tensor::from_doubles(DType::f32, operands[0]->shape(), values)};
}

std::shared_ptr<const OpTable> table_with_squash() {
  const std::shared_ptr<OpTable> table = OpTable::extended_builtin();
  OpInfo row;
  row.name = "squash";
  row.operands = {{.name = "x"}};
  row.results = {{.name = "y"}};
  row.zero = ZeroBehaviour::preserves;
  row.axes = "* -> *";
  row.infer = infer_same;
  row.interpret = interpret_squash;
  table->add(row);
  return table;
}

Graph parsed(std::string_view text) {
  ParseOptions options;
  options.ops = table_with_squash();
  options.fill_seed = 7;
  Result<Graph> graph = parse_graph(text, "<test>", options);
  EXPECT_TRUE(graph) << (graph ? "" : render(graph.error().diagnostics.front()));
  return std::move(*graph);
}

const ChannelGroup& group_produced_by(const Graph& graph, const ChannelGroups& groups,
                                      std::string_view result) {
  const NodeId producer = graph.find_value(result)->producer()->id();
  return groups.groups()[static_cast<std::size_t>(groups.group_of_producer(producer))];
}

TEST(ChannelGroups, ConcatAndGateCoupleElementwise) {
  const Graph graph = parsed(kConcatWithGate);
  const ChannelGroups groups = ChannelGroups::find(graph);
  // Branch a with three rows of the gate, branch b with the other two, the gate's inside, the output.
  ASSERT_EQ(groups.groups().size(), 4U);
  const ChannelGroup& a = group_produced_by(graph, groups, "a");
  EXPECT_EQ(a.units.size(), 3U);
  EXPECT_EQ(a.producers.size(), 2U);
  EXPECT_EQ(a.consumers.size(), 2U);
  EXPECT_EQ(a.blocked, "");
  EXPECT_EQ(leak_of_masked_channels(graph, groups, a), "");
  const ChannelGroup& b = group_produced_by(graph, groups, "b");
  EXPECT_EQ(b.units.size(), 2U);
  const ChannelGroup& inside = group_produced_by(graph, groups, "s");
  EXPECT_EQ(inside.units.size(), 2U);
  EXPECT_EQ(inside.producers.size(), 1U);
  EXPECT_EQ(group_produced_by(graph, groups, "y").blocked, "y is a graph output");
}

TEST(ChannelGroups, CompactedConcatAndGateEqualsMasked) {
  Graph graph = parsed(kConcatWithGate);
  const ChannelGroups groups = ChannelGroups::find(graph);
  ChannelSelection selection;
  for (const ChannelGroup& group : groups.groups()) {
    selection.emplace_back(group.units.size(), false);
    if (group.blocked.empty()) selection.back()[1] = true;
  }
  Graph masked = graph.clone();
  mask_channels(masked, groups, selection);
  ASSERT_TRUE(compact_channels(graph, groups, selection, Payload::keep));
  EXPECT_EQ(graph.find_value("wa")->tensor().shape(), (std::vector<std::int64_t>{2, 2, 1, 1}));
  EXPECT_EQ(graph.find_value("wb")->tensor().shape(), (std::vector<std::int64_t>{1, 2, 3, 3}));
  EXPECT_EQ(graph.find_value("w1")->tensor().shape(), (std::vector<std::int64_t>{1, 3, 1, 1}));
  EXPECT_EQ(graph.find_value("w2")->tensor().shape(), (std::vector<std::int64_t>{3, 1, 1, 1}));
  EXPECT_EQ(graph.find_value("w3")->tensor().shape(), (std::vector<std::int64_t>{2, 3, 1, 1}));
  const std::vector<Tensor> inputs = *sample_inputs(graph, 3);
  EXPECT_LT(relative_difference(interpret(graph, inputs)->front(), interpret(masked, inputs)->front()), 1e-6);
}

TEST(ChannelGroups, UnknownOperatorsBlock) {
  const Graph graph = parsed(R"(
    graph @opaque(%x: f32[1,2,4,4]) {
      @w1 = const f32[3,2,1,1]
      @w2 = const f32[2,3,1,1]
      %a = conv(%x, @w1)
      %b = onnx.Mystery(%a) : f32[1,3,4,4]
      %y = conv(%b, @w2)
      return %y
    })");
  const ChannelGroups groups = ChannelGroups::find(graph);
  EXPECT_EQ(group_produced_by(graph, groups, "a").blocked, "`b` (onnx.Mystery) needs axis 1 of a as it is");
}

// What an unknown operator made has channels that cannot be counted.
TEST(ChannelGroups, UnknownSizesBlockWhatMeetsThem) {
  const Graph graph = parsed(R"(
    graph @joined(%x: f32[1,2,4,4], %u: f32[1,?,4,4]) {
      @w1 = const f32[3,2,1,1]
      @w2 = const f32[3,2,1,1]
      %a = conv(%x, @w1)
      %c = concat(%a, %u) {axis = 1}
      %b = conv(%x, @w2)
      %s = add(%b, %u)
      return %c, %s
    })");
  const ChannelGroups groups = ChannelGroups::find(graph);
  EXPECT_EQ(group_produced_by(graph, groups, "a").blocked,
            "`c` (concat) meets axis 1 of c, whose size is not known");
  EXPECT_NE(group_produced_by(graph, groups, "b").blocked.find("`s` (add) meets axis 1 of "),
            std::string::npos);
}

TEST(ChannelGroups, DepthwiseFollowsItsInput) {
  Graph graph = parsed(R"(
    graph @depthwise(%x: f32[1,2,4,4]) {
      @w1 = const f32[4,2,1,1]
      @wd = const f32[4,1,3,3]
      @w2 = const f32[2,4,1,1]
      %a = conv(%x, @w1)
      %d = conv(%a, @wd) {group = 4, pads = <1,1,1,1>}
      %y = conv(%d, @w2)
      return %y
    })");
  const ChannelGroups groups = ChannelGroups::find(graph);
  const ChannelGroup& group = group_produced_by(graph, groups, "a");
  EXPECT_EQ(group.units.size(), 4U);
  ChannelSelection selection;
  for (const ChannelGroup& each : groups.groups()) selection.emplace_back(each.units.size(), false);
  selection[static_cast<std::size_t>(&group - groups.groups().data())][0] = true;
  ASSERT_TRUE(compact_channels(graph, groups, selection, Payload::keep));
  EXPECT_EQ(graph.find_value("d")->producer()->attribute_int(attr::group), 3);
}

TEST(ChannelGroups, FlattenTakesAllPixelsOfAChannel) {
  Graph graph = parsed(R"(
    graph @flatten(%x: f32[1,2,2,2]) {
      @w1 = const f32[3,2,1,1]
      @w2 = const f32[5,12]
      %a = conv(%x, @w1)
      %f = flatten(%a)
      %y = gemm(%f, @w2) {transB = 1}
      return %y
    })");
  const ChannelGroups groups = ChannelGroups::find(graph);
  const ChannelGroup& group = group_produced_by(graph, groups, "a");
  ASSERT_EQ(group.units.size(), 3U);
  // One of w1, one of %a, four of %f, four of w2.
  EXPECT_EQ(group.units[1].elements.size(), 10U);
  ChannelSelection selection;
  for (const ChannelGroup& each : groups.groups()) selection.emplace_back(each.units.size(), false);
  selection[static_cast<std::size_t>(&group - groups.groups().data())][1] = true;
  Graph masked = graph.clone();
  mask_channels(masked, groups, selection);
  ASSERT_TRUE(compact_channels(graph, groups, selection, Payload::keep));
  EXPECT_EQ(graph.find_value("w2")->tensor().shape(), (std::vector<std::int64_t>{5, 8}));
  const std::vector<Tensor> inputs = *sample_inputs(graph, 3);
  EXPECT_LT(relative_difference(interpret(graph, inputs)->front(), interpret(masked, inputs)->front()), 1e-6);
}

TEST(ChannelGroups, TheSameTensorTwiceInAConcatLosesBothImages) {
  const Graph graph = parsed(R"(
    graph @twice(%x: f32[1,2,4,4]) {
      @w1 = const f32[3,2,1,1]
      @w2 = const f32[2,6,1,1]
      %a = conv(%x, @w1)
      %c = concat(%a, %a) {axis = 1}
      %y = conv(%c, @w2)
      return %y
    })");
  const ChannelGroups groups = ChannelGroups::find(graph);
  const ChannelGroup& group = group_produced_by(graph, groups, "a");
  ASSERT_EQ(group.units.size(), 3U);
  // w1, %a, two of %c, two of w2.
  EXPECT_EQ(group.units[0].elements.size(), 6U);
}

TEST(ChannelGroups, GroupedConvolutionLosesTheSamePlaceInEachGroup) {
  Graph graph = parsed(R"(
    graph @grouped(%x: f32[1,2,4,4]) {
      @w1 = const f32[4,2,1,1]
      @wg = const f32[6,2,1,1]
      @w2 = const f32[2,6,1,1]
      %a = conv(%x, @w1)
      %g = conv(%a, @wg) {group = 2}
      %y = conv(%g, @w2)
      return %y
    })");
  const ChannelGroups groups = ChannelGroups::find(graph);
  EXPECT_EQ(group_produced_by(graph, groups, "a").units.size(), 2U);
  EXPECT_EQ(group_produced_by(graph, groups, "g").units.size(), 3U);
  ChannelSelection selection;
  for (const ChannelGroup& each : groups.groups()) {
    selection.emplace_back(each.units.size(), false);
    if (each.blocked.empty()) selection.back()[0] = true;
  }
  Graph masked = graph.clone();
  mask_channels(masked, groups, selection);
  ASSERT_TRUE(compact_channels(graph, groups, selection, Payload::keep));
  EXPECT_EQ(graph.find_value("g")->producer()->attribute_int(attr::group), 2);
  EXPECT_EQ(graph.find_value("wg")->tensor().shape(), (std::vector<std::int64_t>{4, 1, 1, 1}));
  const std::vector<Tensor> inputs = *sample_inputs(graph, 3);
  EXPECT_LT(relative_difference(interpret(graph, inputs)->front(), interpret(masked, inputs)->front()), 1e-6);
}

}  // namespace
}  // namespace rcc

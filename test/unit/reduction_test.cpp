#include "tools/rcc_reduce/reduction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "ir/text.h"
#include "ir/verifier.h"
#include "passes/options.h"
#include "test/unit/resnet18.h"
#include "test/unit/temporary_folder.h"
#include "tools/rcc_reduce/criterion.h"
#include "tools/rcc_reduce/cut.h"
#include "tools/rcc_reduce/shrink.h"

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kChain = R"(graph @chain(%x: f32[1,4,8,8]) {
  @w = const f32[4,2,1,1] <1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0>
  %a = relu(%x)
  %b = conv(%a, @w) {group = 2}
  %c = relu(%b)
  %d = add(%c, %a)
  return %d, %b
})";

std::string text_of(const std::optional<Graph>& graph) {
  if (!graph) return "nothing";
  if (const auto sound = verify(*graph); !sound) return sound.error().message();
  return print(*graph).value();
}

TEST(Cut, RemovedNodesBecomeInputsAndLastOnesOutputs) {
  const Graph graph = parse_graph(kChain).value();
  EXPECT_EQ(text_of(without_nodes(graph, 1, 2)),
            "graph @chain(%x: f32[1,4,8,8], %c: f32[1,4,8,8]) {\n"
            "  %a = relu(%x) : f32[1,4,8,8]\n"
            "  %d = add(%c, %a) : f32[1,4,8,8]\n"
            "  return %d\n"
            "}\n");
  EXPECT_EQ(text_of(without_nodes(graph, 2, 2)),
            "graph @chain(%x: f32[1,4,8,8]) {\n"
            "  @w = const f32[4,2,1,1] <1, 2, 3, 4, 5, 6, 7, 8>\n"
            "  %a = relu(%x) : f32[1,4,8,8]\n"
            "  %b = conv(%a, @w) {group = 2} : f32[1,4,8,8]\n"
            "  return %b\n"
            "}\n");
  EXPECT_FALSE(without_nodes(graph, 0, 4));
}

TEST(Cut, ANodeBetweenIsReplacedByItsOperand) {
  const Graph graph = parse_graph(kChain).value();
  EXPECT_THAT(text_of(without_node_between(graph, 2, 0)), HasSubstr("%d = add(%b, %a)"));
  // The weight has another type.
  EXPECT_FALSE(without_node_between(graph, 1, 1));
}

TEST(Shrink, SizesFollowEachOther) {
  const Graph graph = parse_graph(kChain).value();
  EXPECT_EQ(text_of(with_sizes(graph, {{8, 1}, {4, 2}, {2, 1}})), "nothing");
  EXPECT_THAT(text_of(with_sizes(graph, {{8, 3}})),
              HasSubstr("%d = add(%c, %a) : f32[1,4,3,3]"));
}

TEST(Shrink, AWeightKeepsItsLeadingElements) {
  const Graph graph = parse_graph(R"(graph @g(%x: f32[1,3]) {
    @w = const f32[3,3] <1, 2, 3, 4, 5, 6, 7, 8, 9>
    %y = matmul(%x, @w)
    return %y
  })").value();
  EXPECT_EQ(text_of(with_sizes(graph, {{3, 2}})),
            "graph @g(%x: f32[1,2]) {\n"
            "  @w = const f32[2,2] <1, 2, 4, 5>\n"
            "  %y = matmul(%x, @w) : f32[1,2]\n"
            "  return %y\n"
            "}\n");
}

TEST(Shrink, PayloadsFromTheSimplest) {
  const Graph graph = parse_graph(kChain).value();
  EXPECT_THAT(text_of(with_payloads(graph, Payload::elided)), HasSubstr("@w = const f32[4,2,1,1]\n"));
  EXPECT_THAT(text_of(with_payloads(graph, Payload::small_integers)),
              HasSubstr("<-2, -1, 0, 1, 2, -2, -1, 0>"));
  const Graph zeros = with_payloads(graph, Payload::zeros).value();
  EXPECT_FALSE(with_payloads(zeros, Payload::zeros));
  // Zeros are simpler than ones.
  EXPECT_FALSE(with_payloads(zeros, Payload::ones));
  EXPECT_TRUE(with_payloads(zeros, Payload::elided));
}

bool has_stride(const Node& node) {
  // No strides is the default.
  return node.is(OpKind::conv) && node.attribute_ints(attr::strides) == Ints{2, 2};
}

// A convolution of stride 2 with groups, in the middle of a network.
bool has_planted(const Graph& graph) {
  for (const Node& node : graph.nodes())
    if (has_stride(node) && node.attribute_int(attr::group) > 1) return true;
  return false;
}

Graph resnet_with_groups() {
  Graph graph = build_resnet18({.size = 32, .classes = 10, .is_cifar = true});
  int strided = 0;
  for (Node& node : graph.nodes()) {
    if (!has_stride(node) || ++strided != 3) continue;
    Value& weight = *node.operand(1);
    std::vector<std::int64_t> shape = weight.tensor().shape();
    shape[1] /= 2;
    const std::vector<float> values(
        static_cast<std::size_t>(weight.tensor().element_count() / 2), 0.5F);
    graph.set_tensor(weight, Tensor::of<float>(shape, values));
    graph.set_attribute(node, attr::group, std::int64_t{2});
  }
  return graph;
}

TEST(Reduction, FindsThePlantedNode) {
  const Graph graph = resnet_with_groups();
  ASSERT_TRUE(verify(graph));
  ASSERT_TRUE(has_planted(graph));
  const Criterion criterion = [](const Graph& g) -> Result<bool> {
    EXPECT_TRUE(verify(g));
    return has_planted(g);
  };
  const auto reduction = reduce(graph, criterion);
  ASSERT_TRUE(reduction) << reduction.error().message();
  const GraphSize size = size_of(reduction->graph);
  EXPECT_EQ(size.nodes, 1U);
  EXPECT_EQ(size.inputs, 1U);
  EXPECT_EQ(size.attributes, 2U);
  EXPECT_LE(size.elements, 4U);
  EXPECT_LT(reduction->tests, 200U);
  const auto again = reduce(graph, criterion);
  EXPECT_EQ(print(again->graph).value(), print(reduction->graph).value());
}

TEST(Reduction, StopsAtTheLimit) {
  const Graph graph = resnet_with_groups();
  const Criterion criterion = [](const Graph& g) -> Result<bool> { return has_planted(g); };
  const auto reduction = reduce(graph, criterion, {.max_tests = 3});
  ASSERT_TRUE(reduction);
  EXPECT_TRUE(reduction->is_cut_short);
  EXPECT_EQ(reduction->tests, 3U);
  EXPECT_TRUE(has_planted(reduction->graph));
}

TEST(Reduction, AnErrorOfTheCriterionEndsIt) {
  const Graph graph = parse_graph(kChain).value();
  const auto reduction = reduce(graph, [](const Graph&) -> Result<bool> {
    return fail(ErrorKind::environment, "no space");
  });
  ASSERT_FALSE(reduction);
  EXPECT_EQ(reduction.error().message(), "no space");
}

TEST(Criterion, ACommandSeesTheFile) {
  const TemporaryFolder folder;
  const Graph graph = parse_graph(kChain).value();
  const auto holds = [&](std::string command, double seconds = 60) {
    return command_criterion({std::move(command), seconds}, folder.path())(graph).value();
  };
  EXPECT_TRUE(holds("grep -q 'group = 2' {}"));
  EXPECT_TRUE(holds("grep -q 'group = 2'"));
  EXPECT_FALSE(holds("grep -q 'group = 3' {}"));
  EXPECT_FALSE(holds("sleep 60", 0.1));
  // The pipe is closed long before the command ends.
  EXPECT_FALSE(holds("exec sleep 60 > /dev/null 2>&1", 0.1));
}

// A graph where the passes end with the same status for another reason is no smaller example.
TEST(Criterion, PassesFailInTheSameWay) {
  const TemporaryFolder folder;
  const std::filesystem::path rules = folder.write("wrong.rules",
                                                   "# Forget a rectifier.\n"
                                                   "rule wrong effect exact {\n"
                                                   "  match { y = relu(x); }\n"
                                                   "  where selected(y);\n"
                                                   "  replace y with exp(x);\n"
                                                   "}\n");
  const OptionTable layers =
      parse_option_text("layers=[late]", "").value();
  PassTest test;
  test.run.passes = {load_rules_pass(rules, layers).value()};
  test.run.verify = Verify::numeric;
  const Graph both = parse_graph(R"(graph @both(%x: f32[4]) {
  %a = abs(%x) loc("early")
  %y = relu(%a) loc("late")
  return %y
})").value();
  const ChildEnd end = run_passes(both, test).value();
  test.status = end.status;
  test.failure = failure_kind(failure_line(end.output, {}));
  EXPECT_EQ(test.failure, "error: rule `wrong` is wrong at ");
  const Graph without = without_nodes(both, 1, 1).value();
  EXPECT_EQ(run_passes(without, test).value().status, test.status);
  const Criterion holds = pass_criterion(test);
  EXPECT_TRUE(holds(both).value());
  EXPECT_FALSE(holds(without).value());
}

TEST(Criterion, WhatAnErrorSaysOfAnyGraph) {
  EXPECT_EQ(failure_line("remark: a\nerror: pass `p` left a broken graph\nnote: x\n", ""),
            "error: pass `p` left a broken graph");
  EXPECT_EQ(failure_line("remark: a\nremark: b said so\n", "said"), "remark: b said so");
  EXPECT_EQ(failure_line("remark: a\n", ""), "");
  EXPECT_EQ(failure_kind("error: pass `p` breaks it: output `y` differs"),
            "error: pass `p` breaks it");
  EXPECT_EQ(failure_kind("internal error: node 7 is gone"), "internal error: node ");
  EXPECT_EQ(failure_kind(""), "");
}

TEST(Child, TellsHowItEnded) {
  const ChildEnd end = run_child([] { return 7; }, 10).value();
  EXPECT_EQ(end.status, 7);
  const ChildEnd crash = run_child([]() -> int { std::abort(); }, 10).value();
  EXPECT_EQ(crash.status, 128 + 6);
  const ChildEnd words = run_child(
      [] {
        std::fputs("out", stdout);
        return 0;
      },
      10).value();
  EXPECT_EQ(words.output, "out");
  const ChildEnd silent = run_child(
      [] {
        ::close(STDOUT_FILENO);
        ::close(STDERR_FILENO);
        ::pause();
        return 0;
      },
      0.1).value();
  EXPECT_TRUE(silent.is_out_of_time);
}

}  // namespace
}  // namespace rcc

#include "passes/rules/rewriter.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/interpreter.h"
#include "ir/text.h"
#include "ir/verifier.h"
#include "passes/rules/rule_pass.h"
#include "test/unit/rule_testing.h"

namespace rcc {
namespace {

using testing::HasSubstr;

std::string fold(std::string_view changed_line = "", std::string_view with = "") {
  std::string text = R"(rule fold effect approx 1e-5 {
  match {
    c = conv(x, W: const f32[OC, ...], b?: const f32[OC]) { .. };
    y = batch_norm(c, gamma: const, beta: const, mean: const, var: const) { epsilon = eps };
  }
  let s = gamma / sqrt(var + eps);
  replace y with conv(x, scale(W, s, axis = 0), ((b or 0) - mean) * s + beta) { ..c };
})";
  if (!changed_line.empty()) text.replace(text.find(changed_line), changed_line.size(), with);
  return text;
}

constexpr std::string_view kConvBatchNorm = R"(graph @g(%x: f32[1,2,4,4]) {
  @conv1.weight = const f32[2,2,1,1] <1, 2, 3, 4>
  @b = const f32[2] <1, 3>
  @gamma = const f32[2] <2, 3>
  @beta = const f32[2] <0, 10>
  @mean = const f32[2] <1, 1>
  @var = const f32[2] <0.75, 0.75>
  %c = conv(%x, @conv1.weight, @b)
  %y = batch_norm(%c, @gamma, @beta, @mean, @var) {epsilon = 0.25}
  return %y
})";

TEST(Rewriter, FoldsKeepsNamesAndDropsWhatIsUnused) {
  const RewriteOutcome outcome = rewrite(fold(), kConvBatchNorm);
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.statistics.rewrites, 1U);
  EXPECT_EQ(outcome.statistics.checked, 1U);
  EXPECT_LT(outcome.statistics.largest_difference, 1e-6);
  EXPECT_EQ(outcome.text, R"(graph @g(%x: f32[1,2,4,4]) {
  @conv1.weight = const f32[2,2,1,1] <2, 4, 9, 12>
  @b = const f32[2] <0, 16>
  %y = conv(%x, @conv1.weight, @b) : f32[1,2,4,4]
  return %y
}
)");
}

TEST(Rewriter, NamesAnAddedBiasBesideTheWeight) {
  const RewriteOutcome outcome = rewrite(fold(), R"(graph @g(%x: f32[1,1,1,1]) {
    @conv1.weight = const f32[1,1,1,1] <1>
    @two = const f32[1] <2>
    @zero = const f32[1] <0>
    @one = const f32[1] <1>
    %c = conv(%x, @conv1.weight)
    %y = batch_norm(%c, @two, @one, @zero, @one) {epsilon = 0.0}
    return %y
  })");
  EXPECT_THAT(outcome.text, HasSubstr("@conv1.bias = const f32[1] <1>"));
  EXPECT_THAT(outcome.text, HasSubstr("%y = conv(%x, @conv1.weight, @conv1.bias)"));
}

TEST(Rewriter, LeavesASharedWeightToItsOtherUser) {
  const RewriteOutcome outcome = rewrite(fold(), R"(graph @g(%x: f32[1,1,1,1]) {
    @w = const f32[1,1,1,1] <5>
    @two = const f32[1] <2>
    @zero = const f32[1] <0>
    @one = const f32[1] <1>
    %other = conv(%x, @w)
    %c = conv(%x, @w)
    %y = batch_norm(%c, @two, @zero, @zero, @one) {epsilon = 0.0}
    return %y, %other
  })");
  EXPECT_EQ(outcome.error, "");
  EXPECT_THAT(outcome.text, HasSubstr("@w = const f32[1,1,1,1] <5>"));
  EXPECT_THAT(outcome.text, HasSubstr("@w_1 = const f32[1,1,1,1] <10>"));
  EXPECT_THAT(outcome.text, HasSubstr("%other = conv(%x, @w)"));
  EXPECT_THAT(outcome.text, HasSubstr("%y = conv(%x, @w_1"));
}

TEST(Rewriter, MergesProvenanceAndNamesTheRule) {
  const auto rules = load_rules(fold(), "t.rules", *OpTable::builtin());
  auto graph = parse_graph(kConvBatchNorm);
  ASSERT_TRUE(rules && graph);
  const auto source = [&](std::string_view value, std::string_view name) {
    Provenance provenance;
    provenance.sources.push_back(graph->intern(name));
    graph->set_provenance(*graph->find_value(value)->producer(), provenance);
  };
  source("c", "layer1.conv");
  source("y", "layer1.bn");
  ASSERT_TRUE(RuleRun(*graph, **rules, {}).run());
  const Node& node = *graph->last_node();
  EXPECT_THAT(node.provenance().sources, testing::ElementsAre("layer1.conv", "layer1.bn"));
  EXPECT_THAT(node.provenance().rules, testing::ElementsAre("fold"));
  EXPECT_EQ(node.label(), "layer1.conv");
}

TEST(Rewriter, KeepsTheRangeOfTheResultItReplaces) {
  const auto rules = load_rules(fold(), "t.rules", *OpTable::builtin());
  auto graph = parse_graph(kConvBatchNorm);
  ASSERT_TRUE(rules && graph);
  graph->find_value("y")->set_range(Range{-1, 2});
  ASSERT_TRUE(RuleRun(*graph, **rules, {}).run());
  EXPECT_EQ(graph->find_value("y")->range(), (Range{-1, 2}));
}

// Each mutant of the rule is caught where it fires.
TEST(Replay, CatchesWrongRules) {
  const auto error_of = [](std::string_view line, std::string_view with) {
    return rewrite(fold(line, with), kConvBatchNorm).error;
  };
  EXPECT_THAT(
      rewrite(fold("let s = gamma / sqrt(var + eps);", "let s = gamma / sqrt(var + 0 * eps);"),
              kConvBatchNorm)
          .error,
      HasSubstr("rule `fold` is wrong at %y: the result differs by 0."));
  EXPECT_THAT(error_of("((b or 0) - mean)", "(0 * (b or 0) - mean)"), HasSubstr("is wrong at %y"));
  EXPECT_THAT(error_of("axis = 0", "axis = 1"), HasSubstr("is wrong at %y"));
  EXPECT_THAT(error_of("- mean)", "+ mean)"), HasSubstr("is wrong at %y"));
  EXPECT_THAT(error_of("* s + beta", "+ beta * s"), HasSubstr("is wrong at %y"));
  EXPECT_THAT(error_of("* s + beta", "* s + 0 * beta"), HasSubstr("is wrong at %y"));
  EXPECT_THAT(error_of("{ ..c };", "{ ..c, group = 1 };"), testing::Eq(""));
}

TEST(Replay, HoldsExactRulesToEqualBits) {
  const std::string_view graph = R"(graph @g(%x: f32[64]) {
    @k = const f32[] <0.7>
    %y = mul(%x, @k)
    return %y
  })";
  EXPECT_THAT(
      rewrite(
          "rule r effect exact { match { y = mul(x, k: const); } replace y with div(x, 1 / k); }",
          graph)
          .error,
      HasSubstr("the rule says it is exact"));
  const RewriteOutcome close = rewrite(
      "rule r effect approx 1e-6 { match { y = mul(x, k: const); } replace y with div(x, 1 / k); }",
      graph);
  EXPECT_EQ(close.error, "");
  EXPECT_GT(close.statistics.largest_difference, 0);
}

TEST(Replay, FindsTheSmallestSpatialSizeThatIsLegal) {
  const RewriteOutcome outcome = rewrite(
      "rule r effect exact { match { p = max_pool(x) { .. }; y = relu(p); } replace y with "
      "max_pool(relu(x)) { ..p }; }",
      R"(graph @g(%x: f32[N,1,H,64]) {
        %p = max_pool(%x) {kernel_shape = <5,5>, strides = <2,2>}
        %y = relu(%p)
        return %y
      })");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.statistics.checked, 1U);
  EXPECT_EQ(outcome.statistics.unchecked, 0U);
}

TEST(Rewriter, ReplacesWithAnExistingValue) {
  const std::string_view rule =
      "rule r effect exact { match { y = identity(x); } replace y with x; }";
  EXPECT_EQ(
      rewrite(rule, "graph @g(%x: f32[2]) {\n %a = identity(%x)\n %y = relu(%a)\n return %y\n}")
          .text,
      "graph @g(%x: f32[2]) {\n  %y = relu(%x) : f32[2]\n  return %y\n}\n");
  // The output keeps its name.
  EXPECT_EQ(
      rewrite(rule, "graph @g(%x: f32[2]) {\n %a = relu(%x)\n %y = identity(%a)\n return %y\n}")
          .text,
      "graph @g(%x: f32[2]) {\n  %y = relu(%x) : f32[2]\n  return %y\n}\n");
  const RewriteOutcome copy =
      rewrite(rule, "graph @g(%x: f32[2]) {\n %y = identity(%x)\n return %y\n}");
  EXPECT_THAT(copy.declined,
              testing::ElementsAre("%y an output of the graph would be the input %x"));
  EXPECT_EQ(copy.statistics.rewrites, 0U);
}

TEST(Rewriter, BuildsNestedNodesWithLiteralsAndOverrides) {
  const RewriteOutcome outcome = rewrite(
      "rule r effect approx 1e-6 { match { y = leaky_relu(x) { alpha = a }; }\n"
      "  replace y with add(mul(relu(x), 1 - a), mul(x, a)); }",
      "graph @g(%x: f32[3]) {\n %y = leaky_relu(%x) {alpha = 0.25}\n return %y\n}");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.statistics.checked, 1U);
  EXPECT_THAT(outcome.text, HasSubstr("<0.75>"));
  EXPECT_THAT(outcome.text, HasSubstr("%y = add("));
}

TEST(Rewriter, LeavesASiteWhoseReplacementIsNotValid) {
  const RewriteOutcome outcome =
      rewrite("rule r effect exact { match { y = relu(x); } replace y with reshape(x, [3]); }",
              "graph @g(%x: f32[2]) {\n %y = relu(%x)\n return %y\n}");
  EXPECT_EQ(outcome.statistics.rewrites, 0U);
  ASSERT_EQ(outcome.declined.size(), 1U);
  EXPECT_EQ(outcome.text, "graph @g(%x: f32[2]) {\n  %y = relu(%x) : f32[2]\n  return %y\n}\n");
}

TEST(Rewriter, ARewriteMustChangeTheGraph) {
  const RewriteOutcome outcome =
      rewrite("rule r effect exact { match { y = relu(x); } replace y with relu(x); }",
              "graph @g(%x: f32[2]) {\n %y = relu(%x)\n return %y\n}");
  EXPECT_EQ(outcome.error, "rule `r` changes nothing at %y");
}

TEST(RuleRun, HigherBenefitGoesFirst) {
  const std::string_view graph =
      "graph @g(%x: f32[2]) {\n %a = tanh(%x)\n %y = relu(%a)\n return %y\n}";
  const std::string rules =
      "rule small effect lossy { match { y = relu(x); } replace y with exp(x); }\n"
      "rule big effect lossy { match { y = relu(tanh(x)); } replace y with sigmoid(x); }";
  EXPECT_THAT(rewrite(rules, graph).text, HasSubstr("sigmoid"));
  std::string favoured = rules;
  favoured.replace(favoured.find("effect lossy"), 12, "effect lossy benefit 5");
  EXPECT_THAT(rewrite(favoured, graph).text, HasSubstr("exp"));
}

TEST(Rewriter, AZeroOfASparseConstantStaysOne) {
  const auto rules = load_rules(
      "rule r effect approx 1e-6 { match { y = mul(x, k: const); } replace y with div(x, k * 2); }"
      "rule s effect approx 1e-6 { match { y = sub(x, k: const); } replace y with add(x, k + 1); }",
      "t.rules", *OpTable::builtin());
  ASSERT_TRUE(rules);
  Graph graph;
  Value& x = graph.add_input("x", Type(DType::f32, {Dim(2)}));
  Value& k = graph.add_constant("k", Tensor::of<float>({2}, {0, 1}), true);
  Value& l = graph.add_constant("l", Tensor::of<float>({2}, {0, 1}), true);
  graph.add_output(graph.add(OpKind::sub, {&graph.add(OpKind::mul, {&x, &k}), &l}));
  ASSERT_TRUE(RuleRun(graph, **rules, {}).run());
  EXPECT_TRUE(graph.find_value("k")->is_sparse());
  EXPECT_FALSE(graph.find_value("l")->is_sparse());
}

TEST(Rewriter, AttributesAreWholeNumbersOrTheSiteIsLeft) {
  const std::string_view graph =
      "graph @g(%x: f32[2,2,2]) {\n %y = softmax(%x) {axis = 1}\n return %y\n}";
  const RewriteOutcome half = rewrite(
      "rule r effect lossy { match { y = softmax(x) { axis = a }; } replace y with softmax(x) { "
      "axis = a / 2 }; }",
      graph);
  EXPECT_THAT(half.declined, testing::ElementsAre("%y attribute axis: 0.5 is not a whole number"));
  EXPECT_THAT(rewrite("rule r effect lossy { match { y = softmax(x) { axis = a }; } replace y with "
                      "softmax(x) { axis = a // 2 }; }",
                      graph)
                  .text,
              HasSubstr("%y = softmax(%x) {axis = 0}"));
}

TEST(Rewriter, WholeNumbersAreWrittenExactly) {
  EXPECT_THAT(rewrite("rule r effect exact { match { y = shape(x) { start = 0 }; } replace y with "
                      "shape(x) { end = 9223372036854775807 }; }",
                      "graph @g(%x: f32[2]) {\n %y = shape(%x)\n return %y\n}")
                  .text,
              HasSubstr("{end = 9223372036854775807}"));
}

TEST(Rewriter, TheFirstDefaultThatIsThere) {
  const std::string_view rule =
      "rule r effect lossy { match { c = conv(x, W, b?: const) { .. };\n"
      "  y = conv(c, _, d?: const) { .. }; } replace y with conv(x, W, (b or d or [7])) { ..c }; }";
  const auto graph = [](std::string_view first, std::string_view second) {
    return fmt::format(R"(graph @g(%x: f32[1,1,2,2]) {{
      @w = const f32[1,1,1,1] <1>
      @five = const f32[1] <5>
      @six = const f32[1] <6>
      %c = conv(%x, @w{})
      %y = conv(%c, @w{})
      return %y
    }})",
                       first, second);
  };
  EXPECT_THAT(rewrite(rule, graph(", @five", ", @six")).text, HasSubstr("<5>"));
  EXPECT_THAT(rewrite(rule, graph("", ", @six")).text, HasSubstr("<6>"));
  EXPECT_THAT(rewrite(rule, graph("", "")).text, HasSubstr("<7>"));
}

TEST(Rewriter, ANodeWithANameMustChangeTheGraphAsWell) {
  EXPECT_EQ(rewrite("rule r effect exact { match { y = relu(x); } let t = relu(x); replace y with "
                    "t; }",
                    "graph @g(%x: f32[2]) {\n %y = relu(%x)\n return %y\n}")
                .error,
            "rule `r` changes nothing at %y");
}

TEST(RuleRun, ABenefitOfNothingGoesLast) {
  EXPECT_THAT(
      rewrite(
          "rule big effect lossy benefit 0 { match { y = relu(tanh(x)); } replace y with exp(x); "
          "}\nrule small effect lossy { match { y = relu(x); } replace y with sigmoid(x); }",
          "graph @g(%x: f32[2]) {\n %a = tanh(%x)\n %y = relu(%a)\n return %y\n}")
          .text,
      HasSubstr("sigmoid"));
}

// Where the name of a matched node is that of a function as well, constants are computed with.
TEST(Rewriter, AFunctionWithTheNameOfAMatchedNode) {
  EXPECT_THAT(rewrite("rule r effect lossy { match { abs = abs(x); y = mul(abs, k: const); }\n"
                      "  let t = abs(k); replace y with mul(abs(x), t); }",
                      "graph @g(%x: f32[2]) {\n @k = const f32[2] <-1, -2>\n %a = abs(%x)\n"
                      " %y = mul(%a, @k)\n return %y\n}")
                  .text,
              HasSubstr("<1, 2>"));
}

TEST(Rewriter, AnOptionalResultThatIsNotProducedNeedsNoReplacement) {
  const std::string both =
      "rule r effect exact { match { (y, m) = dropout(x, ..) { .. }; }\n"
      "  replace m with cast(x) { to = \"bool\" }; replace y with x; }";
  const RewriteOutcome outcome =
      rewrite(both, "graph @g(%x: f32[2]) {\n %y = dropout(%x)\n %z = relu(%y)\n return %z\n}");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.statistics.checked, 1U);
  EXPECT_EQ(outcome.text, "graph @g(%x: f32[2]) {\n  %z = relu(%x) : f32[2]\n  return %z\n}\n");
}

}  // namespace
}  // namespace rcc

#include "passes/rules/rule_pass.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ir/text.h"
#include "ir/verifier.h"
#include "test/unit/rule_testing.h"

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Outcome {
  std::string text;
  std::string error;
  RuleRunStatistics statistics;
};

Outcome run(std::string_view rule_text, Graph& graph, RuleRunSettings settings = {}) {
  const auto rules = load(rule_text);
  settings.options = RuleOptionSet(rules).values();
  RuleRun run(graph, *rules, std::move(settings));
  const auto done = run.run();
  Outcome outcome;
  if (!done) outcome.error = done.error().message();
  outcome.statistics = run.statistics();
  EXPECT_TRUE(!done || verify(graph));
  outcome.text = text_of(graph);
  return outcome;
}

Outcome run(std::string_view rule_text, std::string_view graph_text,
            RuleRunSettings settings = {}) {
  Graph graph = graph_of(graph_text);
  return run(rule_text, graph, std::move(settings));
}

std::string error_of(std::string_view rules, std::string_view graph) {
  return run(rules, graph).error;
}

constexpr std::string_view kRelu = "graph @g(%x: f32[2]) {\n %y = relu(%x)\n return %y\n}";

TEST(RuleRun, WalksOnceUnlessToldOtherwise) {
  const std::string_view graph =
      "graph @g(%x: f32[2]) {\n %y = leaky_relu(%x) {alpha = 8.0}\n return %y\n}";
  const auto rule = [](std::string_view before, std::string_view meta) {
    return fmt::format(
        "{} rule r effect lossy {} {{ match {{ y = leaky_relu(x) {{ alpha = a }}; }} where a > 1;\n"
        "replace y with leaky_relu(x) {{ alpha = a / 2 }}; }}",
        before, meta);
  };
  EXPECT_EQ(run(rule("", ""), graph).statistics.rewrites, 1U);
  EXPECT_EQ(run(rule("", "recursive"), graph).statistics.rewrites, 3U);
  EXPECT_EQ(run(rule("fixpoint;", "recursive"), graph).statistics.rewrites, 3U);
}

TEST(RuleRun, ARuleThatRewritesItsOwnResultSaysSo) {
  const std::string_view graph =
      "graph @g(%x: f32[2]) {\n %y = leaky_relu(%x) {alpha = 8.0}\n return %y\n}";
  const auto rules = load(
      "fixpoint; rule halve effect lossy { match { y = leaky_relu(x) { alpha = a }; } where a > "
      "1;\n"
      "replace y with leaky_relu(x) { alpha = a / 2 }; }");
  Graph at = graph_of(graph);
  const auto done = RuleRun(at, *rules, {}).run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::internal);
  EXPECT_EQ(render(done.error().diagnostics.front()),
            "error: rule `halve` rewrites its own result at %y\n"
            "  --> t.rules:1:16\n"
            "   |\n"
            " 1 | fixpoint; rule halve effect lossy { match { y = leaky_relu(x) { alpha = a }; } "
            "where a > 1;\n"
            "   |                ^^^^^\n"
            "   |\n"
            "help: mark it `recursive` if that comes to an end, else narrow what it matches\n");
}

// What gets smaller comes to an end.
TEST(RuleRun, AShrinkingRuleNeedsNoMark) {
  RuleRunSettings settings;
  settings.order = WorklistOrder::random;
  for (settings.seed = 0; settings.seed < 20; ++settings.seed) {
    const Outcome outcome =
        run("fixpoint; rule merge effect exact { match { y = relu(relu(x)); } replace y with "
            "relu(x); }",
            "graph @g(%x: f32[2]) {\n %a = relu(%x)\n %b = relu(%a)\n %c = relu(%b)\n"
            " %d = relu(%c)\n %y = relu(%d)\n return %y\n}",
            settings);
    EXPECT_EQ(outcome.error, "");
    EXPECT_EQ(outcome.text, "graph @g(%x: f32[2]) {\n  %y = relu(%x) : f32[2]\n  return %y\n}\n");
  }
}

TEST(RuleRun, RulesThatUndoEachOtherAreNamed) {
  const std::string two =
      "fixpoint; rule a effect lossy { match { y = relu(x); } replace y with tanh(x); }\n"
      "rule b effect lossy { match { y = tanh(x); } replace y with relu(x); }";
  EXPECT_EQ(error_of(two, kRelu), "rules `a` and `b` undo each other at %y");
  EXPECT_EQ(
      error_of("fixpoint; rule a effect lossy { match { y = relu(x); } replace y with tanh(x); }\n"
               "rule b effect lossy { match { y = tanh(x); } replace y with exp(x); }\n"
               "rule c effect lossy { match { y = exp(x); } replace y with relu(x); }",
               kRelu),
      "rules `a`, `b` and `c` undo each other at %y");
  // Each makes constants of its own, and the pair is found all the same.
  EXPECT_EQ(
      error_of("fixpoint;\n"
               "rule to_div effect approx 1e-6 { match { y = mul(x, k: const); } replace y with "
               "div(x, 1 / k); }\n"
               "rule to_mul effect approx 1e-6 { match { y = div(x, k: const); } replace y with "
               "mul(x, 1 / k); }",
               "graph @g(%x: f32[2]) {\n @k = const f32[] <4>\n %y = mul(%x, @k)\n return %y\n}"),
      "rules `to_div` and `to_mul` undo each other at %y");
}

TEST(RuleRun, WhatGoesOnWithoutEndIsNamed) {
  EXPECT_EQ(error_of("rule a effect lossy recursive { match { y = relu(x); } replace y with "
                     "relu(tanh(x)); }",
                     kRelu),
            "rule `a` rewrites its own result without end at %y");
  EXPECT_EQ(error_of("fixpoint; rule a effect lossy { match { y = relu(x); } replace y with "
                     "tanh(exp(x)); }\n"
                     "rule b effect lossy { match { y = tanh(x); } replace y with relu(exp(x)); }",
                     kRelu),
            "rules `a` and `b` rewrite each other's results without end at %y");
  EXPECT_EQ(error_of("rule a effect lossy recursive { match { y = leaky_relu(x) { alpha = k }; } "
                     "replace y with leaky_relu(x) { alpha = 1 - k }; }",
                     "graph @g(%x: f32[2]) {\n %y = leaky_relu(%x) {alpha = 0.25}\n return %y\n}"),
            "rule `a` makes the same of its own result at %y, again and again");
}

// The first site tells, however large the graph is.
TEST(RuleRun, EndlessRewritingIsFoundAfterAFewRewrites) {
  const auto rewrites = [](std::string_view rules, int nodes) {
    Graph graph;
    Value* value = &graph.add_input("x", Type(DType::f32, {Dim(2)}));
    for (int i = 0; i < nodes; ++i) value = &graph.add(OpKind::relu, {value});
    graph.add_output(*value);
    const Outcome outcome = run(rules, graph);
    EXPECT_NE(outcome.error, "");
    return outcome.statistics.rewrites;
  };
  const std::string_view undo =
      "fixpoint; rule a effect lossy { match { y = relu(x); } replace y with tanh(x); }\n"
      "rule b effect lossy { match { y = tanh(x); } replace y with relu(x); }";
  EXPECT_EQ(rewrites(undo, 10), 4U);
  EXPECT_EQ(rewrites(undo, 10000), 4U);
  EXPECT_LE(rewrites("fixpoint; rule a effect lossy { match { y = relu(x); } replace y with "
                     "tanh(exp(x)); }\n"
                     "rule b effect lossy { match { y = tanh(x); } replace y with relu(exp(x)); }",
                     10000),
            70U);
}

TEST(RuleRun, SuccessWithoutChangeIsAnError) {
  RuleRunSettings settings;
  settings.apply = [](Graph&, const Rule&, const Bindings&,
                      SharedNodes*) -> tl::expected<Rewrite, std::string> { return Rewrite{}; };
  const std::string_view rule =
      "rule r effect exact { match { y = relu(x); } replace y with tanh(x); }";
  EXPECT_EQ(run(rule, kRelu, settings).error, "rule `r` changes nothing at %y");
}

TEST(RuleRun, FailureWithChangeIsAnError) {
  const std::string_view rule =
      "rule r effect exact { match { y = relu(x); } replace y with tanh(x); }";
  RuleRunSettings settings;
  settings.apply = [](Graph& graph, const Rule&, const Bindings& bindings,
                      SharedNodes*) -> tl::expected<Rewrite, std::string> {
    graph.add(OpKind::tanh, {bindings.nodes.back()->operand(0)}, {}, {}, bindings.nodes.back());
    return tl::unexpected<std::string>("it is late");
  };
  EXPECT_EQ(run(rule, kRelu, settings).error,
            "rule `r` was refused at %y and changed the graph all the same: it is late");
  settings.apply = [](Graph& graph, const Rule&, const Bindings& bindings,
                      SharedNodes*) -> tl::expected<Rewrite, std::string> {
    Value& x = *bindings.nodes.back()->operand(0);
    Value& made = graph.add(OpKind::tanh, {&x}, {}, {}, bindings.nodes.back());
    graph.erase(*made.producer());
    return tl::unexpected<std::string>("it is late");
  };
  const Outcome undone = run(rule, kRelu, settings);
  EXPECT_EQ(undone.error, "");
  EXPECT_EQ(undone.statistics.declined, 1U);
}

double exponent(double few, double many, double factor) {
  return std::log(many / few) / std::log(factor);
}

TEST(RuleRun, AttemptsAndStepsGrowWithTheGraph) {
  const std::string_view rules =
      "fixpoint;\n"
      "rule join effect lossy { match { y = tanh(relu(x)); } replace y with sigmoid(x); }\n"
      "rule merge effect lossy { match { y = sigmoid(sigmoid(x)); } replace y with sigmoid(x); }\n"
      "rule other effect lossy { match { y = sigmoid(exp(x)); } replace y with x; }";
  const auto counts = [&](int nodes) {
    Graph graph = chain_of(nodes / 2);
    const Outcome outcome = run(rules, graph);
    EXPECT_EQ(outcome.error, "");
    EXPECT_EQ(graph.node_count(), 1U);
    return outcome.statistics;
  };
  const RuleRunStatistics small = counts(1000);
  const RuleRunStatistics middle = counts(10000);
  const RuleRunStatistics large = counts(100000);
  // One visit of each tanh, and of each sigmoid that is made.
  EXPECT_LE(small.attempts, 2U * 1000U);
  const auto attempts = [](const auto& s) { return static_cast<double>(s.attempts); };
  const auto steps = [](const auto& s) { return static_cast<double>(s.steps); };
  EXPECT_NEAR(exponent(attempts(small), attempts(middle), 10), 1, 0.01);
  EXPECT_NEAR(exponent(attempts(middle), attempts(large), 10), 1, 0.01);
  EXPECT_NEAR(exponent(steps(middle), steps(large), 10), 1, 0.01);
}

// Dropping a copy moves its readers; a thousand copies of one value move theirs, not all.
TEST(RuleRun, AValueWithManyReadersIsNotLookedAtAgainAndAgain) {
  const auto attempts = [](int copies, WorklistOrder order) {
    Graph graph;
    Value& x = graph.add_input("x", Type(DType::f32, {Dim(2)}));
    for (int i = 0; i < copies; ++i)
      graph.add_output(graph.add(OpKind::relu, {&graph.add(OpKind::identity, {&x})}));
    RuleRunSettings settings;
    settings.order = order;
    const Outcome outcome =
        run("fixpoint; rule copy effect exact { match { y = identity(x); } replace y with x; }\n"
            "rule same effect exact { match { y = relu(relu(x)); } replace y with relu(x); }",
            graph, settings);
    EXPECT_EQ(outcome.statistics.rewrites, static_cast<std::size_t>(copies));
    return static_cast<double>(outcome.statistics.attempts);
  };
  for (const WorklistOrder order : {WorklistOrder::topological, WorklistOrder::random})
    EXPECT_NEAR(exponent(attempts(300, order), attempts(3000, order), 10), 1, 0.05);
}

TEST(RuleRun, TheLimitKeepsTheFirstRewrites) {
  const auto with_limit = [](std::optional<std::int64_t> number) {
    StepLimit limit(number);
    RuleRunSettings settings;
    settings.rule_limit = &limit;
    Graph graph = chain_of(4);
    return run("rule join effect lossy { match { y = tanh(relu(x)); } replace y with sigmoid(x); }",
               graph, settings);
  };
  EXPECT_EQ(with_limit(std::nullopt).statistics.rewrites, 4U);
  EXPECT_FALSE(with_limit(4).statistics.is_cut_short);
  const Outcome two = with_limit(2);
  EXPECT_EQ(two.statistics.rewrites, 2U);
  EXPECT_TRUE(two.statistics.is_cut_short);
  EXPECT_EQ(two.statistics.next_rewrite, "join at %5");
  EXPECT_EQ(with_limit(0).statistics.next_rewrite, "join at %1");
}

std::string text_of(const RuleAttempt& attempt) {
  return fmt::format("{} {} %{} {} {}: {} {}/{} [{}]", attempt.pass, attempt.rule, attempt.value,
                     attempt.op, outcome_name(attempt.outcome), attempt.reason,
                     attempt.steps_passed, attempt.steps_total, fmt::join(attempt.created, " "));
}

TEST(RuleWatch, IsToldOfEveryTry) {
  RuleWatch watch;
  std::vector<std::string> tries;
  watch.attempted = [&](const RuleAttempt& attempt) { tries.push_back(text_of(attempt)); };
  watch.has_statistics = true;
  RuleRunSettings settings;
  settings.watch = &watch;
  settings.pass = "p";
  const std::string_view rules =
      "rule join effect lossy { match { y = tanh(relu(x)); } where rank(x) == 1 else \"flat\";\n"
      "  replace y with sigmoid(exp(x)); }\n"
      "rule single effect lossy { match { y = tanh(x: const); } replace y with x; }\n"
      "rule never effect lossy { match { y = sqrt(x); } replace y with x; }";
  run(rules,
      "graph @g(%x: f32[2], %z: f32[2,2]) {\n %a = relu(%x)\n %b = tanh(%a)\n %c = relu(%z)\n"
      " %y = tanh(%c)\n return %b, %y\n}",
      settings);
  EXPECT_THAT(
      tries,
      ElementsAre("p join %b tanh applied:  12/12 [0 b]",
                  "p join %y tanh declined: flat (rank(x) is 2) 11/12 []",
                  "p single %y tanh near miss: %c is not constant, it is computed by c (relu) "
                  "4/6 []"));
  ASSERT_EQ(watch.statistics.size(), 1U);
  const RulePassStatistics& pass = watch.statistics.front();
  EXPECT_EQ(pass.pass, "p");
  ASSERT_EQ(pass.rules.size(), 3U);
  EXPECT_EQ(pass.rules[0].attempts, 2U);
  EXPECT_EQ(pass.rules[0].matches, 1U);
  EXPECT_EQ(pass.rules[0].rewrites, 1U);
  EXPECT_EQ(pass.rules[0].declined, 1U);
  EXPECT_THAT(pass.rules[0].declined_for, ElementsAre(testing::Pair("flat (rank(x) is 2)", 1U)));
  EXPECT_EQ(pass.rules[1].attempts, 2U);
  EXPECT_EQ(pass.rules[1].matches, 0U);
  EXPECT_EQ(pass.rules[2].attempts, 0U);
}

TEST(RuleWatch, TheTableHasARowForEveryRule) {
  EXPECT_EQ(
      statistics_table(
          {{"fold",
            120,
            {{"conv_batch_norm", 20, 19, 18, 2, {{"too large", 1}, {"shared", 2}}, 400, 0.0125},
             {"never", 0, 0, 0, 0, {}, 0, 0}}}}),
      "rules of fold, which share 120 steps\n"
      "  rule             attempts  matches  rewrites  declined     steps         ms\n"
      "  conv_batch_norm        20       19        18         2       400     12.500\n"
      "    declined 2 times: shared\n"
      "    declined once: too large\n"
      "  never                   0        0         0         0         0      0.000\n");
}

// There are 2^39 ways from the first node to the last.
TEST(RuleRun, VisitsEachReaderAgainOnce) {
  std::string pattern = "a0 = relu(x) shared;";
  std::string text = "graph @g(%x: f32[2]) {\n %v0 = relu(%x)\n";
  for (int i = 1; i < 40; ++i) {
    pattern += fmt::format(" a{0} = sub(a{1}, a{1}) shared;", i, i - 1);
    text += fmt::format(" %v{0} = sub(%v{1}, %v{1})\n", i, i - 1);
  }
  const Outcome outcome =
      run("fixpoint; rule r effect lossy { match { " + pattern +
              " y = div(a39, a39); } replace y with exp(x); }\n"
              "rule s effect lossy { match { y = sub(exp(x), _); } replace y with x; }",
          text + " %y = div(%v39, %v39)\n return %y, %v39\n}");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.statistics.rewrites, 1U);
}

}  // namespace
}  // namespace rcc

#include "passes/rules/why_not.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ir/text.h"
#include "passes/rules/rule_pass.h"
#include "test/unit/rule_testing.h"

namespace rcc {
namespace {

constexpr std::string_view kRules = R"(
rule join effect lossy {
  match { a = relu(x); y = tanh(a); }
  where rank(x) == 1 else "it is not flat";
  replace y with sigmoid(x);
}
rule other effect lossy benefit 1 { match { y = tanh(exp(x)); } replace y with x; }
rule unheard effect lossy { match { y = sqrt(x); } replace y with x; }
)";

constexpr std::string_view kGraph = R"(graph @g(%x: f32[2], %z: f32[2,2]) {
  %a1 = relu(%x)
  %t1 = tanh(%a1)
  %a2 = relu(%t1)
  %t2 = tanh(%a2)
  %s2 = erf(%a2)
  %a3 = relu(%z)
  %t3 = tanh(%a3)
  %t4 = tanh(%s2)
  %t5 = tanh(%t3)
  return %t2, %t4, %t5
})";

std::string ask(std::string_view rule, std::string_view node = {},
                std::string_view rules_text = kRules) {
  const auto rules = load_rules(rules_text, "t.rules", *OpTable::builtin());
  auto graph = parse_graph(kGraph);
  EXPECT_TRUE(rules && graph);
  std::vector<const Rule*> asked;
  for (const auto& candidate : (*rules)->rules)
    if (rule.empty() || candidate->name == rule) asked.push_back(candidate.get());
  WhyNot why_not(**rules, asked);
  if (!node.empty())
    if (const auto found = why_not.look_at(*graph, node); !found)
      return render(found.error().diagnostics.front());
  RuleWatch watch;
  watch.attempted = [&](const RuleAttempt& attempt) { why_not.add(attempt); };
  RuleRunSettings settings;
  settings.watch = &watch;
  EXPECT_TRUE(RuleRun(*graph, **rules, settings).run());
  return why_not.answer();
}

TEST(WhyNot, RanksTheNearMissesOfAGraph) {
  EXPECT_EQ(ask("join"),
            "join applies at 1 node: t1\n"
            "  t3 (tanh): matched 11 of 12 steps; it is not flat (rank(x) is 2)\n"
            "  t2 (tanh): matched 10 of 12 steps; %a2 is also read by s2 (erf)\n"
            "  t4 (tanh): matched 1 of 12 steps; operand x of tanh is %s2, the result of erf, not "
            "the result of relu\n"
            "    at that step too: t5 (tanh)\n");
}

TEST(WhyNot, SaysWhenNothingComesNear) {
  EXPECT_EQ(ask("unheard"), "unheard applies nowhere: no node is sqrt, the root of its pattern\n");
  EXPECT_EQ(ask("other"),
            "other applies nowhere\n"
            "  t2 (tanh): matched 1 of 11 steps; operand x of tanh is %a2, the result of relu, not "
            "the result of exp\n"
            "    at that step too: t3 (tanh), t4 (tanh), t5 (tanh)\n"
            "rule join was applied first at t1 (tanh)\n");
}

TEST(WhyNot, AnswersForOneNode) {
  EXPECT_EQ(ask("join", "t1"), "join applies at t1\n");
  EXPECT_EQ(ask("join", "t3"),
            "join at t3 (tanh): matched 11 of 12 steps; it is not flat (rank(x) is 2)\n");
  EXPECT_EQ(ask("", "t3"),
            "join at t3 (tanh): matched 11 of 12 steps; it is not flat (rank(x) is 2)\n"
            "other at t3 (tanh): matched 1 of 11 steps; operand x of tanh is %a3, the result of "
            "relu, not the result of exp\n"
            "unheard was not tried there\n");
}

// Users name the layer that does the work, which need not be the root.
TEST(WhyNot, AnswersForANodeInsideThePattern) {
  EXPECT_EQ(ask("join", "a2"),
            "a2 (relu) is no root of these rules; nodes that read it are\n"
            "join at t2 (tanh): matched 10 of 12 steps; %a2 is also read by s2 (erf)\n");
  EXPECT_EQ(ask("unheard", "a2"), "a2 (relu) is neither a root of these rules nor read by one\n");
}

TEST(WhyNot, AnUnknownNodeIsAnError) {
  EXPECT_EQ(ask("join", "t11"),
            "error: graph @g has no node `t11`\n"
            "help: did you mean `t1`?\n");
  Graph graph = graph_of(
      "graph @g(%x: f32[2]) {\n %inner = relu(%x) loc(\"block.act\")\n return %inner\n}");
  const auto rules = load(kRules);
  const auto found = WhyNot(*rules, {rules->rules.front().get()}).look_at(graph, "innr");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().diagnostics.front().help, "did you mean `inner`?");
}

TEST(WhyNot, FindsPassesAndRules) {
  const auto rules_of = [](std::string_view text) -> std::string {
    const auto subject = find_subject(parse_why_not(text), {}, PassCatalog());
    if (!subject) return subject.error().message();
    std::string names = subject->pass.name + ":";
    for (const Rule* rule : subject->rules) names += " " + rule->name;
    return names;
  };
  EXPECT_EQ(rules_of("drop_dropout@layer.1"), "drop_dropout: drop_dropout");
  EXPECT_EQ(rules_of("fold_batch_norm/gemm_batch_norm"), "fold_batch_norm: gemm_batch_norm");
  EXPECT_EQ(rules_of("gemm_batch_norm"), "fold_batch_norm: gemm_batch_norm");
  EXPECT_EQ(rules_of("drop_identity/gemm_batch_norm"),
            "no rule and no pass of rules is called `drop_identity/gemm_batch_norm`");
  const auto unknown = find_subject(parse_why_not("gem_batch_norm@x"), {}, PassCatalog());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().diagnostics.front().help, "did you mean `gemm_batch_norm`?");
}

// There are 2^40 ways from the first node to the last.
TEST(WhyNot, FollowsEachReaderOnce) {
  std::string pattern = "a0 = relu(x);";
  std::string text = "graph @g(%x: f32[2]) {\n %v0 = relu(%x)\n";
  for (int i = 1; i <= 40; ++i) {
    pattern += fmt::format(" a{0} = sub(a{1}, a{1});", i, i - 1);
    text += fmt::format(" %v{0} = sub(%v{1}, %v{1})\n", i, i - 1);
  }
  const auto rules =
      load("rule r effect lossy { match { " + pattern + " } replace a40 with exp(x); }");
  const Graph graph = graph_of(text + " return %v40\n}");
  WhyNot why_not(*rules, {rules->rules.front().get()});
  EXPECT_TRUE(why_not.look_at(graph, "v0"));
}

}  // namespace
}  // namespace rcc

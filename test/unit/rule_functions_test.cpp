// Functions that a module adds to the language of rules.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/text.h"
#include "passes/rules/rule.h"
#include "passes/rules/rule_pass.h"
#include "test/unit/rule_testing.h"

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

DatumResult has_even_batch(const FunctionCall& call) {
  const Type& type = call.value(0)->type();
  const bool is_known = type.is_ranked && type.rank() > 0 && type.dims[0].is_fixed();
  return Datum::of(is_known && type.dims[0].size() % 2 == 0 ? 1 : 0);
}

std::shared_ptr<const FunctionTable> extended() {
  auto functions = FunctionTable::extended_builtin();
  EXPECT_TRUE(functions->add({.name = "has_even_batch",
                              .parameters = "v",
                              .result = 'c',
                              .named = "",
                              .evaluate = has_even_batch,
                              .help = "whether the first axis is a multiple of 2"}));
  return functions;
}

std::string rule(std::string_view condition) {
  return fmt::format(
      "rule r effect lossy {{\nmatch {{ y = relu(x); }}\nwhere {} else \"odd\";\nreplace y with x;\n}}",
      condition);
}

TEST(RuleFunctions, AConstraintOfAModuleIsCheckedLikeAnyOther) {
  const auto functions = extended();
  EXPECT_THAT(errors_of(rule("has_even_batch(x)"), functions), IsEmpty());
  EXPECT_THAT(errors_of(rule("has_even_batch(x)"), FunctionTable::builtin()),
              ElementsAre("3:7: there is no function `has_even_batch`"));
  EXPECT_THAT(errors_of(rule("has_even_bach(x)"), functions),
              ElementsAre("3:7: there is no function `has_even_bach` (did you mean "
                          "`has_even_batch`?)"));
  EXPECT_THAT(errors_of(rule("has_even_batch(1)"), functions),
              ElementsAre("3:22: `has_even_batch` takes an operand or a result of a node, not a "
                          "number"));
}

TEST(RuleFunctions, ItDecides) {
  const auto rules =
      load_rules(rule("has_even_batch(x)"), "t.rules", *OpTable::builtin(), extended());
  ASSERT_TRUE(rules);
  const auto rewrites = [&](std::string_view type) {
    auto graph = parse_graph(fmt::format("graph @g(%x: {}) {{\n %i = identity(%x)\n %y = relu(%i)\n return %y\n}}", type));
    EXPECT_TRUE(graph);
    RuleRunSettings settings;
    RuleRun run(*graph, **rules, settings);
    EXPECT_TRUE(run.run());
    return run.statistics().rewrites;
  };
  EXPECT_EQ(rewrites("f32[4,3]"), 1U);
  EXPECT_EQ(rewrites("f32[3,4]"), 0U);
  EXPECT_EQ(rewrites("f32[N,4]"), 0U);
}

TEST(RuleFunctions, WrongSignaturesAreRefused) {
  auto functions = FunctionTable::extended_builtin();
  const auto problem = [&](std::string_view name, std::string_view parameters, char result,
                           DatumResult (*evaluate)(const FunctionCall&)) {
    const auto added = functions->add({name, parameters, result, "", evaluate, ""});
    return added ? std::string() : added.error().message();
  };
  EXPECT_EQ(problem("sqrt", "t", 'n', has_even_batch),
            "function `sqrt`: there is one of this name");
  EXPECT_EQ(problem("a b", "t", 'n', has_even_batch),
            "function `a b`: a name is made of letters, digits and _");
  EXPECT_EQ(problem("f", "x", 'n', has_even_batch),
            "function `f`: `x` are not the letters of parameters");
  EXPECT_EQ(problem("f", "t", 'x', has_even_batch),
            "function `f`: `x` is not the letter of a result");
  EXPECT_EQ(problem("f", "", 's', has_even_batch),
            "function `f`: its result is of the kind of its first argument, and it has none");
  EXPECT_EQ(problem("f", "t", 'n', nullptr), "function `f`: it does nothing");
  for (const std::string_view parameters : {"?", "*t", "v?t", "t?*"})
    EXPECT_EQ(problem("f", parameters, 'n', has_even_batch),
              "function `f`: ? and * come last, after the letter they are about");
  EXPECT_EQ(FunctionTable::builtin()->find("has_even_batch"), nullptr);
}

TEST(RuleFunctions, AnyNumberOfValues) {
  auto functions = FunctionTable::extended_builtin();
  EXPECT_TRUE(functions->add({.name = "count_outputs",
                              .parameters = "v*",
                              .result = 'n',
                              .named = "",
                              .evaluate = [](const FunctionCall& call) -> DatumResult {
                                double count = 0;
                                for (std::size_t i = 0; i < call.arguments.size(); ++i)
                                  count += call.value(i)->is_output() ? 1 : 0;
                                return Datum::of(count);
                              },
                              .help = "how many leave the graph"}));
  const auto rules = load_rules(
      "rule r effect lossy { match { a = relu(x) shared; y = tanh(a); }\n"
      "where count_outputs(x, a, y) == 2; replace y with exp(x); }",
      "t.rules", *OpTable::builtin(), functions);
  ASSERT_TRUE(rules);
  Graph graph =
      graph_of("graph @g(%x: f32[2]) {\n %a = relu(%x)\n %y = tanh(%a)\n return %a, %y\n}");
  RuleRun run(graph, **rules, {});
  EXPECT_TRUE(run.run());
  EXPECT_EQ(run.statistics().rewrites, 1U);
}

}  // namespace
}  // namespace rcc

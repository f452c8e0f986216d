#include "passes/rules/rule.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/registry.h"
#include "test/unit/rule_testing.h"

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Errors of a rule with that body.
std::vector<std::string> body_errors(std::string_view body) {
  return errors_of(fmt::format("rule r effect exact {{\n{}\n}}\n", body));
}

TEST(RuleLoad, AcceptsTheWholeLanguage) {
  EXPECT_THAT(errors_of(R"(
# A comment.
option limit = 1e4 in [0, 1e6] "help";
option mode = "constant" "help";
option strict = true "help";
fixpoint;
rule a effect approx 1e-5 benefit 3 recursive {
  match {
    p = pad(x: !float, _: const i64, none, axes = _?) { mode = "constant" };
    c = conv | conv_transpose (p, W: const f32[OC, IC, ...], b?: const f32[...]) { group in [1, 2], .. } : f32 shared;
    y = batch_norm(c, gamma: const f32[OC], _: const, _: const, var: const) { epsilon = eps, momentum = _, training_mode = 0 };
  }
  let s = gamma / sqrt(var + eps);
  let t = concat(s, -s, axis = 0);
  where max(abs(t)) <= limit else "too much", OC % 2 == 0 and IC > 1, strict or mode != "edge";
  where not any(gamma == 0), c.strides == [1, 1];
  replace y with c(x, scale(W, s, axis = output_axis(c)), (b or 0) * s) { ..c };
}
rule b effect lossy {
  match { (y, mask) = dropout(relu(x), ..) { .. }; }
  replace y with relu(identity(x));
}
)"),
              IsEmpty());
}

TEST(RuleLoad, ReportsSeveralErrorsInOneRun) {
  EXPECT_THAT(errors_of(R"(rule r effect exact {
  match { c = konv(x, _) { .. }; y = relu(c); }
  replace y with relu(z);
}
rule s effect exact {
  match { y = relu(x); }
  replace y with sigmoid(w);
}
)"),
              ElementsAre("2:15: there is no operator `konv` (did you mean `conv`?)",
                          "3:23: `z` is not bound", "7:26: `w` is not bound"));
}

TEST(RuleLoad, ShowsTheLineWithACaret) {
  const auto rules = load_rules("rule r effect exact {\n  match { y = rellu(x); }\n}\n", "a.rules",
                                *OpTable::builtin());
  ASSERT_FALSE(rules);
  EXPECT_EQ(render(rules.error().diagnostics[1]),
            "error: there is no operator `rellu`\n"
            "  --> a.rules:2:15\n"
            "   |\n"
            " 2 |   match { y = rellu(x); }\n"
            "   |               ^^^^^\n"
            "   |\n"
            "help: did you mean `relu`?\n");
}

TEST(RuleLoad, SyntaxErrorsSayWhatWasExpected) {
  EXPECT_THAT(errors_of("rule r effect {\n}"),
              ElementsAre("1:15: expected `exact`, `approx` or `lossy`, found `{`"));
  EXPECT_THAT(
      errors_of("rule r effect approx 2 { }"),
      ElementsAre("1:22: a tolerance lies between 0 and 1 (write `effect exact` for equal bits)"));
  EXPECT_THAT(body_errors("match { y = relu(x) }\nlet s = 1 +;\nreplace y with x;"),
              ElementsAre("2:21: expected `;` after the pattern, found `}`",
                          "3:12: expected an expression, found `;`"));
  EXPECT_THAT(
      body_errors("match { y = relu(x; }\nfrobnicate;\n"),
      ElementsAre(
          "2:19: expected `,` or `)` after the operand, found `;`",
          "3:1: expected `match`, `let`, `where`, `replace`, `on edge`, `set`, `ensure` or `test`, "
          "found `frobnicate`"));
  EXPECT_THAT(
      errors_of("option a = \"x\n"),
      ElementsAre("1:12: the text is not closed (end it with a quotation mark on its line)",
                  "2:1: expected what the option does, as a text, found the end of the file"));
  EXPECT_THAT(body_errors("match { y = relu(x); }\nwhere 1 < 0 else \"a\\tb\";\nreplace y with x;"),
              ElementsAre("3:18: the text has a backslash that means nothing (write \\\\ for a "
                          "backslash, \\\" for a quotation mark and \\n for a new line)"));
  EXPECT_THAT(errors_of("# nothing\n"),
              ElementsAre("1:1: the file has no rule (write `rule NAME effect exact { ... }`)"));
}

TEST(RuleLoad, NamesOfOperandsAndAttributes) {
  EXPECT_THAT(
      body_errors("match { y = conv(x, _, bias = b?) { stride = s, .. }; }\nreplace y with x;"),
      ElementsAre("2:24: `conv` has no operand `bias`",
                  "2:46: `conv` has no attribute `stride` (did you mean `strides`?)"));
  EXPECT_THAT(body_errors("match { y = relu(x, z); }\nreplace y with x;"),
              ElementsAre("2:21: `relu` has 1 operands"));
  EXPECT_THAT(
      body_errors("match { y = conv(x) { .. }; }\nreplace y with x;"),
      ElementsAre("2:13: operand `W` of `conv` is missing (write `_` for any operand, or `..` for "
                  "all that are left)"));
  EXPECT_THAT(body_errors("match { y = conv(x, _?, ..) { .. }; }\nreplace y with x;"),
              ElementsAre("2:21: this operand of `conv` is never absent"));
  EXPECT_THAT(body_errors("match { y = conv(x, _, ..) { group = 1.5, .. }; }\nreplace y with x;"),
              ElementsAre("2:38: attribute `group` is a whole number, not this"));
  EXPECT_THAT(
      body_errors("match { y = concat(a, b); }\nreplace y with a;"),
      ElementsAre("2:13: attribute `axis` of `concat` has no default to compare with (name it in "
                  "braces, as `{ axis = _ }`, or write `{ .. }`)"));
}

TEST(RuleLoad, NamesMustBeBoundOnceAndUsed) {
  EXPECT_THAT(body_errors("match { c = relu(x); c = sigmoid(c); }\nreplace c with x;"),
              testing::Contains("2:22: `c` already has a meaning, from line 2"));
  EXPECT_THAT(body_errors("match { y = add(a, b); }\nreplace y with a;"),
              ElementsAre("2:20: `b` is captured but never used (write `_` where any will do)"));
  EXPECT_THAT(body_errors("match { y = mul(a, k: const); }\nlet s = k + 1;\nreplace y with a;"),
              ElementsAre("3:5: `s` is computed but never used"));
  EXPECT_THAT(
      body_errors("match { a = relu(x); b = sigmoid(x); y = tanh(b); }\nreplace y with a;"),
      ElementsAre("2:9: `a` does not lead to `y` (the last binding of `match` is the root; every "
                  "other node must feed it)"));
}

TEST(RuleLoad, SizesThatCannotAgree) {
  EXPECT_THAT(
      body_errors("match { y = batch_norm(x, _: const f32[4], _: const f32[8], _, _) { .. }; }\n"
                  "replace y with x;"),
      ElementsAre("2:57: this size of `batch_norm` cannot be both 4 and 8"));
  EXPECT_THAT(body_errors("match { y = batch_norm(x, _: const f32[C, 1], _, _, _) { .. }; }\n"
                          "replace y with x;"),
              ElementsAre("2:30: operand `gamma` of `batch_norm` has exactly 1 axes"));
}

TEST(RuleLoad, ExpressionsHaveTypes) {
  const std::string_view match = "match { y = mul(x, k: const f32[A, B], ..); }\n";
  const auto errors = [&](std::string_view rest) {
    return body_errors(std::string(match) + std::string(rest));
  };
  EXPECT_THAT(
      errors("where k > 0;\nreplace y with x;"),
      ElementsAre("3:7: a condition is one truth, not one for each element (wrap it in `all(...)` "
                  "or `any(...)`)"));
  EXPECT_THAT(errors("where max(k);\nreplace y with x;"),
              ElementsAre("3:7: a condition is a truth, not a number"));
  EXPECT_THAT(
      errors("where all(x > k);\nreplace y with x;"),
      ElementsAre("3:11: `x` is not constant, so nothing can be computed with it (write `x: const` "
                  "in the pattern)"));
  EXPECT_THAT(errors("where sum(k, axis = 2) == k;\nreplace y with x;"),
              testing::Contains("3:21: there is no axis 2 in a tensor of rank 2"));
  EXPECT_THAT(errors("where max(k, axes = 2) == 1;\nreplace y with x;"),
              testing::Contains("3:21: `max` has no argument `axes` (did you mean `axis`?)"));
  EXPECT_THAT(errors("where sqr(k) == 1;\nreplace y with x;"),
              ElementsAre("3:7: there is no function `sqr` (did you mean `sqrt`?)"));
  EXPECT_THAT(
      errors("where k.group == 1;\nreplace y with x;"),
      ElementsAre("3:7: `k` is not a matched node (only a node bound in `match` has attributes)"));
  EXPECT_THAT(errors("where \"a\" + 1 == 2;\nreplace y with x;"),
              testing::Contains("3:7: a text is not a number"));
  EXPECT_THAT(errors("where all(scale(k, [1]) == 1);\nreplace y with x;"),
              ElementsAre("3:11: `scale` needs `axis = ...`"));
}

TEST(RuleLoad, OptionalOperandsNeedADefault) {
  EXPECT_THAT(body_errors("match { y = conv(x, W: const, b?: const) { .. }; }\n"
                          "replace y with conv(x, W, b * 2) { ..y };"),
              ElementsAre("3:27: `b` may be absent (write `(b or 0)`)"));
  EXPECT_THAT(
      body_errors("match { y = conv(x, W, b?) { .. }; }\nreplace y with conv(x, W, b) { ..y, "
                  "group = 1 };"),
      IsEmpty());
}

TEST(RuleLoad, Replacements) {
  EXPECT_THAT(
      body_errors("match { y = relu(x); }\n"),
      ElementsAre("1:6: rule `r` changes nothing (write `replace y with ...;`, `on edge x -> y "
                  "insert ...;` or `set W = ...;`)"));
  EXPECT_THAT(
      body_errors("match { c = relu(x); y = tanh(c); }\nreplace c with x;"),
      ElementsAre("3:9: `c` is not a result of the root of the pattern (the last binding of "
                  "`match` is what gets replaced)"));
  EXPECT_THAT(body_errors("match { y = relu(x); }\nreplace y with y;"),
              testing::Contains("3:16: `y` is replaced with itself"));
  EXPECT_THAT(body_errors("match { y = relu(x); }\nreplace y with concat(x, x);"),
              ElementsAre("3:16: attribute `axis` of `concat` is missing"));
  EXPECT_THAT(body_errors("match { y = relu(x); }\nreplace y with concat(x, x) { axis = \"a\" };"),
              ElementsAre("3:38: attribute `axis` of `concat` is not a text"));
  EXPECT_THAT(
      body_errors("match { y = relu(x); }\nreplace y with conv(x, x) { ..y };"),
      ElementsAre("3:31: `y` may be another operator than `conv` (write `y(...)` for a node of the "
                  "same operator)"));
}

TEST(RuleLoad, Options) {
  EXPECT_THAT(
      errors_of("option a = 2 in [0, 1] \"h\";\noption a = 1 \"h\";\n"
                "rule r effect exact { match { y = relu(x); } where a; replace y with x; }"),
      ElementsAre("1:8: the default of option `a` is outside of its range",
                  "2:8: option `a` is already there",
                  "3:52: a condition is a truth, not a number"));
}

TEST(RuleLoad, OptionsAreUsed) {
  EXPECT_THAT(errors_of("option a = 2 \"h\";\n"
                        "rule r effect exact { match { y = relu(x); } replace y with x; }"),
              ElementsAre("1:8: no rule uses option `a`"));
}

TEST(RuleLoad, NestingIsLimited) {
  const std::string open(5000, '(');
  EXPECT_THAT(body_errors("match { y = relu(x); }\nlet s = " + open + ";\nreplace y with x;"),
              testing::Contains(testing::HasSubstr("the expression is nested too deeply")));
  std::string sum = "1";
  for (int i = 0; i < 50000; ++i) sum += "+1";
  EXPECT_THAT(body_errors("match { y = relu(x); }\nlet s = " + sum + ";\nreplace y with x;"),
              testing::Contains(testing::HasSubstr("the expression is too long")));
  std::string chain = "match { a0 = relu(x);";
  for (int i = 1; i < 2000; ++i) chain += fmt::format(" a{} = relu(a{});", i, i - 1);
  EXPECT_THAT(body_errors(chain + " }\nreplace a1999 with x;"),
              testing::Contains(testing::HasSubstr("a rule matches at most 64 nodes")));
  std::string pattern;
  for (int i = 0; i < 5000; ++i) pattern += "relu(";
  EXPECT_THAT(body_errors("match { y = " + pattern + "; }\nreplace y with x;"),
              testing::Contains(testing::HasSubstr("patterns are nested too deeply")));
}

TEST(RulePass, OptionsHaveDefaultsHelpAndRange) {
  const auto pass = rules_pass(
      "option bits = 8 in [2, 8] \"how wide\";\noption scale = 0.5 \"how far\";\n"
      "rule a effect exact { match { y = relu(x); } where bits > 3, scale > 0; replace y with x; "
      "}\n"
      "rule b effect approx 1e-4 { match { y = tanh(x); } replace y with x; }\n",
      "t.rules", *OpTable::builtin());
  ASSERT_TRUE(pass);
  EXPECT_EQ(pass->effect, Effect::approx);
  EXPECT_EQ(pass->tolerance, 1e-4);
  const auto options = pass->make_options();
  EXPECT_EQ(to_text(*options), "bits=8,scale=0.5");
  const auto docs = document(*options);
  ASSERT_EQ(docs.size(), 2U);
  EXPECT_EQ(docs[0].help, "how wide");
  EXPECT_FALSE(set_options(*options, *parse_option_text("bits=9", "test"), "pass `t`"));
  ASSERT_TRUE(set_options(*options, *parse_option_text("bits=4", "test"), "pass `t`"));
  EXPECT_EQ(static_cast<RuleOptionSet&>(*options).values()[0].data[0], 4);
}

TEST(RulePass, EveryBuiltInRuleFileLoadsAndPassesItsTests) {
  std::size_t files = 0;
  for (const PassEntry& entry : builtin_passes()) {
    if (entry.rules.empty()) continue;
    ++files;
    const auto passed = run_rule_tests(entry.rules, entry.rules_path, OpTable::builtin());
    EXPECT_TRUE(passed) << entry.name << ": "
                        << (passed ? "" : render(passed.error().diagnostics[0]));
  }
  EXPECT_GE(files, 3U);
}

TEST(RuleTest, AnArrowInACommentOrATextIsNone) {
  const auto passed = run_rule_tests(R"(rule r effect lossy {
  match { y = tanh(relu(x)); }
  replace y with tanh(x);
  test "arrows => everywhere" {
    // a => b
    graph @"=>"(%x: f32[2]) {
      %a = relu(%x)
      %y = tanh(%a)
      return %y
    }
    =>
    graph @"=>"(%x: f32[2]) {
      %y = tanh(%x)
      return %y
    }
  }
})",
                                     "t.rules", OpTable::builtin());
  EXPECT_TRUE(passed) << (passed ? "" : render(passed.error().diagnostics[0]));
}

TEST(RuleTest, ARewriteThatCannotBeCheckedIsNoPass) {
  const auto passed = run_rule_tests(R"(rule r effect exact {
  match { y = mul(x, k: const); }
  replace y with mul(k, x);
  test "left out" {
    graph @g(%x: f32[2]) {
      @k = const f32[2]
      %a = neg(%x)
      %y = mul(%a, @k)
      return %y
    }
    =>
    graph @g(%x: f32[2]) {
      @k = const f32[2]
      %a = neg(%x)
      %y = mul(@k, %a)
      return %y
    }
  }
})",
                                     "t.rules", OpTable::builtin());
  ASSERT_FALSE(passed);
  EXPECT_THAT(passed.error().message(),
              testing::HasSubstr("could not be checked numerically: %y: the contents of @k"));
}

}  // namespace
}  // namespace rcc

// What is said about rules that change edges and constants, make nodes with names, use matchers and
// compute with sizes: message, place and remedy of each mistake.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/rules/rule.h"
#include "test/unit/rule_testing.h"

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Errors of an exact rule: the pattern is line 2, the rest line 3.
std::vector<std::string> errors_in(std::string_view match, std::string_view rest,
                                   std::string_view effect = "exact") {
  return errors_of(
      fmt::format("rule r effect {} {{\nmatch {{ {} }}\n{}\n}}\n", effect, match, rest));
}

TEST(RuleErrors, Edges) {
  EXPECT_THAT(errors_in("y = relu(x);", "on edge x -> y insert neg(x);"), IsEmpty());
  EXPECT_THAT(errors_in("y = relu(x);", "on edge x -> y insert neg(x); replace y with x;"),
              ElementsAre("3:1: the node of this edge or constant is replaced by the same rule "
                          "(say it in the replacement)"));
  EXPECT_THAT(errors_in("y = mul(x, _: const);", "on edge q -> y insert neg(x);"),
              ElementsAre("3:9: `q` is not bound"));
  EXPECT_THAT(errors_in("c = relu(x); y = tanh(c);", "on edge x -> y insert neg(x);"),
              ElementsAre("3:9: `y` does not read `x` in the pattern"));
  EXPECT_THAT(errors_in("y = mul(x, k: const);", "on edge x -> k insert neg(x);"),
              ElementsAre("3:14: `k` is not a matched node (an edge leads from a value to the node "
                          "that reads it)"));
  EXPECT_THAT(errors_in("y = relu(x: f32[N]);", "on edge N -> y insert neg(x);"),
              ElementsAre("3:9: `N` is not a value of the graph"));
  EXPECT_THAT(errors_in("y = relu(x);", "on edge x -> y insert x;"),
              ElementsAre("3:23: `x` is on this edge already"));
  EXPECT_THAT(errors_in("y = conv(x, _, b?) { .. };", "on edge x -> y insert b;"),
              ElementsAre("3:23: what is inserted may be absent"));
  EXPECT_THAT(errors_in("y = relu(x);", "on edge x -> y insert quantise(x);"),
              ElementsAre("3:23: there is no operator or function `quantise` (did you mean "
                          "`quantize`?)"));
}

TEST(RuleErrors, SharedEdges) {
  EXPECT_THAT(errors_in("y = add(x, z);", "on edge x -> y insert add(x, z) share;"),
              ElementsAre("3:30: a shared insertion reads `x` and constants only (what other nodes "
                          "compute differs from reader to reader)"));
  EXPECT_THAT(errors_in("y = add(x, z);", "on edge x -> y insert z share;"),
              ElementsAre("3:23: only nodes that read `x` can be shared by its readers (drop "
                          "`share`)"));
  EXPECT_THAT(errors_in("c = tanh(x); y = relu(c);", "on edge c -> y insert c(x) share;"),
              testing::Contains("3:23: a shared insertion names its operators"));
}

TEST(RuleErrors, SetConstants) {
  EXPECT_THAT(errors_in("y = mul(x, k: const);", "set k = -k;"),
              ElementsAre("2:17: `x` is captured but never used (write `_` where any will do)"));
  EXPECT_THAT(errors_in("y = mul(_, k: const);", "set k = -k sparse;"), IsEmpty());
  EXPECT_THAT(errors_in("y = relu(x);", "set x = 1;"),
              ElementsAre("3:5: `x` is not a constant (write `x: const` in the pattern)"));
  EXPECT_THAT(errors_in("y = relu(_);", "set y = 1;"), ElementsAre("3:5: `y` is not a constant"));
  EXPECT_THAT(errors_in("y = conv(_, _, b?: const) { .. };", "set b = (b or 0);"),
              ElementsAre("3:5: `b` may be absent (match it without `?`)"));
  EXPECT_THAT(errors_in("y = mul(_, k: const);", "set k = -k; set k = k * 2;"),
              ElementsAre("3:17: `k` is set twice"));
  EXPECT_THAT(errors_in("y = mul(_, k: const);", "set k = -k shared;"),
              ElementsAre("3:1: `shared` changes readers that the rule does not see, so its effect "
                          "is lossy (drop `shared`: readers outside of the match then keep the old "
                          "contents)"));
  EXPECT_THAT(errors_in("y = mul(_, k: const);", "set k = -k shared;", "lossy"), IsEmpty());
}

TEST(RuleErrors, ContentsOfConstants) {
  const std::string_view match = "y = mul(_, k: const f32[2, 3]);";
  EXPECT_THAT(errors_in(match, "set k = full([3, 2], 1);"),
              ElementsAre("3:9: `k` has sizes [2,3], its new contents [3,2]"));
  EXPECT_THAT(errors_in(match, "set k = transpose(k);"),
              ElementsAre("3:9: `k` has sizes [2,3], its new contents [3,2]"));
  EXPECT_THAT(errors_in(match, "set k = sum(k, axis = 0);"),
              ElementsAre("3:9: `k` has 2 axes, its new contents 1"));
  EXPECT_THAT(errors_in(match, "set k = concat(k, k, axis = 1);"),
              ElementsAre("3:9: `k` has sizes [2,3], its new contents [2,6]"));
  EXPECT_THAT(errors_in(match, "set k = slice(k, axis = 1, begin = 1, end = 3);"),
              ElementsAre("3:9: `k` has sizes [2,3], its new contents [2,2]"));
  EXPECT_THAT(errors_in(match, "set k = max(k);"),
              ElementsAre("3:9: `k` is a tensor, not a number (write `full(shape(k), ...)`)"));
  EXPECT_THAT(errors_in(match, "set k = cast(k, i8);"),
              ElementsAre("3:9: `k` is f32, its new contents i8 (`set` keeps the element type)"));
}

TEST(RuleErrors, PostConditions) {
  EXPECT_THAT(errors_in("y = relu(x);", "replace y with x; ensure rank(x);"),
              ElementsAre("3:26: a condition is a truth, not a number"));
  EXPECT_THAT(errors_in("y = relu(x);", "replace y with x; ensure rank(q) == 1;"),
              ElementsAre("3:31: `q` is not bound"));
  EXPECT_THAT(errors_in("y = relu(x);", "replace y with x; ensure;"),
              ElementsAre("3:25: expected an expression, found `;`"));
}

TEST(RuleErrors, NodesWithNames) {
  EXPECT_THAT(errors_in("y = relu(x);", "let t = tanh(x); replace y with add(t, t);"), IsEmpty());
  EXPECT_THAT(errors_in("y = relu(x);", "let t = tanh(x); replace y with x;"),
              ElementsAre("3:5: `t` is made but never used"));
  EXPECT_THAT(errors_in("y = relu(x);", "let (s, t) = tanh(x); replace y with add(s, t);"),
              ElementsAre("3:9: `tanh` has 1 results"));
  EXPECT_THAT(errors_in("y = relu(x);", "let (s, t) = 1 + 2; replace y with add(x, s);"),
              ElementsAre("3:9: only a node has several results (name what is computed, then "
                          "`slice` it)"));
  EXPECT_THAT(errors_in("y = relu(x);", "let t = tanh(x); where all(t > 0); replace y with t;"),
              ElementsAre("3:28: `t` is a node that the rule makes, so nothing can be computed "
                          "with it"));
  EXPECT_THAT(errors_in("y = relu(x);", "let (a, b) = split(x) { axis = 0 }; replace y with a;"),
              ElementsAre("3:9: `b` is captured but never used (write `_` where any will do)"));
  EXPECT_THAT(errors_in("y = relu(x);", "let x = tanh(x); replace y with x;"),
              ElementsAre("3:5: `x` already has a meaning, from line 2"));
}

TEST(RuleErrors, SyntaxOfActions) {
  EXPECT_THAT(errors_in("y = relu(x);", "set;"),
              ElementsAre("3:4: expected the constant to change, found `;`"));
  EXPECT_THAT(errors_in("y = relu(x);", "on x -> y insert neg(x);"),
              ElementsAre("3:4: expected `edge`, found `x`"));
  EXPECT_THAT(errors_in("y = relu(x);", "on edge x y insert neg(x);"),
              ElementsAre("3:11: expected `->` and the node that reads it, found `y`"));
  EXPECT_THAT(errors_in("y = relu(x);", "on edge x -> y insert neg(x) shared;"),
              ElementsAre("3:30: expected `;` or `share` after what is inserted, found `shared`"));
  EXPECT_THAT(errors_of("rule r effect lossy recursive {\nmatch { y = mul(_, k: const); }\n"
                        "set k = -k;\n}"),
              ElementsAre("1:6: rule `r` is recursive, but replaces nothing (only a rule that "
                          "replaces its root can rewrite its own result)"));
}

TEST(RuleErrors, TraitsOfOperators) {
  EXPECT_THAT(errors_in("y = !elementwise(x, ..) { .. };", "replace y with x;"), IsEmpty());
  EXPECT_THAT(errors_in("y = !contractoin(x, ..) { .. };", "replace y with x;"),
              ElementsAre("2:13: operators have no trait `contractoin` (did you mean "
                          "`contraction`?)"));
  EXPECT_THAT(errors_in("y = !linear(x, ..) { .. };", "replace y with x;"),
              ElementsAre("2:13: operators have no trait `linear` (there are commutative, "
                          "contraction, elementwise, keeps_scale)"));
  EXPECT_THAT(errors_in("y = !contraction(x, _, ..) { group = 1, .. };", "replace y with x;"),
              ElementsAre("2:38: `gemm` has no attribute `group`"));
}

TEST(RuleErrors, TypesOfPatternsAndReplacements) {
  EXPECT_THAT(
      errors_in("y = conv(x: f32[N, C], W: const f32[O, C, 3, 3]);", "replace y with conv(x, W);"),
      ElementsAre("2:13: this matches nothing: operand `x` f32[N,C] has rank 2, expected 4"));
  EXPECT_THAT(
      errors_in("y = add(x: f32[2], k: const f32[3]);", "replace y with sub(x, k);"),
      ElementsAre("2:13: this matches nothing: operand `B` f32[3] does not broadcast with [2]"));
  EXPECT_THAT(errors_in("y = relu(x: f32[2, 3]);", "replace y with transpose(x) { perm = [1, 0] };"),
              ElementsAre("3:16: `y` is f32[2,3], but its replacement is f32[3,2]"));
  EXPECT_THAT(errors_in("y = relu(x: f32[2, 3]);", "replace y with cast(x) { to = \"f16\" };"),
              ElementsAre("3:16: `y` is f32[2,3], but its replacement is f16[2,3]"));
  EXPECT_THAT(errors_in("y = relu(x: f32[2, 3]);", "replace y with relu(unsqueeze(x) { axes = [0] });"),
              ElementsAre("3:16: `y` is f32[2,3], but its replacement is f32[1,2,3]"));
  EXPECT_THAT(
      errors_in("y = relu(x: f32[2, 3]);", "on edge x -> y insert transpose(x) { perm = [1, 0] };"),
      ElementsAre("3:23: `x` is f32[2,3], but what is inserted is f32[3,2]"));
  EXPECT_THAT(errors_in("y = relu(x: f32[2, 3]);", "replace y with add(x, full([4], 1));"),
              ElementsAre("3:16: this node cannot be made: operand `B` ?[4] does not broadcast with "
                          "[2,3]"));
  // Sizes that are only named may be equal.
  EXPECT_THAT(errors_in("y = relu(x: f32[A, B]);", "replace y with transpose(x) { perm = [1, 0] };"),
              IsEmpty());
}

TEST(RuleErrors, SizesOfExpressions) {
  const std::string_view match = "y = mul(x, k: const f32[2, 3]);";
  const std::string_view use = " replace y with mul(x, s);";
  const auto errors = [&](std::string_view let) {
    return errors_in(match, fmt::format("let s = {};{}", let, use));
  };
  EXPECT_THAT(errors("k + [1, 2, 3]"), IsEmpty());
  EXPECT_THAT(errors("k + [1, 2]"),
              ElementsAre("3:9: sizes [2,3] and [2] do not fit (sizes meet at the last axis; "
                          "`reshape` makes room for others)"));
  EXPECT_THAT(errors("k * transpose(k)"),
              ElementsAre("3:9: sizes [2,3] and [3,2] do not fit (sizes meet at the last axis; "
                          "`reshape` makes room for others)"));
  EXPECT_THAT(errors("max(k, full([4], 0))"),
              ElementsAre("3:9: sizes [2,3] and [4] do not fit (sizes meet at the last axis; "
                          "`reshape` makes room for others)"));
  EXPECT_THAT(errors("scale(k, [1, 2, 3], axis = 0)"),
              ElementsAre("3:18: an axis of size 2 cannot be scaled by 3 factors"));
  EXPECT_THAT(errors("scale(k, k, axis = 0)"),
              ElementsAre("3:18: factors of `scale` have one axis, not 2"));
  EXPECT_THAT(errors("k[0]"), ElementsAre("3:9: a list, or a tensor of one axis, has elements; "
                                          "this is a tensor (`slice` takes a part of a tensor)"));
  EXPECT_THAT(errors("cast(k, int8)"),
              ElementsAre("3:17: `int8` is not an element type of numbers (element types are f32, "
                          "f16, i8, i64, ...)"));
  EXPECT_THAT(errors("cast(k, 8)"),
              ElementsAre("3:17: `cast` takes an element type here (element types are f32, f16, "
                          "i8, i64, ...)"));
  EXPECT_THAT(errors("mask_n_m(k, 2, 4)"), ElementsAre("3:9: `mask_n_m` needs `axis = ...`"));
  EXPECT_THAT(errors("k * top_k_mask(k, 2, groups = 4)"),
              ElementsAre("3:39: `top_k_mask` has no argument `groups` (did you mean `group`?)"));
}

TEST(RuleErrors, ATensorWithoutAxesIsANumber) {
  EXPECT_THAT(errors_in("y = mul(x, k: const f32[]);",
                        "where k < 0, sum(full([2], k)) < 0; replace y with x;"),
              IsEmpty());
  EXPECT_THAT(errors_in("y = mul(x, k: const f32[1]);", "where k < 0; replace y with x;"),
              ElementsAre("3:7: a condition is one truth, not one for each element (wrap it in "
                          "`all(...)` or `any(...)`)"));
}

TEST(RuleErrors, Matchers) {
  const std::string_view silu = "matcher silu(x) = mul(x, sigmoid(x));\n";
  const auto errors = [&](std::string_view match) {
    return errors_of(fmt::format(
        "{}rule r effect exact {{\nmatch {{ {} }}\nreplace y with x;\n}}\n", silu, match));
  };
  EXPECT_THAT(errors("y = @silu(x);"), IsEmpty());
  EXPECT_THAT(errors("y = relu(@silu(x));"), IsEmpty());
  EXPECT_THAT(errors("y = @silu(relu(x));"), IsEmpty());
  EXPECT_THAT(errors("y = @sliu(x);"),
              testing::Contains("3:14: there is no matcher `sliu` above (did you mean `silu`?)"));
  EXPECT_THAT(errors("y = @silu(x, 1);"),
              ElementsAre("3:22: expected an operand: a name, `_`, `none`, `..` or an operator, "
                          "found `1`"));
  EXPECT_THAT(errors("y = @silu(x, z);"),
              ElementsAre("3:14: matcher `silu` has 1 parameters, not 2"));
  EXPECT_THAT(errors("y = @silu(..);"),
              testing::Contains("3:19: arguments of a matcher are given one by one, by position"));
  EXPECT_THAT(errors_of("matcher m(x) = relu(z);\nrule r effect exact { match { y = @m(x); } "
                        "replace y with x; }"),
              ElementsAre("1:11: matcher `m` does not use `x`",
                          "1:21: `z` is no parameter of matcher `m` (a rule sees only what the "
                          "parameters name; write `_` where any will do)"));
  EXPECT_THAT(errors_of("matcher m(x) = relu(x);\nrule r effect exact { match { y = tanh(x); } "
                        "replace y with x; }"),
              ElementsAre("1:9: no rule uses matcher `m`"));
  EXPECT_THAT(errors_of("matcher m(x) = relu(x);\nmatcher m(x) = tanh(x);\nrule r effect exact { "
                        "match { y = @m(x); } replace y with x; }"),
              ElementsAre("2:9: matcher `m` is already there"));
  EXPECT_THAT(
      errors_of("matcher m(x, a) = concat(x, x) { axis = a };\nrule r effect exact { match { y = "
                "@m(x, relu(z)); } replace y with x; }"),
      testing::Contains("2:41: this parameter is an attribute; give a name or `_`"));
  EXPECT_THAT(
      errors_of("matcher m(x, k) = mul(x, k: const);\nrule r effect exact { match { y = @m(x, "
                "relu(z)); } replace y with add(x, z); }"),
      ElementsAre("1:29: the result of a node is not constant"));
}

TEST(RuleErrors, Selection) {
  EXPECT_THAT(errors_of("option layers = 1 \"h\";\nrule r effect exact { match { y = relu(x); } "
                        "where selected(y), layers > 0; replace y with x; }"),
              ElementsAre("1:8: option `layers` is already there (rules that ask `selected(...)` "
                          "have `layers` and `exclude`)"));
  EXPECT_THAT(errors_in("y = relu(x);", "where selected(x); replace y with x;"),
              ElementsAre("3:16: `selected` takes a node bound in `match`, not a value that is not "
                          "constant"));
}

TEST(RuleErrors, ChoicesOfOptions) {
  const auto errors = [](std::string_view option) {
    return errors_of(fmt::format("option a = {} \"h\";\nrule r effect exact {{ match {{ y = relu(x); "
                                 "}} where a == \"u\"; replace y with x; }}",
                                 option));
  };
  EXPECT_THAT(errors("\"u\" in [\"u\", \"v\"]"), IsEmpty());
  EXPECT_THAT(errors("\"w\" in [\"u\", \"v\"]"),
              ElementsAre("1:8: the default of option `a` is not among its values"));
  EXPECT_THAT(errors("\"u\" in [\"u\", 1]"), ElementsAre("1:25: expected a text, found `1`"));
}

TEST(RuleErrors, AttributesThatAreNotSet) {
  EXPECT_THAT(errors_in("y = reduce_mean(x) { keepdims = none };", "replace y with x;"),
              ElementsAre("2:41: attribute `keepdims` always has a value"));
}

// What is wrong with a rule is known although the list of errors is full.
TEST(RuleErrors, MoreThanTheListHolds) {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text +=
        fmt::format("rule r{} effect exact {{ match {{ y = foo(x); }} replace y with x; }}\n", i);
  const auto rules = load_rules(text, "t.rules", *OpTable::builtin());
  ASSERT_FALSE(rules);
  ASSERT_EQ(rules.error().diagnostics.size(), RuleErrors::kMaxErrors);
  EXPECT_THAT(rules.error().diagnostics.back().notes, ElementsAre("80 more errors are left out"));
}

TEST(RuleErrors, ANestedPatternThatLeadsNowhere) {
  EXPECT_THAT(errors_in("a = tanh(neg(x)); y = relu(x);", "replace y with x;"),
              ElementsAre("2:9: `a` does not lead to `y` (the last binding of `match` is the root; "
                          "every other node must feed it)"));
}

TEST(RuleErrors, NumbersThatAFloat64DoesNotHold) {
  EXPECT_THAT(errors_in("y = relu(x);", "where rank(x) < 1e999; replace y with x;"),
              ElementsAre("3:17: no float64 is so large, or so small"));
  EXPECT_THAT(errors_of("option a = 1e999 in [0, 1e999] \"h\";\nrule r effect exact { match { y = "
                        "relu(x); } where a > 0; replace y with x; }"),
              ElementsAre("1:12: no float64 is so large, or so small",
                          "1:25: no float64 is so large, or so small"));
  EXPECT_THAT(errors_in("y = leaky_relu(x) { alpha = 1e300 };", "replace y with x;"),
              ElementsAre("2:37: attribute `alpha` is a number, not this"));
  EXPECT_THAT(errors_in("y = relu(x);", "replace y with leaky_relu(x) { alpha = 1e300 };"),
              ElementsAre("3:40: attribute `alpha` is a number, not this"));
}

TEST(RuleErrors, AttributesOfNewNodes) {
  EXPECT_THAT(errors_in("y = relu(x);", "replace y with softmax(x) { axis = 0.5 };"),
              ElementsAre("3:36: attribute `axis` is a whole number, not this"));
  EXPECT_THAT(errors_in("y = relu(x);", "replace y with transpose(x) { perm = [1, 0.5] };"),
              ElementsAre("3:38: attribute `perm` is a list of whole numbers, not this"));
  EXPECT_THAT(errors_in("y = relu(x);", "replace y with softmax(x) { axis = 0, axis = 1 };"),
              ElementsAre("3:39: attribute `axis` is given twice"));
}

TEST(RuleErrors, ArgumentsGivenTwiceOrInVain) {
  const std::string_view match = "y = mul(x, k: const f32[2, 3]);";
  EXPECT_THAT(errors_in(match, "replace y with mul(x, sum(k, axis = 0, axis = 1));"),
              testing::Contains("3:47: argument `axis` of `sum` is given twice"));
  EXPECT_THAT(errors_in(match, "replace y with mul(x, max(k, 3, axis = 0));"),
              ElementsAre("3:23: `max` of two tensors has no `axis`"));
}

TEST(RuleErrors, ListsOfNothing) {
  EXPECT_THAT(errors_in("y = softmax(x) { axis in [] };", "replace y with x;"),
              ElementsAre("2:34: no value is in an empty list"));
  EXPECT_THAT(errors_of("option a = \"u\" in [] \"h\";\nrule r effect exact { match { y = relu(x); "
                        "} where a == \"u\"; replace y with x; }"),
              ElementsAre("1:20: expected a text that is allowed, found `]`"));
}

TEST(RuleErrors, ResultsOfTheNodeThatIsReplaced) {
  EXPECT_THAT(
      errors_in("y = relu(_);", "replace y with neg(y);"),
      ElementsAre("3:20: `y` is a result of the node that is replaced (what takes its place "
                  "reads its operands)"));
  EXPECT_THAT(
      errors_in("y = relu(_);", "let t = neg(y); replace y with tanh(t);"),
      ElementsAre("3:13: `y` is a result of the node that is replaced (what takes its place "
                  "reads its operands)"));
  EXPECT_THAT(errors_in("y = relu(x);", "replace y with reshape(x, shape(y));"), IsEmpty());
  const std::string_view halves = "(a, b) = split(_) { .. };";
  EXPECT_THAT(errors_in(halves, "replace a with b; replace b with a;"),
              ElementsAre("3:16: `b` is replaced itself", "3:34: `a` is replaced itself"));
  EXPECT_THAT(errors_in(halves, "replace a with b;"), IsEmpty());
}

TEST(RuleErrors, EdgesAndConstantsThatMeet) {
  EXPECT_THAT(
      errors_in("y = relu(x);",
                "on edge x -> y insert neg(x); on edge x -> y insert "
                "tanh(x);"),
      ElementsAre("3:31: the edge from `x` to `y` is given twice (insert all that goes there "
                  "at once)"));
  EXPECT_THAT(errors_in("y = mul(_, k: const);", "set k = -k; on edge k -> y insert neg(k);"),
              ElementsAre("3:13: `k` is set by the same rule (insert what is computed from it, or "
                          "set it in another rule)"));
}

TEST(RuleErrors, OperandsByNameAmongAlternatives) {
  EXPECT_THAT(errors_in("y = one_hot | gather (x, i, ..) { .. };",
                        "replace y with y(x, indices = i) { ..y };"),
              testing::Contains("3:31: operand `indices` is at another place in `gather`"));
}

TEST(RuleErrors, DefaultsOfDefaults) {
  const std::string_view match =
      "c = conv(x, _, b?: const) { .. }; y = conv(c, _, d?: const) { .. };";
  EXPECT_THAT(errors_in(match, "where all((b or d or 0) == 0); replace y with x;"), IsEmpty());
  EXPECT_THAT(errors_in(match, "where all((b or d) == 0); replace y with x;"),
              ElementsAre("3:12: `b or d` may be absent (write `(b or d or 0)`)"));
}

TEST(RuleErrors, NotNot) {
  EXPECT_THAT(errors_in("y = relu(x);", "where not not rank(x) == 1; replace y with x;"),
              IsEmpty());
  std::string nots;
  for (int i = 0; i < 5000; ++i) nots += "not ";
  EXPECT_THAT(errors_in("y = relu(x);", "where " + nots + "true; replace y with x;"),
              testing::Contains(testing::HasSubstr("the expression is nested too deeply")));
}

TEST(RuleErrors, ComparisonsThatHoldNowhere) {
  EXPECT_THAT(errors_in("y = leaky_relu(x) { alpha = a };", "where a == 0.1; replace y with x;"),
              ElementsAre("3:12: `a` is f32, and no f32 is 0.1 (compare with a tolerance, as `abs(a "
                          "- 0.1) < 1e-6`)"));
  EXPECT_THAT(errors_in("y = leaky_relu(x) { .. };", "where 0.1 != y.alpha; replace y with x;"),
              ElementsAre("3:7: `y.alpha` is f32, and no f32 is 0.1 (compare with a tolerance, as "
                          "`abs(y.alpha - 0.1) < 1e-6`)"));
  EXPECT_THAT(errors_in("y = mul(x, k: const f32);", "where all(k == 0.1); replace y with x;"),
              ElementsAre("3:16: `k` is f32, and no f32 is 0.1 (compare with a tolerance, as `abs(k "
                          "- 0.1) < 1e-6`)"));
  EXPECT_THAT(errors_in("y = mul(x, k: const f32);", "where all(k == 0.5); replace y with x;"),
              IsEmpty());
  EXPECT_THAT(errors_in("y = mul(x, k: const f64);", "where all(k == 0.1); replace y with x;"),
              IsEmpty());
  EXPECT_THAT(errors_of("option m = \"u\" in [\"up\", \"u\"] \"h\";\nrule r effect exact { match { y = "
                        "relu(x); } where m == \"upp\"; replace y with x; }"),
              ElementsAre("2:57: \"upp\" is not among the values of option `m` (did you mean `up`?)"));
}

TEST(RuleErrors, NodesWithTheNameOfAnOperator) {
  EXPECT_THAT(errors_in("relu = neg(x); y = tanh(relu);", "replace y with relu(x);"),
              ElementsAre("2:9: `relu` is the name of an operator (`relu(...)` would be a node like "
                          "the one that is matched here)"));
  EXPECT_THAT(errors_in("neg = neg(x); y = tanh(neg);", "replace y with neg(x);"), IsEmpty());
}

}  // namespace
}  // namespace rcc

#include "passes/validation/rule_validation.h"

#include <gtest/gtest.h>

#include "ir/text.h"

namespace rcc {
namespace {

RuleVerdict validate(const std::string& effect, const std::string& body,
                     RuleValidationSettings settings = {}) {
  const std::string text = "# A rule.\n\nrule it effect " + effect + " {\n" + body + "\n}\n";
  const auto rules = load_rules(text, "it.rules", *OpTable::builtin());
  EXPECT_TRUE(rules) << (rules ? "" : rules.error().message());
  if (!rules) return {};
  return validate_rule(*rules, *(*rules)->rules.front(), OpTable::builtin(), settings);
}

#define EXPECT_PROBLEM(verdict, part) \
  EXPECT_NE((verdict).problem.find(part), std::string::npos) << (verdict).problem

TEST(RuleValidation, BelievesARuleThatIsRight) {
  const RuleVerdict verdict =
      validate("exact", "match { y = relu(relu(x)); } replace y with relu(x);");
  EXPECT_EQ(verdict.problem, "");
  // A hundred sites, and most of them again with a first axis of unknown size.
  EXPECT_GE(verdict.fired, 150U);
  EXPECT_GE(verdict.graphs, verdict.fired);
  EXPECT_EQ(to_text(verdict).substr(0, 8), "it  ok  ");
}

TEST(RuleValidation, TheGraphOfAWrongRuleCanBeRead) {
  const RuleVerdict verdict =
      validate("exact", "match { y = relu(relu(x)); } replace y with exp(x);");
  EXPECT_PROBLEM(verdict, "differs by");
  EXPECT_TRUE(parse_graph(verdict.graph)) << verdict.graph;
}

TEST(RuleValidation, OneAlternativeOfSeveralIsWrong) {
  EXPECT_PROBLEM(validate("exact",
                          "match { y = abs(relu | hard_sigmoid | leaky_relu (x)); }"
                          "replace y with relu(x);"),
                 "differs by");
  EXPECT_EQ(
      validate("exact",
               "match { r = sigmoid | exp (x) { .. }; y = abs(r); } replace y with r(x) { ..r };")
          .problem,
      "");
}

TEST(RuleValidation, AttributesThatThePatternAcceptsAreTried) {
  EXPECT_PROBLEM(validate("approx 1e-5",
                          "match { y = gemm(x, W: const f32, b: const f32) { .. }; }"
                          "replace y with add(gemm(x, W), b);"),
                 "differs by");
}

TEST(RuleValidation, OneElementIsEnoughForAny) {
  const std::string body = "match { y = pow(x: f32, p: const f32); } where %(p == 2);"
                           "replace y with mul(x, x);";
  const auto with = [&](std::string_view word) {
    std::string text = body;
    return text.replace(text.find('%'), 1, word);
  };
  EXPECT_EQ(validate("approx 1e-6", with("all")).problem, "");
  EXPECT_PROBLEM(validate("approx 1e-6", with("any")), "differs by");
}

TEST(RuleValidation, NumbersThatConditionsDoNotExcludeAreTried) {
  EXPECT_PROBLEM(validate("approx 1e-6",
                          "match { y = relu(mul(x: f32, s: const f32)); }"
                          "where size(s) == 1; replace y with mul(relu(x), s);"),
                 "differs by");
  EXPECT_EQ(validate("approx 1e-6",
                     "match { y = relu(mul(x: f32, s: const f32)); }"
                     "where size(s) == 1, all(s >= 0); replace y with mul(relu(x), s);")
                .problem,
            "");
}

TEST(RuleValidation, ElementTypesThatThePatternLeavesOpenAreTried) {
  EXPECT_PROBLEM(validate("approx 1e-5",
                          "match { y = div(x, s: const); } where size(s) == 1, all(s == 2);"
                          "replace y with mul(x, 1 / s);"),
                 "differs by");
}

TEST(RuleValidation, AnInteriorResultIsSharedWithoutDoingMore) {
  EXPECT_EQ(validate("exact", "match { a = neg(x: !float) shared; y = neg(a); } replace y with x;")
                .problem,
            "");
  EXPECT_PROBLEM(validate("approx 1e-5",
                          "match { c = matmul(x, W: const f32) shared; y = mul(c, s: const f32); }"
                          "where size(s) == 1, same_type(c, y); replace y with matmul(x, W * s);"),
                 "duplicates work that `shared` keeps alive");
}

TEST(RuleValidation, OneNodeForTwoPatternsIsTried) {
  EXPECT_PROBLEM(validate("exact",
                          "match { p = neg(a: f32); q = neg(b: f32); y = mul(p, q); }"
                          "let k = select(reader_count(p) == 2, 2, 1);"
                          "replace y with mul(mul(a, b), k);"),
                 "one node twice): output");
}

TEST(RuleValidation, EveryVariantHasToApply) {
  EXPECT_PROBLEM(validate("approx 1e-7",
                          "match { y = clip(x, low?, high: const); } where is_present(low);"
                          "replace y with min(max(x, low), high);"),
                 "does not apply without low");
  const RuleVerdict never = validate("exact",
                                     "match { y = relu(x); } where rank(x) == 9 and rank(x) == 8;"
                                     "replace y with x;");
  EXPECT_PROBLEM(never, "does not apply in ");
  EXPECT_PROBLEM(never, "`rank(x) == 9 and rank(x) == 8` could not be met");
}

// Right at the default, wrong at an end of the range.
TEST(RuleValidation, OptionsAreTriedAtTheEndsOfTheirRanges) {
  const auto with_option = [](const std::string& option) {
    const std::string text = "# A rule.\noption " + option +
                             " \"it\";\nrule it effect approx 1e-6 {\n"
                             "  match { y = mul(x: f32, k: const f32[]); }\n"
                             "  let f = select(how == 2, k, k + 1);\n"
                             "  replace y with div(x, 1 / f);\n}\n";
    const auto rules = load_rules(text, "it.rules", *OpTable::builtin());
    EXPECT_TRUE(rules) << (rules ? "" : rules.error().message());
    return validate_rule(*rules, *(*rules)->rules.front(), OpTable::builtin(), {});
  };
  const RuleVerdict verdict = with_option("how = 2 in [2, 8]");
  EXPECT_PROBLEM(verdict, "differs by");
  EXPECT_PROBLEM(verdict, "option how = 8");
  EXPECT_EQ(with_option("how = 2 in [2, 2]").problem, "");
}

TEST(RuleValidation, EmptyResultsProveNothing) {
  EXPECT_PROBLEM(validate("approx 1e-6",
                          "match { y = mul(x: f32, k: const f32); } where size(k) == 0;"
                          "replace y with add(x, k);"),
                 "its results have no elements");
}

// Without its padding a window that is as large as the image sees all of it, whatever its stride.
TEST(RuleValidation, PaddingAndStridesAreTriedTogether) {
  EXPECT_PROBLEM(validate("exact",
                          "match { y = max_pool(x: f32[_, _, H, W])"
                          " { auto_pad = \"NOTSET\", dilations = [], kernel_shape = k, .. }; }"
                          "where k == [H, W]; replace y with global_max_pool(x);"),
                 "differs by");
}

TEST(RuleValidation, ALossyRuleIsNotCompared) {
  const RuleVerdict verdict = validate("lossy", "match { y = exp(x); } replace y with relu(x);");
  EXPECT_EQ(verdict.problem, "");
  EXPECT_GE(verdict.fired, 100U);
}

TEST(RuleValidation, TheSameSettingsGiveTheSameVerdict) {
  const std::string body =
      "match { y = batch_norm(x, g: const, b: const, m: const, v: const) { epsilon = e }; }"
      "let s = g / sqrt(v + e);"
      "replace y with batch_norm(x, s, b, m, full([size(v)], 1)) { epsilon = 0.0 };";
  const auto text = [&](std::uint64_t seed) {
    return to_text(validate("approx 1e-5", body, {.seed = seed, .sites = 20}));
  };
  EXPECT_EQ(text(5), text(5));
  EXPECT_NE(text(5), text(6));
}

}  // namespace
}  // namespace rcc

#include "passes/validation/rule_synthesis.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ir/text.h"
#include "passes/rules/matcher.h"

namespace rcc {
namespace {

std::shared_ptr<const RuleSet> load(const std::string& body) {
  const std::string text = "# A rule.\n\nrule it effect lossy {\n" + body + "\n}\n";
  auto rules = load_rules(text, "it.rules", *OpTable::builtin());
  EXPECT_TRUE(rules) << (rules ? "" : rules.error().message());
  return rules ? *rules : nullptr;
}

constexpr std::uint64_t kSeeds = 40;

// Of kSeeds sites, those at which the matcher finds the rule to apply.
std::uint64_t matching_sites(const std::string& body, SiteVariant variant = {}) {
  const auto rules = load(body);
  if (rules == nullptr) return 0;
  const Rule& rule = *rules->rules.front();
  const SynthesisSettings settings{{}, OpTable::builtin()};
  std::uint64_t count = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto site = synthesise_site(rule, variant, settings, seed);
    if (!site || site->failed_statement) continue;
    Matcher matcher(settings.options, Matcher::Explain::always);
    const auto outcome = matcher.match(rule, *site->graph.node(site->matched.back()));
    EXPECT_EQ(outcome, Matcher::Outcome::yes) << matcher.reason();
    if (outcome == Matcher::Outcome::yes) ++count;
  }
  return count;
}

// Conditions that hold by chance once in a thousand graphs or never.
TEST(RuleSynthesis, SolvesConditions) {
  const char* conditions[] = {
      "size(x, 1) % 4 == 0, size(x, 0) == 7",
      "rank(x) == 3",
      "all(abs(k - sqrt(0.5)) < 1e-6), size(k) == 1",
      "all(k * 6 == 3), rank(k) == 1",
      "min(k) > 100",
      "not any(k < 12.5)",
      "same_shape(x, k), all(1 / k == 8)",
      "all((k - 2) / 3 >= 5) or all(k == -17)",
  };
  for (const char* condition : conditions) {
    SCOPED_TRACE(condition);
    EXPECT_GE(matching_sites(fmt::format("match {{ y = mul(x, k: const f32); }} where {};"
                                         "replace y with add(x, k);",
                                         condition)),
              kSeeds / 2);
  }
}

TEST(RuleSynthesis, SolvesForAttributesThroughLets) {
  EXPECT_GE(matching_sites("match { y = gemm(x, ..) { alpha = a, .. }; }"
                           "let twice = 2 * a + 1; where twice == 8, y.transB == 1;"
                           "replace y with x;"),
            kSeeds / 2);
  EXPECT_GE(matching_sites("match { t = transpose(x) { perm = p }; y = transpose(t) { perm = q }; }"
                           "where gather(p, q) == range(rank(x)), rank(x) == 4, p == [0, 2, 3, 1];"
                           "replace y with x;"),
            kSeeds / 2);
  EXPECT_GE(matching_sites("match { y = transpose(x) { perm = p }; }"
                           "where inverse(p) == [2, 0, 1]; replace y with x;"),
            kSeeds / 2);
}

TEST(RuleSynthesis, NamesOfSizesAreOneSize) {
  EXPECT_GE(matching_sites("match { y = matmul(x: f32[N, N], _: const f32[N, N]); }"
                           "where N > 1; replace y with x;"),
            kSeeds / 2);
  EXPECT_GE(matching_sites("match { c = conv(x, _: const f32[OC, OC, 1, 1]) { .. };"
                           "  y = add(c, _: const f32[OC, 1, 1]); }"
                           "where OC == 9; replace y with x;"),
            kSeeds / 2);
}

TEST(RuleSynthesis, SaysWhichConditionCannotBeMet) {
  const auto rules = load(
      "match { y = relu(x); } where rank(x) >= 0; where rank(x) < 0 else \"no\";"
      "replace y with x;");
  ASSERT_NE(rules, nullptr);
  const auto site = synthesise_site(*rules->rules.front(), {}, {{}, OpTable::builtin()}, 1);
  ASSERT_TRUE(site);
  EXPECT_EQ(site->failed_statement, 1U);
}

TEST(RuleSynthesis, TakesTheVariantAskedFor) {
  const auto rules = load(
      "match { c = conv | gemm (_, _, _?) { .. }; y = relu | exp (c); }"
      "replace y with c;");
  ASSERT_NE(rules, nullptr);
  const Rule& rule = *rules->rules.front();
  SiteVariant variant;
  variant.operators = {1, 1};
  variant.presence = {false};
  variant.reader = SiteVariant::Reader::output;
  variant.read_pattern = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto site = synthesise_site(rule, variant, {{}, OpTable::builtin()}, seed);
    ASSERT_TRUE(site) << site.error();
    const Node& gemm = *site->graph.node(site->matched[0]);
    EXPECT_TRUE(gemm.is(OpKind::gemm));
    EXPECT_EQ(gemm.operand("b"), nullptr);
    EXPECT_TRUE(gemm.result()->is_output());
    EXPECT_TRUE(site->graph.node(site->matched[1])->is(OpKind::exp));
  }
}

TEST(RuleSynthesis, IsAFunctionOfTheSeed) {
  const auto rules = load("match { y = conv(x, ..) { .. }; } replace y with x;");
  ASSERT_NE(rules, nullptr);
  const Rule& rule = *rules->rules.front();
  const auto text = [&](std::uint64_t seed) {
    const auto site = synthesise_site(rule, {}, {{}, OpTable::builtin()}, seed);
    return site ? print(site->graph).value_or("") : std::string();
  };
  EXPECT_EQ(text(3), text(3));
  EXPECT_NE(text(3), text(4));
}

}  // namespace
}  // namespace rcc

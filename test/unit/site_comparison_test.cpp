#include "passes/validation/site_comparison.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ir/text.h"

namespace rcc {
namespace {

Graph graph(const std::string& nodes, const std::string& type = "f32[4,4]") {
  auto parsed = parse_graph("graph @g(%x: " + type + ") {\n" + nodes + "  return %y\n}\n");
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message());
  return std::move(*parsed);
}

TEST(SiteComparison, ExactTellsZerosApart) {
  const Graph sum = graph("  @zero = const f32[] <0>\n  %y = add(%x, @zero)\n");
  const Graph copy = graph("  %y = identity(%x)\n");
  const SiteComparison compared = compare_sites(sum, copy, Effect::exact, 0, 0);
  EXPECT_NE(compared.broken.find("was 0.0 and is -0.0); the rule says it is exact"),
            std::string::npos)
      << compared.broken;
  EXPECT_EQ(compare_sites(copy, copy, Effect::exact, 0, 0).runs, 5U);
  EXPECT_EQ(compare_sites(sum, copy, Effect::approx, 1e-9, 0).broken, "");
}

TEST(SiteComparison, ReportsTheLargestDifferenceWithinTheTolerance) {
  const Graph one = graph("  %y = identity(%x)\n");
  const Graph more = graph("  @k = const f32[] <1.0001>\n  %y = mul(%x, @k)\n");
  const SiteComparison compared = compare_sites(one, more, Effect::approx, 1e-3, 0);
  EXPECT_EQ(compared.broken, "");
  EXPECT_NEAR(compared.largest_difference, 1e-4, 1e-6);
  EXPECT_NE(compare_sites(one, more, Effect::approx, 1e-5, 0).broken, "");
}

// A difference that normal inputs hide shows where the result is nothing else.
TEST(SiteComparison, ZeroInputsShowWhatIsAdded) {
  const Graph with = graph(
      "  @k = const f32[] <1000>\n  @b = const f32[] <0.001>\n"
      "  %p = mul(%x, @k)\n  %q = mul(%p, %p)\n  %r = mul(%q, %q)\n"
      "  %y = add(%r, @b)\n");
  const Graph without = graph(
      "  @k = const f32[] <1000>\n"
      "  %p = mul(%x, @k)\n  %q = mul(%p, %p)\n  %y = mul(%q, %q)\n");
  EXPECT_EQ(compare_sites(with, without, Effect::approx, 1e-9, 0).broken, "");
  EXPECT_NE(compare_sites(with, without, Effect::exact, 0, 0).broken.find("(zero inputs)"),
            std::string::npos);
}

TEST(SiteComparison, ResultsThatAreNotFiniteProveNothing) {
  const Graph nothing = graph(
      "  @k = const f32[] <-1>\n  @z = const f32[] <0>\n"
      "  %a = abs(%x)\n  %m = sub(@k, %a)\n  %y = log(%m)\n");
  const SiteComparison compared = compare_sites(nothing, nothing, Effect::approx, 1e-5, 0);
  EXPECT_EQ(compared.runs, 0U);
  EXPECT_EQ(compared.reason, "its results are not finite");
}

TEST(SiteComparison, SymbolsOfTheFirstAxisHaveTheSizeAskedFor) {
  const Graph any = graph("  %y = identity(%x)\n", "f32[N,4]");
  const Graph one = graph("  @s = const i64[2] <1, 4>\n  %y = reshape(%x, @s)\n", "f32[N,4]");
  EXPECT_EQ(compare_sites(any, one, Effect::exact, 0, 0, 1).broken, "");
  EXPECT_NE(compare_sites(any, one, Effect::exact, 0, 0, 3).broken, "");
}

}  // namespace
}  // namespace rcc

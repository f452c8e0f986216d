#include "frontends/recipe/toml_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rcc {
namespace {

std::string place(const SourceSpan& span) {
  return fmt::format("{}:{}+{}", span.line, span.column, span.length);
}

const OptionValue& at(const OptionTable& table, std::string_view key) {
  for (const auto& [name, value] : table)
    if (name == key) return value;
  throw std::out_of_range(std::string(key));
}

Diagnostic problem(std::string_view text) {
  const auto table = parse_toml(text, "r.toml");
  return table ? Diagnostic{} : table.error().diagnostics.front();
}

TEST(TomlTable, KeepsTheOrderOfTheText) {
  const auto table = parse_toml("zeta = 1\nalpha = 2\n[mid]\n[[pass]]\n", "r.toml");
  ASSERT_TRUE(table);
  std::vector<std::string> keys;
  for (const auto& [key, value] : *table) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"zeta", "alpha", "mid", "pass"}));
}

TEST(TomlTable, ConvertsEveryKindOfValue) {
  const auto table =
      parse_toml("a = true\nb = -3\nc = 0.5\nd = \"x\"\ne = [1, 2]\nf = { g = 1 }\n", "r.toml");
  ASSERT_TRUE(table);
  EXPECT_EQ(std::get<bool>(at(*table, "a").value), true);
  EXPECT_EQ(std::get<std::int64_t>(at(*table, "b").value), -3);
  EXPECT_EQ(std::get<double>(at(*table, "c").value), 0.5);
  EXPECT_EQ(std::get<std::string>(at(*table, "d").value), "x");
  EXPECT_EQ(std::get<OptionValue::List>(at(*table, "e").value).size(), 2U);
  EXPECT_EQ(std::get<OptionTable>(at(*table, "f").value).front().first, "g");
}

TEST(TomlTable, KnowsWhereKeysAndValuesStand) {
  const auto table = parse_toml("schema = 1\n[[pass]]\nratio   = 50\n", "r.toml");
  ASSERT_TRUE(table);
  const auto& pass = std::get<OptionValue::List>(at(*table, "pass").value).front();
  const OptionValue& ratio = at(std::get<OptionTable>(pass.value), "ratio");
  EXPECT_EQ(place(ratio.key_span), "3:1+5");
  EXPECT_EQ(place(ratio.span), "3:11+2");
  EXPECT_EQ(ratio.span.line_text, "ratio   = 50");
  EXPECT_EQ(ratio.span.file, "r.toml");
}

TEST(TomlTable, CountsColumnsInBytes) {
  const auto table = parse_toml("t = { a = \"\u00e9\u4e2d\", b = 7 }\r\n", "r.toml");
  ASSERT_TRUE(table);
  const OptionValue& b = at(std::get<OptionTable>(at(*table, "t").value), "b");
  EXPECT_EQ(place(b.span), "1:24+1");
  EXPECT_EQ(b.span.line_text.back(), '}');
}

TEST(TomlTable, CutsASpanAtTheEndOfItsLine) {
  const auto table = parse_toml("a = [1,\n  2]\n", "r.toml");
  ASSERT_TRUE(table);
  EXPECT_EQ(place(at(*table, "a").span), "1:5+3");
}

TEST(TomlTable, SaysWhichKeyIsThereTwice) {
  const Diagnostic twice = problem("ratio = 1\nratio = 2\n");
  EXPECT_EQ(twice.message, "`ratio` is given twice");
  EXPECT_EQ(place(twice.span), "2:1+5");
  const Diagnostic table = problem("[pass]\nname = \"a\"\n[[pass]]\n");
  EXPECT_EQ(table.message, "`pass` is given twice");
  EXPECT_EQ(place(table.span), "3:3+4");
}

TEST(TomlTable, ProposesQuotesForABareWord) {
  const Diagnostic bare = problem("macs = half # of it\n");
  EXPECT_EQ(bare.message, "`half` is not a TOML value");
  EXPECT_EQ(bare.help, "text stands in quotes: \"half\"");
  EXPECT_EQ(place(bare.span), "1:8+4");
  EXPECT_EQ(problem("top1_drop = <= 1.5%\n").help, "text stands in quotes: \"<= 1.5%\"");
}

TEST(TomlTable, GivesTheReasonOfTheParser) {
  const Diagnostic open = problem("a = [1,\n");
  EXPECT_EQ(open.message, "not valid TOML: encountered end-of-file");
  EXPECT_EQ(open.span.line, 1U);
}

TEST(TomlTable, RefusesWhatNoOptionTakes) {
  EXPECT_EQ(problem("a = 2020-01-01\n").message, "a date or time, which no option takes");
  EXPECT_EQ(problem("a = nan\n").message, "not a finite number");
  EXPECT_EQ(problem("a = { b = [-inf] }\n").message, "not a finite number");
}

}  // namespace
}  // namespace rcc

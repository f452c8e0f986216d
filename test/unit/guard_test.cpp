#include "frontends/recipe/guard.h"

#include <gtest/gtest.h>

#include <string>

namespace rcc {
namespace {

std::string repeat(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

// Empty when the guard lets the text pass.
std::string refusal(std::string_view text) {
  const auto guarded = guard_recipe_text(text, "r.toml");
  return guarded ? "" : guarded.error().message();
}

TEST(Guard, LetsOrdinaryTextPass) {
  EXPECT_EQ(refusal("a = 1\n[[pass]]\nb = { c = [1.5, 2.5] } # é\n"), "");
  EXPECT_EQ(refusal(""), "");
}

TEST(Guard, CountsBracketsOutsideStringsAndComments) {
  EXPECT_EQ(refusal("a = " + repeat("[", 32) + repeat("]", 32)), "");
  EXPECT_EQ(refusal("a = " + repeat("[", 33)), "brackets nested deeper than 32");
  EXPECT_EQ(refusal("a = " + repeat("{b=", 33)), "brackets nested deeper than 32");
  EXPECT_EQ(refusal("a = \"" + repeat("[", 40) + "\"\nb = '" + repeat("{", 40) + "'\n"), "");
  EXPECT_EQ(refusal("# " + repeat("[", 40) + "\na = '''\n" + repeat("[", 40) + "'''\n"), "");
  // Closing brackets without opening ones do not make room for more.
  EXPECT_EQ(refusal(repeat("]", 40) + repeat("[", 33)), "brackets nested deeper than 32");
}

TEST(Guard, SeesBracketsBehindStringsThatEndInQuotes) {
  // The string is `x"`: five quotes are two of its own and the closing three.
  EXPECT_EQ(refusal("a = [\"\"\"x\"\"\"\", " + repeat("[", 32)), "brackets nested deeper than 32");
  EXPECT_EQ(refusal("a = [\"\\\"\", " + repeat("[", 32)), "brackets nested deeper than 32");
  EXPECT_EQ(refusal("a = ['\\', " + repeat("[", 32)), "brackets nested deeper than 32");
}

TEST(Guard, CountsThePartsOfAKey) {
  EXPECT_EQ(refusal("a" + repeat(".a", 32) + " = 1\n"), "");
  EXPECT_EQ(refusal("a" + repeat(".a", 33) + " = 1\n"), "a key of more than 33 parts");
  EXPECT_EQ(refusal("a" + repeat(".\"a\"", 30000) + " = 1\n"), "a key of more than 33 parts");
  EXPECT_EQ(refusal("[a" + repeat(".a", 33) + "]\n"), "a key of more than 33 parts");
  EXPECT_EQ(refusal("a = [" + repeat("1.5,", 100) + "]\n"), "");
}

TEST(Guard, RefusesTextThatIsNotUtf8) {
  EXPECT_EQ(refusal("a = \"\xff\"\n"), "not valid UTF-8");
  EXPECT_EQ(refusal("a = \"\xc0\xaf\"\n"), "not valid UTF-8");      // overlong
  EXPECT_EQ(refusal("a = \"\xed\xa0\x80\"\n"), "not valid UTF-8");  // a surrogate
  EXPECT_EQ(refusal("a = \"\xe2\x82"), "not valid UTF-8");          // cut short
  const auto guarded = guard_recipe_text("a = 1\nb = \"\x80\"\n", "r.toml");
  ASSERT_FALSE(guarded);
  EXPECT_EQ(guarded.error().diagnostics.front().span.line, 2U);
  EXPECT_EQ(guarded.error().diagnostics.front().span.column, 6U);
}

TEST(Guard, RefusesMoreThanAMebibyte) {
  std::string text(kMaxRecipeBytes, '\n');
  EXPECT_EQ(refusal(text), "");
  text += '\n';
  const auto guarded = guard_recipe_text(text, "r.toml");
  ASSERT_FALSE(guarded);
  EXPECT_EQ(guarded.error().kind, ErrorKind::limit);
}

}  // namespace
}  // namespace rcc

#include "passes/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace rcc {
namespace {

TEST(Glob, MatchesWholeText) {
  EXPECT_TRUE(matches_glob("layer1.0.conv1", "layer1.0.conv1"));
  EXPECT_FALSE(matches_glob("layer1", "layer1.0"));
  EXPECT_FALSE(matches_glob("layer1.0", "layer1"));
  EXPECT_TRUE(matches_glob("layer?.*.conv*", "layer1.0.conv1"));
  EXPECT_FALSE(matches_glob("layer?.*.conv*", "layer10.conv1"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_FALSE(matches_glob("", "x"));
}

TEST(Glob, TakesAnEarlierStarBack) {
  EXPECT_TRUE(matches_glob("a*bc", "abcabc"));
  EXPECT_TRUE(matches_glob("*a*b", "aaxbab"));
  EXPECT_FALSE(matches_glob("*a*b", "bbba"));
}

TEST(Glob, StaysPolynomialOnManyStars) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(10000, 'a')));
}

}  // namespace
}  // namespace rcc

#include "ir/support/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

#include "ir/support/hash.h"
#include "ir/support/philox.h"

namespace rcc {
namespace {

// The known answers published with Random123 (kat_vectors, philox4x32 10).
TEST(Philox, GivesThePublishedAnswers) {
  using Words = std::array<std::uint32_t, 4>;
  const std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// Computed apart in Python: the key is the low half of the XXH3-128 of the parts (42, "shuffle", 3)
// as Hasher lays them out; word 0 and 1 of Philox are the bits; the normal number is
// sqrt(-2 log(1 - u)) cos(2 pi v) with u from words 0, 1 and v from words 2, 3.
TEST(RandomStream, NeverChanges) {
  const RandomStream stream(42, "shuffle", 3);
  EXPECT_EQ(stream.bits(0), 0xce57f0deb4e0a550U);
  EXPECT_EQ(stream.bits(1), 0x5ec47e8febf28255U);
  EXPECT_EQ(stream.bits(std::uint64_t{1} << 32), 0x0cb3ba365ca9cae5U);
  EXPECT_EQ(stream.bits(~std::uint64_t{0}), 0x4a274cf770c05dc1U);
  EXPECT_EQ(stream.uniform(0), 0.8060293716160936);
  EXPECT_EQ(stream.uniform(1), 0.37018576635086653);
  EXPECT_EQ(stream.below(0, 10), 8U);
  EXPECT_EQ(stream.below(std::uint64_t{1} << 32, 10), 0U);
  EXPECT_NEAR(stream.normal(0), -1.3983858227352757, 1e-15);
  EXPECT_NEAR(stream.normal(1), 0.05565451794126727, 1e-15);
  EXPECT_NEAR(stream.normal(std::uint64_t{1} << 32), -0.31859949428170636, 1e-15);
}

TEST(RandomStream, DependsOnSeedPurposeAndKey) {
  const std::set<std::uint64_t> first{RandomStream(1, "a").bits(0), RandomStream(2, "a").bits(0),
                                      RandomStream(1, "b").bits(0),
                                      RandomStream(1, "a", 1).bits(0)};
  EXPECT_EQ(first.size(), 4U);
}

TEST(RandomStream, BelowReachesEveryValueEvenly) {
  const RandomStream stream(0, "test");
  std::array<int, 7> counts{};
  for (std::uint64_t i = 0; i < 70000; ++i) ++counts.at(stream.below(i, 7));
  // Standard deviation of a count: sqrt(70000 * 1/7 * 6/7) = 93.
  for (const int count : counts) EXPECT_NEAR(count, 10000, 5 * 93);
  EXPECT_EQ(stream.below(5, 1), 0U);
}

TEST(RandomStream, NormalHasTheRightMoments) {
  const RandomStream stream(0, "test");
  constexpr int kCount = 100000;
  double sum = 0;
  double squares = 0;
  double fourth = 0;
  int beyond_two = 0;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    const double x = stream.normal(i);
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    beyond_two += std::abs(x) > 2 ? 1 : 0;
  }
  // Five standard errors: 1, sqrt(2) and sqrt(96) over sqrt(100000).
  EXPECT_NEAR(sum / kCount, 0, 0.016);
  EXPECT_NEAR(squares / kCount, 1, 0.023);
  EXPECT_NEAR(fourth / kCount, 3, 0.16);
  // P(|x| > 2) = 0.0455.
  EXPECT_NEAR(beyond_two / double{kCount}, 0.0455, 0.0033);
}

// Its own logarithm and cosine against the C library's, over many draws.
TEST(RandomStream, NormalAgreesWithTheCLibrary) {
  const RandomStream stream(7, "exact");
  const std::uint64_t key =
      Hasher().add(std::uint64_t{7}).add("exact").add(std::uint64_t{0}).digest().low;
  constexpr double kTurn = 6.283185307179586;
  for (std::uint32_t i = 0; i < 20000; ++i) {
    const auto words = philox4x32(
        {i, 0, 0, 0}, {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
    const std::uint64_t angle_bits = std::uint64_t{words[3]} << 32 | words[2];
    const double angle = kTurn * static_cast<double>(angle_bits >> 11) * 0x1p-53;
    const double expected = std::sqrt(-2.0 * std::log(1.0 - stream.uniform(i))) * std::cos(angle);
    ASSERT_NEAR(stream.normal(i), expected, 4e-15) << i;
  }
}

}  // namespace
}  // namespace rcc

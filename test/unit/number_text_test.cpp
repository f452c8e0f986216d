#include "ir/support/number_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "ir/support/random.h"

namespace rcc {
namespace {

TEST(NumberText, WritesTheShortestFloat) {
  EXPECT_EQ(to_text(1.0F), "1.0");
  EXPECT_EQ(to_text(-0.0F), "-0.0");
  EXPECT_EQ(to_text(0.1F), "0.1");
  EXPECT_EQ(to_text(1e-5), "1e-05");
  EXPECT_EQ(to_text(1e20F), "1e+20");
  EXPECT_EQ(to_text(16777216.0F), "16777216.0");
  EXPECT_EQ(to_text(0.1), "0.1");
  EXPECT_EQ(to_text(1.0 / 3.0), "0.3333333333333333");
  EXPECT_EQ(to_text(std::numeric_limits<float>::infinity()), "inf");
  EXPECT_EQ(to_text(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(to_text(std::nan("")), "nan");
  EXPECT_EQ(to_text(-std::nanf("")), "nan");
}

TEST(NumberText, ReadsBackEveryFloat) {
  const RandomStream stream(0, "number_text_test");
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const auto bits = static_cast<std::uint32_t>(stream.bits(i));
    const float value = std::bit_cast<float>(bits);
    if (std::isnan(value)) continue;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(parse_float(to_text(value)).value()), bits);
  }
  const double smallest = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(parse_double(to_text(smallest)), smallest);
  EXPECT_TRUE(std::isnan(parse_double("nan").value()));
  EXPECT_EQ(parse_float("-inf"), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::signbit(parse_float("-0.0").value()));
}

TEST(NumberText, RefusesWhatIsNotWhollyANumber) {
  for (const char* text : {"", " 1", "1 ", "+1", "1x", "1e999", "0x10", "1,5", "--1", "."}) {
    EXPECT_FALSE(parse_double(text)) << text;
    EXPECT_FALSE(parse_float(text)) << text;
  }
  // Within double, beyond float.
  EXPECT_TRUE(parse_double("1e300"));
  EXPECT_FALSE(parse_float("1e300"));
}

TEST(NumberText, ReadsIntegers) {
  EXPECT_EQ(parse_int("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_int("007"), 7);
  for (const char* text : {"", "9223372036854775808", "1.0", "1e3", "+5", "0x1", " 1"})
    EXPECT_FALSE(parse_int(text)) << text;
}

TEST(NumberText, WritesSizesForPeople) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1000), "1.0 kB");
  EXPECT_EQ(size_text(44758016), "44.8 MB");
  // Not 1000.0 kB.
  EXPECT_EQ(size_text(999950), "1.0 MB");
  EXPECT_EQ(size_text(999949), "999.9 kB");
  EXPECT_EQ(size_text(~std::uint64_t{0}), "18.4 EB");
}

TEST(NumberText, WritesCountsForPeople) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(11689512), "11.69 M");
  EXPECT_EQ(count_text(1814073344), "1.81 G");
  EXPECT_EQ(count_text(999995), "1.00 M");
  EXPECT_EQ(count_text(5000), "5.00 k");
}

}  // namespace
}  // namespace rcc

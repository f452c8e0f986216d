#include "tools/rcc/measurement.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

using Relation = Bound::Relation;

Measurement measured(std::uint64_t bytes, std::uint64_t params, std::uint64_t macs,
                     std::uint64_t correct) {
  Measurement out;
  out.bytes = bytes;
  out.cost = {.params = params, .macs = macs, .weight_bytes = bytes, .nonzero_params = params / 2};
  out.accuracy = Accuracy{correct, 1000};
  return out;
}

const Measurement kBefore = measured(4000, 1000, 50000, 900);
const Measurement kAfter = measured(500, 500, 25000, 880);

std::vector<std::string> unmet(const Requirements& requirements) {
  return unmet_requirements(requirements, kBefore, kAfter);
}

TEST(Measurement, RequirementsThatHoldSayNothing) {
  Requirements requirements;
  requirements.top1 = Bound{Relation::at_least, 0.88, true};
  requirements.top1_drop = Bound{Relation::at_most, 0.02, true};
  requirements.size = Bound{Relation::at_most, 500, false};
  requirements.size_ratio = Bound{Relation::at_least, 8, false};
  requirements.macs = Bound{Relation::at_most, 0.5, true};
  requirements.params = Bound{Relation::less, 501, false};
  requirements.nonzeros = Bound{Relation::at_most, 0.25, true};
  // 0.9 - 0.88 is a little more than 0.02 in binary.
  requirements.top1_drop->limit = 0.0201;
  EXPECT_EQ(unmet(requirements), std::vector<std::string>{});
}

TEST(Measurement, RequirementsThatFailSayByHowMuch) {
  Requirements requirements;
  requirements.top1_drop = Bound{Relation::at_most, 0.015, true};
  requirements.size_ratio = Bound{Relation::at_least, 9, false};
  requirements.macs = Bound{Relation::less, 0.5, true};
  requirements.params = Bound{Relation::greater, 500, false};
  EXPECT_EQ(unmet(requirements),
            (std::vector<std::string>{
                "`top1_drop` is 2.00 points, required is at most 1.5 points",
                "`size_ratio` is 8.000, required is at least 9",
                "`macs` is 50.00 % of the original's, required is less than 50 %",
                "`params` is 500, required is more than 500"}));
}

TEST(Measurement, TableShowsBeforeAfterAndChange) {
  EXPECT_EQ(comparison_table(kBefore, kAfter),
            "                before       after  change\n"
            "size            4.0 kB       500 B  8.00x smaller\n"
            "params          1.00 k         500  -50.0 %\n"
            "non-zeros          500         250  -50.0 %\n"
            "MACs           50.00 k     25.00 k  -50.0 %\n"
            "top-1          90.00 %     88.00 %  -2.00 points, n = 1000\n"
            "            87.98 to 91.71 % before, 85.84 to 89.87 % after (95 % intervals)");
}

TEST(Measurement, OnlyAccuracyNeedsABackend) {
  Requirements requirements;
  requirements.size_ratio = Bound{Relation::at_least, 9, false};
  EXPECT_FALSE(needs_accuracy(requirements));
  requirements.top1 = Bound{Relation::at_least, 0.5, true};
  EXPECT_TRUE(needs_accuracy(requirements));
}

TEST(Measurement, SizesThatHardlyDifferAreNamedInBytes) {
  Measurement after = measured(4003, 1000, 50000, 900);
  EXPECT_NE(comparison_table(kBefore, after).find("4.0 kB      4.0 kB  +3 bytes\n"),
            std::string::npos)
      << comparison_table(kBefore, after);
  after.bytes = 3990;
  EXPECT_NE(comparison_table(kBefore, after).find("-10 bytes\n"), std::string::npos);
}

}  // namespace
}  // namespace rcc

#include "backends/torch/precision.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

TEST(Precision, TakesBf16WhereTheDeviceHasIt) {
  EXPECT_TRUE(choose_precision("auto", true).uses_bf16);
  EXPECT_TRUE(choose_precision("bf16", true).uses_bf16);
  EXPECT_EQ(choose_precision("bf16", true).name, "bf16");
  EXPECT_EQ(choose_precision("bf16", true).note, "");
}

TEST(Precision, StaysWithFloat32ElsewhereAndSaysSoWhenAsked) {
  EXPECT_FALSE(choose_precision("auto", false).uses_bf16);
  EXPECT_EQ(choose_precision("auto", false).note, "");
  const PrecisionChoice choice = choose_precision("bf16", false);
  EXPECT_FALSE(choice.uses_bf16);
  EXPECT_EQ(choice.name, "float32");
  EXPECT_NE(choice.note.find("training in float32"), std::string::npos);
}

TEST(Precision, Float32IsKept) {
  EXPECT_FALSE(choose_precision("float32", true).uses_bf16);
  EXPECT_EQ(choose_precision("float32", true).name, "float32");
}

}  // namespace
}  // namespace rcc

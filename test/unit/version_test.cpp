#include "ir/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rcc {
namespace {

TEST(Version, IsThreeNumbers) {
  EXPECT_THAT(std::string(version()), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

}  // namespace
}  // namespace rcc

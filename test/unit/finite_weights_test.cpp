#include "passes/finite_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/text.h"

namespace rcc {
namespace {

std::string problem_of(std::string_view text) {
  const Graph graph = parse_graph(text).value();
  const Result<void> checked = require_finite_weights(graph);
  return checked ? "" : checked.error().diagnostics.front().place + ": " + checked.error().message();
}

TEST(FiniteWeights, NamesTheConstantItsLayerAndTheElement) {
  EXPECT_EQ(problem_of(R"(graph @g(%x: f32[1,1,4,4]) {
    @w = const f32[2,1,1,1] <1.0, 2.0>
    @b = const f32[2] <0.5, nan>
    %c = conv(%x, @w, @b)
    return %c
  })"),
            "layer `c`: `b` holds nan at element 1; 1 of its 2 elements are not finite");
  EXPECT_EQ(problem_of(R"(graph @g(%x: f32[1,1,4,4]) {
    @w = const f32[2,1,1,1] <-inf, inf>
    %c = conv(%x, @w)
    return %c
  })"),
            "layer `c`: `w` holds -inf at element 0; 2 of its 2 elements are not finite");
}

TEST(FiniteWeights, ReadsHalfPrecisionAndStatistics) {
  EXPECT_THAT(problem_of(R"(graph @g(%x: f16[1,1,4,4]) {
    @w = const f16[1,1,1,1] <inf>
    %c = conv(%x, @w)
    return %c
  })"),
              testing::HasSubstr("`w` holds inf"));
  EXPECT_THAT(problem_of(R"(graph @g(%x: f32[1,1,4,4]) {
    @one = const f32[1] <1.0>
    @var = const f32[1] <nan>
    %y = batch_norm(%x, @one, @one, @one, @var)
    return %y
  })"),
              testing::HasSubstr("`var` holds nan"));
}

TEST(FiniteWeights, LeavesMasksAndElidedConstantsAlone) {
  EXPECT_EQ(problem_of(R"(graph @g(%x: f32[1,1,2,2]) {
    @mask = const f32[2] <0.0, -inf>
    @w = const f32[1,1,1,1]
    %m = add(%x, @mask)
    %c = conv(%m, @w)
    return %c
  })"),
            "");
}

}  // namespace
}  // namespace rcc

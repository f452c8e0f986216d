#include "ir/verifier.h"

#include <gtest/gtest.h>

#include "ir/text.h"

namespace rcc {
namespace {

constexpr std::string_view kGood =
    "graph @g(%x: f32[1,2,4,4]) {\n"
    "  @w = const f32[3,2,1,1]\n"
    "  %c = conv(%x, @w) loc(\"conv1\")\n"
    "  %r = relu(%c)\n"
    "  %s = add(%r, %c)\n"
    "  return %s\n"
    "}\n";

std::string problems(const Graph& graph) {
  std::string text;
  const Result<void> verified = verify(graph);
  if (!verified)
    for (const Diagnostic& diagnostic : verified.error().diagnostics) text += render(diagnostic);
  return text;
}

struct Fixture {
  Graph graph = *parse_graph(kGood);
  Node& conv = *graph.first_node();
  Node& relu = *conv.next();
  Node& add = *relu.next();
};

TEST(Verifier, AcceptsAGoodGraphOnceAndForAll) {
  Fixture f;
  EXPECT_FALSE(f.graph.is_known_good());
  EXPECT_EQ(problems(f.graph), "");
  EXPECT_TRUE(f.graph.is_known_good());
  f.graph.add_rule(f.conv, "r");
  EXPECT_FALSE(f.graph.is_known_good());
  EXPECT_EQ(problems(f.graph.clone()), "");
}

TEST(Verifier, FindsOperandsDefinedLater) {
  Fixture f;
  f.graph.set_operand(f.relu, 0, f.add.result());
  EXPECT_EQ(problems(f.graph),
            "error: operand %s is defined later\n"
            "  --> graph @g: relu `r` (f32[1,3,4,4]) -> f32[1,3,4,4]\n");
}

TEST(Verifier, FindsWrongArity) {
  Fixture f;
  f.graph.set_operands(f.conv, {f.graph.inputs()[0]});
  f.graph.set_operands(f.relu, {f.conv.result(), f.conv.result()});
  EXPECT_EQ(problems(f.graph),
            "error: conv needs its operand W\n"
            "  --> graph @g: conv `conv1` (f32[1,2,4,4]) -> f32[1,3,4,4]\n"
            "error: relu takes 1 operand, 2 given\n"
            "  --> graph @g: relu `r` (f32[1,3,4,4], f32[1,3,4,4]) -> f32[1,3,4,4]\n");
}

TEST(Verifier, FindsWrongAttributes) {
  Fixture f;
  f.graph.set_attribute(f.conv, "stride", Ints{1});
  f.graph.set_attribute(f.conv, "group", 2.0F);
  EXPECT_EQ(problems(f.graph),
            "error: attribute group is a number, not an integer\n"
            "  --> graph @g: conv `conv1` (f32[1,2,4,4], f32[3,2,1,1]) -> f32[1,3,4,4]\n"
            "error: has no attribute stride\n"
            "  --> graph @g: conv `conv1` (f32[1,2,4,4], f32[3,2,1,1]) -> f32[1,3,4,4]\n");
}

TEST(Verifier, FindsRecordedTypesThatCannotBe) {
  Fixture f;
  f.graph.set_type(*f.conv.result(), Type(DType::f32, {1, 3, 5, 4}));
  f.graph.set_type(*f.relu.result(), Type(DType::f32, {1, 3, 5, 4}));
  f.graph.set_type(*f.add.result(), Type::unranked(DType::f32));
  EXPECT_EQ(problems(f.graph),
            "error: %c is recorded as f32[1,3,5,4], but it is f32[1,3,4,4]\n"
            "  --> graph @g: conv `conv1` (f32[1,2,4,4], f32[3,2,1,1]) -> f32[1,3,5,4]\n");
  f.graph.set_type(*f.graph.constants()[0], Type(DType::f32, {3, 2, 1, 2}));
  EXPECT_NE(problems(f.graph).find("error: is recorded as f32[3,2,1,2], but its tensor is "
                                   "f32[3,2,1,1]\n  --> graph @g: @w\n"),
            std::string::npos);
}

TEST(Verifier, FindsOperandsThatTheOperatorRefuses) {
  Fixture f;
  f.graph.set_tensor(*f.graph.constants()[0], Tensor::elided(DType::f32, {3, 7, 1, 1}));
  const Result<void> verified = verify(f.graph);
  ASSERT_FALSE(verified);
  ASSERT_EQ(verified.error().diagnostics.size(), 1U);
  EXPECT_EQ(verified.error().diagnostics[0].place,
            "graph @g: conv `conv1` (f32[1,2,4,4], f32[3,7,1,1]) -> f32[1,3,4,4]");
}

TEST(Verifier, StopsAfterTwentyProblems) {
  Fixture f;
  for (int i = 0; i < 30; ++i) {
    Graph::NodeSpec spec;
    spec.op = f.graph.ops().find("relu");
    f.graph.add_node(std::move(spec));
  }
  const Result<void> verified = verify(f.graph);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().diagnostics.size(), 20U);
  EXPECT_EQ(verified.error().diagnostics.back().notes.front(), "more problems are not shown");
}

}  // namespace
}  // namespace rcc

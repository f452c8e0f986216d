// Rules that keep their nodes: what goes on edges, what constants become, what is checked afterwards.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>


#include "ir/text.h"
#include "ir/verifier.h"
#include "passes/rules/rewriter.h"
#include "passes/rules/rule_pass.h"
#include "test/unit/rule_testing.h"

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kQuantize = R"(rule q effect lossy {
  match { y = conv(x: f32, ..) { .. }; }
  on edge x -> y insert dequantize(quantize(x, 0.5, cast(128, u8)), 0.5, cast(128, u8)) share;
})";

constexpr std::string_view kTwoReaders = R"(graph @g(%x: f32[1,1,2,2]) {
  @a = const f32[1,1,1,1] <1>
  %y = conv(%x, @a)
  %z = conv(%x, @a)
  %r = relu(%x)
  return %y, %z, %r
})";

TEST(RewriterEdges, ReadersShareWhatIsInserted) {
  const RewriteOutcome outcome = rewrite(kQuantize, kTwoReaders);
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.statistics.rewrites, 2U);
  EXPECT_EQ(outcome.text, R"(graph @g(%x: f32[1,1,2,2]) {
  @a = const f32[1,1,1,1] <1>
  @x_scale = const f32[] <0.5>
  @x_zero_point = const u8[] <128>
  %x_quantize = quantize(%x, @x_scale, @x_zero_point) : u8[1,1,2,2]
  %x_dequantize = dequantize(%x_quantize, @x_scale, @x_zero_point) : f32[1,1,2,2]
  %y = conv(%x_dequantize, @a) : f32[1,1,2,2]
  %z = conv(%x_dequantize, @a) : f32[1,1,2,2]
  %r = relu(%x) : f32[1,1,2,2]
  return %y, %z, %r
}
)");
}

TEST(RewriterEdges, WithoutShareEachEdgeHasItsOwn) {
  std::string rule(kQuantize);
  rule.erase(rule.find(" share"), 6);
  const RewriteOutcome outcome = rewrite(rule, kTwoReaders);
  EXPECT_THAT(outcome.text, HasSubstr("%y = conv(%x_dequantize, @a)"));
  EXPECT_THAT(outcome.text, HasSubstr("%z = conv(%x_dequantize_1, @a)"));
}

TEST(RewriterEdges, OtherParametersAreNotShared) {
  const RewriteOutcome outcome = rewrite(R"(rule q effect lossy {
    match { y = conv(x: f32, W: const, ..) { .. }; }
    let s = max(abs(W));
    on edge x -> y insert dequantize(quantize(x, s), s) share;
  })",
                                         R"(graph @g(%x: f32[1,1,2,2]) {
    @a = const f32[1,1,1,1] <1>
    @b = const f32[1,1,1,1] <-2>
    %y = conv(%x, @a)
    %z = conv(%x, @b)
    %v = conv(%x, @a)
    return %y, %z, %v
  })");
  EXPECT_THAT(outcome.text, HasSubstr("%y = conv(%x_dequantize, @a)"));
  EXPECT_THAT(outcome.text, HasSubstr("%z = conv(%x_dequantize_1, @b)"));
  EXPECT_THAT(outcome.text, HasSubstr("%v = conv(%x_dequantize, @a)"));
}

TEST(RewriterEdges, DoesNotMatchItsOwnWork) {
  const RewriteOutcome once = rewrite(kQuantize, kTwoReaders);
  const RewriteOutcome twice = rewrite(kQuantize, kTwoReaders, 2);
  EXPECT_EQ(once.text, twice.text);
  EXPECT_THAT(twice.declined, IsEmpty());
  EXPECT_EQ(once.text, rewrite(fmt::format("fixpoint;\n{}", kQuantize), kTwoReaders).text);
}

// Read back from a text, nothing says which rule made the chain; it is known by what it is.
TEST(RewriterEdges, KnowsTheChainByWhatItIs) {
  const RewriteOutcome once = rewrite(kQuantize, kTwoReaders);
  const RewriteOutcome again = rewrite(kQuantize, once.text);
  EXPECT_EQ(once.text, again.text);
  EXPECT_THAT(again.declined, ElementsAre("%y %x_dequantize is what rule q would insert",
                                          "%z %x_dequantize is what rule q would insert"));
}

TEST(RewriterEdges, AnEdgeMayBeAConstantsOrBeAbsent) {
  const RewriteOutcome outcome = rewrite(R"(rule w effect approx 1e-6 {
    match { y = conv(_, W: const f32, b?: const f32) { .. }; }
    let s = max(abs(W)) / 127;
    on edge W -> y insert dequantize(quantize(W, s, cast(0, i8)), s);
    on edge b -> y insert neg(neg(b));
  })",
                                         R"(graph @g(%x: f32[1,1,2,2]) {
    @w = const f32[1,1,1,1] <127>
    @b = const f32[1] <3>
    %y = conv(%x, @w)
    %z = conv(%x, @w, @b)
    return %y, %z
  })");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.statistics.checked, 2U);
  EXPECT_EQ(outcome.text, R"(graph @g(%x: f32[1,1,2,2]) {
  @b = const f32[1] <3>
  @w_data = const i8[1,1,1,1] <127>
  @w_scale = const f32[] <1>
  @w_data_1 = const i8[1,1,1,1] <127>
  @w_scale_1 = const f32[] <1>
  %w_dequantize = dequantize(@w_data, @w_scale) : f32[1,1,1,1]
  %y = conv(%x, %w_dequantize) : f32[1,1,2,2]
  %w_dequantize_1 = dequantize(@w_data_1, @w_scale_1) : f32[1,1,1,1]
  %b_neg = neg(@b) : f32[1]
  %b_neg_1 = neg(%b_neg) : f32[1]
  %z = conv(%x, %w_dequantize_1, %b_neg_1) : f32[1,1,2,2]
  return %y, %z
}
)");
}

TEST(RewriterEdges, ReadersOfAConstantShareWhatIsComputedWithIt) {
  const RewriteOutcome outcome = rewrite(R"(rule w effect approx 1e-6 {
    match { y = conv(_, W: const f32, ..) { .. }; }
    let s = max(abs(W)) / 127;
    on edge W -> y insert dequantize(quantize(W, s, cast(0, i8)), s) share;
  })",
                                         R"(graph @g(%x: f32[1,1,2,2]) {
    @w = const f32[1,1,1,1] <127>
    @v = const f32[1,1,1,1] <127>
    %a = conv(%x, @w)
    %b = conv(%x, @v)
    %c = conv(%x, @w)
    return %a, %b, %c
  })");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.statistics.checked, 3U);
  EXPECT_THAT(outcome.text, HasSubstr("%a = conv(%x, %w_dequantize)"));
  EXPECT_THAT(outcome.text, HasSubstr("%b = conv(%x, %v_dequantize)"));
  EXPECT_THAT(outcome.text, HasSubstr("%c = conv(%x, %w_dequantize)"));
  EXPECT_THAT(outcome.text, Not(HasSubstr("w_dequantize_1")));
  EXPECT_THAT(outcome.text, Not(HasSubstr("@w =")));
}

TEST(RewriterEdges, BothOperandsOfACommutativeNode) {
  const RewriteOutcome outcome = rewrite(R"(rule r effect exact {
    match { y = add(x: f32[2], _: const); }
    on edge x -> y insert identity(x);
  })",
                                         R"(graph @g(%x: f32[2]) {
    @k = const f32[2] <1, 2>
    %y = add(@k, %x)
    return %y
  })");
  EXPECT_THAT(outcome.text, HasSubstr("%y = add(@k, %x_identity)"));
  const RewriteOutcome twice = rewrite(R"(rule r effect exact {
    match { y = add(x, x); }
    on edge x -> y insert identity(x);
  })",
                                       R"(graph @g(%x: f32[2]) {
    %y = add(%x, %x)
    return %y
  })");
  EXPECT_THAT(twice.text, HasSubstr("%y = add(%x_identity, %x_identity)"));
}

TEST(RewriterEdges, ABrokenPromiseIsFound) {
  const RewriteOutcome outcome = rewrite(R"(rule r effect exact {
    match { y = relu(x); }
    on edge x -> y insert neg(x);
  })",
                                         "graph @g(%x: f32[2]) {\n %y = relu(%x)\n return %y\n}");
  EXPECT_THAT(outcome.error, HasSubstr("rule `r` is wrong at %y: the result differs by"));
}

TEST(RewriterEdges, WhatIsComputedLaterCannotBeRead) {
  const RewriteOutcome outcome = rewrite(R"(rule r effect lossy {
    match { c = relu(x: f32[2]); y = add(c, tanh(z: f32[2])); }
    on edge x -> c insert add(x, z);
  })",
                                         R"(graph @g(%x: f32[2]) {
    %c = relu(%x)
    %z = neg(%x)
    %t = tanh(%z)
    %y = add(%c, %t)
    return %y
  })");
  EXPECT_THAT(outcome.declined, ElementsAre("%y %z is computed after c"));
  EXPECT_THAT(outcome.text, HasSubstr("%c = relu(%x)"));
}

constexpr std::string_view kMask = R"(rule m effect lossy {
  match { y = conv(_, W: const, ..) { .. }; }
  set W = mask_n_m(W, 1, 2, axis = 1) sparse;
})";

constexpr std::string_view kSharedWeight = R"(graph @g(%x: f32[1,2,2,2]) {
  @w = const f32[1,2,1,1] <1, 2>
  %y = conv(%x, @w)
  %z = mul(%x, @w)
  return %y, %z
})";

TEST(RewriterEdges, AnotherReaderKeepsTheOldContents) {
  const RewriteOutcome outcome = rewrite(kMask, kSharedWeight);
  EXPECT_THAT(outcome.text, HasSubstr("@w = const f32[1,2,1,1] <1, 2>"));
  EXPECT_THAT(outcome.text, HasSubstr("@w_1 = const f32[1,2,1,1] sparse <0, 2>"));
  EXPECT_THAT(outcome.text, HasSubstr("%y = conv(%x, @w_1)"));
  EXPECT_THAT(outcome.text, HasSubstr("%z = mul(%x, @w)"));
}

TEST(RewriterEdges, SharedChangesAllReaders) {
  std::string rule(kMask);
  rule.replace(rule.find("sparse"), 6, "sparse shared");
  const RewriteOutcome outcome = rewrite(rule, kSharedWeight);
  EXPECT_THAT(outcome.text, HasSubstr("@w = const f32[1,2,1,1] sparse <0, 2>"));
  EXPECT_THAT(outcome.text, Not(HasSubstr("@w_1")));
}

TEST(RewriterEdges, EqualContentsAreNoChange) {
  const RewriteOutcome outcome = rewrite(kMask, kSharedWeight, 2);
  EXPECT_THAT(outcome.declined, ElementsAre("%y rule m would change nothing"));
}

TEST(RewriterEdges, AChangeOfSizesIsRefused) {
  const RewriteOutcome outcome = rewrite(R"(rule r effect lossy {
    match { y = mul(_, k: const); }
    set k = concat(k, k, axis = 0);
  })",
                                         R"(graph @g(%x: f32[2]) {
    @k = const f32[2] <1, 2>
    %y = mul(%x, @k)
    return %y
  })");
  EXPECT_THAT(outcome.declined, ElementsAre("%y @k would become f32[4], not f32[2]"));
  EXPECT_THAT(outcome.text, HasSubstr("@k = const f32[2] <1, 2>"));
}

TEST(RewriterEdges, ANewWeightDropsRangesThatFollow) {
  const RewriteOutcome outcome = rewrite(kMask, R"(graph @g(%x: f32[1,2,2,2] range(-1, 1)) {
    @w = const f32[1,2,1,1] <1, 2>
    %y = conv(%x, @w) : f32[1,1,2,2] range(-3, 3)
    return %y
  })");
  EXPECT_THAT(outcome.text, HasSubstr("%y = conv(%x, @w) : f32[1,1,2,2]\n"));
  EXPECT_THAT(outcome.text, HasSubstr("%x: f32[1,2,2,2] range(-1.0, 1.0)"));
}

TEST(RewriterEdges, APostConditionThatFailsIsADefectOfTheRule) {
  const RewriteOutcome outcome = rewrite(R"(rule m effect lossy {
  match { y = conv(_, W: const, ..) { .. }; }
  set W = mask_n_m(W, 2, 2, axis = 1) * 3;
  ensure is_n_m(W, 1, 2, axis = 1) else "two of two stay";
})",
                                         kSharedWeight);
  EXPECT_EQ(outcome.error, "rule `m` is wrong at %y: two of two stay");
  EXPECT_EQ(outcome.place.line, 4U);
  EXPECT_EQ(outcome.place.column, 10U);
}

TEST(RewriterEdges, APostConditionSeesWhatIsThereAfterwards) {
  const auto outcome = [](std::string_view condition) {
    return rewrite(fmt::format("rule t effect exact {{\n match {{ y = relu(identity(x) shared); }}\n "
                               "replace y with relu(x);\n ensure {};\n}}",
                               condition),
                   "graph @g(%x: f32[2]) {\n %i = identity(%x)\n %y = relu(%i)\n return %y\n}");
  };
  EXPECT_EQ(outcome("same_type(x, y)").error, "");
  // The new result is not an output of its own name yet, but it is one.
  EXPECT_EQ(outcome("is_output(y)").error, "");
  EXPECT_EQ(outcome("not is_output(y)").error,
            "rule `t` is wrong at %y: `not is_output(y)` does not hold afterwards");
}

TEST(RewriterEdges, OnlySelectedLayers) {
  constexpr std::string_view kRule = R"(rule m effect lossy {
    match { y = conv(_, W: const, ..) { .. }; }
    where selected(y);
    set W = -W;
  })";
  constexpr std::string_view kGraph = R"(graph @g(%x: f32[1,1,2,2]) {
    @a = const f32[1,1,1,1] <1>
    @b = const f32[1,1,1,1] <2>
    %first = conv(%x, @a)
    %second = conv(%first, @b)
    return %second
  })";
  EXPECT_THAT(rewrite(kRule, kGraph).text, HasSubstr("@a = const f32[1,1,1,1] <-1>"));
  const RewriteOutcome one = rewrite(kRule, kGraph, 1, {{"sec*"}, {}});
  EXPECT_THAT(one.text, HasSubstr("@a = const f32[1,1,1,1] <1>"));
  EXPECT_THAT(one.text, HasSubstr("@b = const f32[1,1,1,1] <-2>"));
  EXPECT_EQ(rewrite(kRule, kGraph, 1, {{}, {"second"}}).statistics.rewrites, 1U);
  EXPECT_EQ(rewrite(kRule, kGraph, 1, {{"*"}, {"*"}}).statistics.rewrites, 0U);
}

TEST(RewriterEdges, SeveralRulesChangeOneNode) {
  const RewriteOutcome outcome = rewrite(R"(rule turn effect lossy {
    match { y = conv(_, W: const, ..) { .. }; }
    set W = -W;
  }
  rule insert effect exact {
    match { y = conv(x: f32, ..) { .. }; }
    on edge x -> y insert identity(x);
  })",
                                         R"(graph @g(%x: f32[1,1,2,2]) {
    @a = const f32[1,1,1,1] <3>
    %y = conv(%x, @a)
    return %y
  })");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.statistics.rewrites, 2U);
  EXPECT_THAT(outcome.text, HasSubstr("@a = const f32[1,1,1,1] <-3>"));
  EXPECT_THAT(outcome.text, HasSubstr("%y = conv(%x_identity, @a)"));
}

TEST(RewriterEdges, ANodeWithANameIsMadeWhereItIsUsed) {
  constexpr std::string_view kRule = R"(rule r effect lossy {
    match { y = conv(x, W, b?) { .. }; }
    let t = reduce_mean(W) { axes = [1, 2, 3], keepdims = 0 };
    replace y with relu(conv(x, W, (b or t)) { ..y });
  })";
  const auto graph = [](std::string_view operands) {
    return fmt::format("graph @g(%x: f32[1,1,1,1], %w: f32[2,1,1,1], %b: f32[2]) {{\n"
                       "  %y = conv({})\n  return %y\n}}",
                       operands);
  };
  const RewriteOutcome with = rewrite(kRule, graph("%x, %w, %b"));
  EXPECT_THAT(with.text, Not(HasSubstr("reduce_mean")));
  EXPECT_THAT(with.text, HasSubstr("conv(%x, %w, %b)"));
  const RewriteOutcome without = rewrite(kRule, graph("%x, %w"));
  EXPECT_THAT(without.text, HasSubstr("%0 = reduce_mean(%w) {axes = <1,2,3>, keepdims = 0}"));
  EXPECT_THAT(without.text, HasSubstr("conv(%x, %w, %0)"));
}

TEST(RewriterEdges, ANodeWithANameOnTwoEdges) {
  const RewriteOutcome outcome = rewrite(R"(rule r effect lossy {
    match { c = relu(x: f32[2]); y = add(c, z: f32[2]); }
    let t = add(x, x);
    on edge x -> c insert neg(t);
    on edge z -> y insert mul(t, z);
  })",
                                         R"(graph @g(%x: f32[2], %z: f32[2]) {
    %c = relu(%x)
    %y = add(%c, %z)
    return %y
  })");
  EXPECT_EQ(outcome.text, R"(graph @g(%x: f32[2], %z: f32[2]) {
  %0 = add(%x, %x) : f32[2]
  %x_neg = neg(%0) : f32[2]
  %c = relu(%x_neg) : f32[2]
  %z_mul = mul(%0, %z) : f32[2]
  %y = add(%c, %z_mul) : f32[2]
  return %y
}
)");
}

// With so many readers of one value, looking through all of them for each would never end: what
// fails here is the time limit of the suite.
constexpr int kManyReaders = 200'000;

void rewrite_each(std::string_view rule, Graph& graph, int rewrites) {
  const auto rules = load(rule);
  RuleRun run(graph, *rules, {});
  EXPECT_TRUE(run.run());
  EXPECT_EQ(run.statistics().rewrites, static_cast<std::size_t>(rewrites));
}

// A value with many readers costs no more per reader than one with few.
TEST(RewriterEdges, SharingIsLinear) {
  Graph graph;
  Value& x = graph.add_input("x", Type(DType::f32, {Dim(1), Dim(1), Dim(1), Dim(1)}));
  Value& a = graph.add_constant("a", Tensor::of<float>({1, 1, 1, 1}, {1}));
  for (int i = 0; i < kManyReaders; ++i) graph.add_output(graph.add(OpKind::conv, {&x, &a}));
  rewrite_each(kQuantize, graph, kManyReaders);
  EXPECT_EQ(graph.node_count(), static_cast<std::size_t>(kManyReaders) + 2);
}

// A constant that thousands read is not looked through by each of them.
TEST(RewriterEdges, AConstantOfManyReadersCostsEachTheSame) {
  Graph graph;
  Value& x = graph.add_input("x", Type(DType::f32, {Dim(2)}));
  Value& k = graph.add_constant("k", Tensor::of<float>({2}, {1, 2}));
  for (int i = 0; i < kManyReaders; ++i) graph.add_output(graph.add(OpKind::mul, {&x, &k}));
  rewrite_each("rule r effect lossy { match { y = mul(_, k: const); } set k = k * 2; }", graph,
               kManyReaders);
}

}  // namespace
}  // namespace rcc

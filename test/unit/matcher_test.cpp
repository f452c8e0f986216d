#include "passes/rules/matcher.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>


#include "ir/text.h"
#include "passes/rules/rule_pass.h"
#include "test/unit/rule_testing.h"

namespace rcc {
namespace {

using testing::HasSubstr;

// How many sites a pattern with that body is found at, and what was said about the others.
struct Found {
  std::size_t count = 0;
  std::vector<std::string> declined;
};
Found find(std::string_view body, std::string_view graph_text) {
  const auto rules = load(fmt::format("rule r effect exact {{ {} }}", body));
  Graph graph = graph_of(graph_text);
  Found found;
  RuleRunSettings settings;
  settings.options = RuleOptionSet(rules).values();
  settings.declined = [&](const Node& node, std::string_view reason) {
    found.declined.push_back(fmt::format("%{} {}", node.result()->name(), reason));
  };
  RuleRun run(graph, *rules, settings);
  EXPECT_TRUE(run.run());
  found.count = run.statistics().rewrites;
  return found;
}

// Why the first rule of a set does not apply.
std::string mismatch_of(const RuleSet& rules, Node& root) {
  const std::vector<Datum> options = RuleOptionSet({&rules, [](const RuleSet*) {}}).values();
  Matcher matcher(options, Matcher::Explain::always, nullptr, rules.source.get());
  matcher.match(*rules.rules.front(), root);
  return to_text(matcher.mismatch());
}

// A convolution without a bias and one with it.
constexpr std::string_view kBiases = R"(graph @g(%x: f32[1,1,2,2]) {
    @w = const f32[1,1,1,1] <1>
    @b = const f32[1] <1>
    %a = conv(%x, @w)
    %y = conv(%a, @w, @b)
    return %y
  })";

TEST(Matcher, OptionalOperandsMatchPresentAndAbsent) {
  const std::string_view replace = "replace y with relu(x);";
  EXPECT_EQ(
      find(fmt::format("match {{ y = conv(x, _, _?) {{ .. }}; }} {}", replace), kBiases).count, 2U);
  EXPECT_EQ(find(fmt::format("match {{ y = conv(x, _) {{ .. }}; }} {}", replace), kBiases).count,
            1U);
  EXPECT_EQ(
      find(fmt::format("match {{ y = conv(x, _, none) {{ .. }}; }} {}", replace), kBiases).count,
      1U);
  EXPECT_EQ(find(fmt::format("match {{ y = conv(x, _, _) {{ .. }}; }} {}", replace), kBiases).count,
            1U);
  EXPECT_EQ(find(fmt::format("match {{ y = conv(x, ..) {{ .. }}; }} {}", replace), kBiases).count,
            2U);
}

TEST(Matcher, AlternativesAndNestedPatterns) {
  const std::string_view graph = R"(graph @g(%x: f32[2]) {
    %a = relu(%x)
    %b = sigmoid(%a)
    %c = tanh(%b)
    %y = exp(%c)
    return %y
  })";
  EXPECT_EQ(find("match { y = relu | tanh (x); } replace y with x;", graph).count, 2U);
  EXPECT_EQ(find("match { y = sigmoid(relu(x)); } replace y with x;", graph).count, 1U);
  EXPECT_EQ(find("match { y = sigmoid(tanh(x)); } replace y with x;", graph).count, 0U);
}

TEST(Matcher, NamedSizesAreEqualAtEveryUse) {
  const auto graph = [](int size) {
    return fmt::format(R"(graph @g(%x: f32[1,2,1,1]) {{
      @w = const f32[{0},2,1,1]
      @b = const f32[{0}]
      %y = conv(%x, @w, @b)
      return %y
    }})",
                       size);
  };
  const std::string_view square =
      "match { y = conv(x, _: const f32[C, C, ...], _: const f32[C]) { .. }; } replace y with "
      "relu(x);";
  EXPECT_EQ(find(square, graph(2)).count, 1U);
  EXPECT_EQ(find(square, graph(3)).count, 0U);
  EXPECT_EQ(find("match { y = conv(x, _: const f32[3, ...], _) { .. }; } replace y with relu(x);",
                 graph(2))
                .count,
            0U);
  EXPECT_EQ(find("match { y = conv(x, _: const f16, _) { .. }; } replace y with relu(x);", graph(2))
                .count,
            0U);
  EXPECT_EQ(
      find("match { y = conv(x: !float, _: const !float, _) { .. }; } replace y with relu(x);",
           graph(2))
          .count,
      1U);
  EXPECT_EQ(find("match { y = conv(x, _: const f32[_, _, _], _) { .. }; } replace y with relu(x);",
                 graph(2))
                .count,
            0U);
}

TEST(Matcher, TriesBothOrdersOfCommutativeOperands) {
  const std::string_view graph = R"(graph @g(%x: f32[2]) {
    @two = const f32[] <2>
    %a = mul(@two, %x)
    %b = mul(%x, @two)
    %c = add(%b, %a)
    %y = sub(@two, %c)
    return %y
  })";
  EXPECT_EQ(find("match { y = mul(x, _: const); } replace y with x;", graph).count, 2U);
  EXPECT_EQ(find("match { y = sub(x, _: const); } replace y with x;", graph).count, 0U);
  EXPECT_EQ(
      find("match { y = add(mul(_, _: const), mul(_: const, x)); } replace y with x;", graph).count,
      1U);
}

TEST(Matcher, AConditionMayChooseTheOrder) {
  const std::string_view graph = R"(graph @g() {
    @one = const f32[] <1>
    @two = const f32[] <2>
    %y = mul(@two, @one)
    return %y
  })";
  EXPECT_EQ(
      find("match { y = mul(a: const, b: const); } where max(b) == 3; replace y with relu(a);",
           graph)
          .count,
      0U);
  EXPECT_EQ(
      find("match { y = mul(a: const, b: const); } where max(b) == 2; replace y with relu(a);",
           graph)
          .count,
      1U);
}

TEST(Matcher, InteriorValuesAreSingleUseUnlessShared) {
  const std::string_view graph = R"(graph @g(%x: f32[2]) {
    %a = relu(%x)
    %b = tanh(%a)
    %y = add(%a, %b)
    return %y
  })";
  const Found single = find("match { a = relu(x); y = tanh(a); } replace y with x;", graph);
  EXPECT_EQ(single.count, 0U);
  EXPECT_THAT(single.declined, testing::ElementsAre("%b %a is also read by y (add)"));
  EXPECT_EQ(find("match { a = relu(x) shared; y = tanh(a); } replace y with x;", graph).count, 1U);
  // Both readers are part of the match.
  EXPECT_EQ(find("match { a = relu(x); b = tanh(a); y = add(a, b); } replace y with exp(x);", graph)
                .count,
            1U);
}

TEST(Matcher, AnInteriorOutputIsNotConsumed) {
  const Found found =
      find("match { a = relu(x); y = tanh(a); } replace y with x;",
           "graph @g(%x: f32[2]) {\n %a = relu(%x)\n %y = tanh(%a)\n return %y, %a\n}");
  EXPECT_EQ(found.count, 0U);
  EXPECT_THAT(found.declined, testing::ElementsAre("%y %a is an output of the graph"));
}

TEST(Matcher, AttributesAbsentAndDefaultAreOneThing) {
  const auto graph = [](std::string_view attributes) {
    return fmt::format(
        "graph @g(%x: f32[1,1,2,2]) {{\n @w = const f32[1,1,1,1] <1>\n"
        " %y = conv(%x, @w) {}\n return %y\n}}",
        attributes);
  };
  const std::string_view one =
      "match { y = conv(x, _) { group = 1, strides = _, .. }; } replace y with relu(x);";
  EXPECT_EQ(find(one, graph("")).count, 1U);
  EXPECT_EQ(find(one, graph("{group = 1}")).count, 1U);
  const std::string_view defaults = "match { y = conv(x, _); } replace y with relu(x);";
  EXPECT_EQ(find(defaults, graph("{group = 1}")).count, 1U);
  EXPECT_EQ(find(defaults, graph("{strides = <2,2>}")).count, 0U);
  EXPECT_EQ(
      find("match { y = conv(x, _) { strides in [[2, 2], [1, 1]], .. }; } replace y with tanh(x);",
           graph("{strides = <2,2>}"))
          .declined.size(),
      1U);
}

TEST(Matcher, CapturedAttributesAreNumbers) {
  const std::string_view graph = R"(graph @g(%x: f32[2]) {
    %a = leaky_relu(%x) {alpha = 0.5}
    %y = leaky_relu(%a) {alpha = 0.25}
    return %y
  })";
  EXPECT_EQ(
      find("match { y = leaky_relu(x) { alpha = a }; } where a > 0.3; replace y with x;", graph)
          .count,
      1U);
}

TEST(Matcher, TheSameNameTwiceIsTheSameValue) {
  const std::string_view graph = R"(graph @g(%x: f32[2], %z: f32[2]) {
    %a = add(%x, %x)
    %b = add(%x, %z)
    %y = mul(%a, %b)
    return %y
  })";
  EXPECT_EQ(find("match { y = add(x, x); } replace y with x;", graph).count, 1U);
}

TEST(Matcher, ResultsThatAreUsedKeepTheNode) {
  const std::string_view used =
      "graph @g(%x: f32[2]) {\n %d, %m = dropout(%x)\n %y = relu(%d)\n return %y, %m\n}";
  const Found found = find("match { y = dropout(x, ..) { .. }; } replace y with x;", used);
  EXPECT_EQ(found.count, 0U);
  EXPECT_THAT(found.declined, testing::ElementsAre("%d %m is used"));
}

TEST(Matcher, DeclinesOnlyForReasonsGiven) {
  const std::string_view graph = R"(graph @g(%x: f32[2]) {
    @k = const f32[] <2>
    %y = mul(%x, @k)
    return %y
  })";
  EXPECT_THAT(
      find("match { y = mul(x, k: const); } where all(k == 1); replace y with x;", graph).declined,
      testing::IsEmpty());
  EXPECT_THAT(find("match { y = mul(x, k: const); } where all(k == 1) else \"it is not one\"; "
                   "replace y with x;",
                   graph)
                  .declined,
              testing::ElementsAre("%y it is not one"));
}

TEST(Matcher, ExplainsTheDeepestStepThatFailed) {
  const auto rules = load(R"(rule r effect exact {
    match { c = conv(x, W: const, _) { .. }; y = relu(c); }
    where max(W) < 1 else "too large";
    replace y with conv(x, W) { ..c };
  })");
  const auto explain = [&](std::string_view text) {
    Graph graph = graph_of(text);
    return mismatch_of(*rules, *graph.last_node());
  };
  EXPECT_EQ(explain("graph @g(%x: f32[1]) {\n %y = tanh(%x)\n return %y\n}"),
            "r: matched 0 of 14 steps; the node is tanh, not relu");
  EXPECT_EQ(explain("graph @g(%x: f32[1]) {\n %y = relu(%x)\n return %y\n}"),
            "r: matched 1 of 14 steps; operand x of relu is %x, not the result of conv");
  EXPECT_THAT(
      explain("graph @g(%x: f32[1,1,2,2]) {\n @w = const f32[1,1,1,1] <2>\n %c = conv(%x, @w)\n"
              " %y = relu(%c)\n return %y\n}"),
      HasSubstr("operand b of c (conv) is absent"));
  EXPECT_EQ(
      explain("graph @g(%x: f32[1,1,2,2]) {\n @w = const f32[1,1,1,1] <2>\n @b = const f32[1] <2>\n"
              " %c = conv(%x, @w, @b)\n %y = relu(%c)\n return %y\n}"),
      "r: matched 13 of 14 steps; too large (max(W) is 2)");
}

TEST(Matcher, NamesWhatIsThereAndWhatIsAskedFor) {
  const auto explain = [&](std::string_view body, std::string_view text) {
    const auto rules = load(fmt::format("rule r effect lossy {{ {} replace y with x; }}", body));
    Graph graph = graph_of(text);
    const std::string reason = mismatch_of(*rules, *graph.last_node());
    return reason.substr(reason.find("; ") + 2);
  };
  const auto conv = [](std::string_view attributes) {
    return fmt::format(
        "graph @g(%x: f32[1,2,4,4]) {{\n @w = const f32[3,2,1,1]\n @b = const f32[3]\n"
        " %y = conv(%x, @w, @b) {}\n return %y\n}}",
        attributes);
  };
  EXPECT_EQ(explain("match { y = conv(x, _, _) { strides in [[1, 1], [3, 3]], .. }; }",
                    conv("{strides = <2,2>}")),
            "strides of y (conv) is <2,2>, not <1,1> or <3,3>");
  EXPECT_EQ(explain("match { y = conv(x, _, _); }", conv("{strides = <2,2>}")),
            "strides of y (conv) is <2,2>, not the default");
  EXPECT_EQ(explain("match { y = conv(x, _: const f32[C, C, ...], _) { .. }; }", conv("")),
            "@w is f32[3,2,1,1]: axis 1 is 2, and C is 3");
  EXPECT_EQ(explain("match { y = conv(x, _: const f32[_, _, 3, ...], _) { .. }; }", conv("")),
            "@w is f32[3,2,1,1]: axis 2 is 1, not 3");
  EXPECT_EQ(explain("match { y = conv(x, _: const f32[_, _, _], _) { .. }; }", conv("")),
            "@w is f32[3,2,1,1]; the pattern asks for 3 axes");
  EXPECT_EQ(explain("match { y = conv(x, _: const f16, _) { .. }; }", conv("")),
            "@w is f32[3,2,1,1], not f16");
  EXPECT_EQ(explain("match { y = conv(x: const, _, _) { .. }; }", conv("")),
            "%x is not constant, it is an input of the graph");
  EXPECT_EQ(explain("match { y = conv(x, _) { .. }; }", conv("")),
            "operand b of y (conv) is given, @b; the pattern has none there");
  const std::string_view shared =
      "graph @g(%x: f32[2]) {\n %a = relu(%x)\n %b = exp(%a)\n %c = exp(%a)\n %d = exp(%a)\n"
      " %e = exp(%a)\n %f = add(%b, %c)\n %g = add(%d, %e)\n %h = add(%f, %g)\n"
      " %y = tanh(%a)\n return %h, %y\n}";
  EXPECT_EQ(explain("match { y = tanh(relu(x)); }", shared),
            "%a is also read by b (exp), c (exp), d (exp) and 1 more");
  EXPECT_EQ(explain("match { y = tanh(x); } where rank(x) == 2, rank(x) > 0;", shared),
            "`rank(x) == 2` does not hold (rank(x) is 1)");
}

TEST(Matcher, WorkGrowsWithTheGraph) {
  const auto rules = load(
      "rule r effect exact { match { a = relu(x); y = tanh(a); } replace y with sigmoid(x); }");
  const auto steps = [&](int pairs) {
    Graph graph = chain_of(pairs);
    RuleRun run(graph, *rules, {});
    EXPECT_TRUE(run.run());
    EXPECT_EQ(run.statistics().rewrites, static_cast<std::size_t>(pairs));
    EXPECT_EQ(run.statistics().attempts, static_cast<std::size_t>(pairs));
    EXPECT_EQ(graph.node_count(), static_cast<std::size_t>(pairs));
    return run.statistics().steps;
  };
  EXPECT_EQ(steps(50000), 50 * steps(1000));
}

TEST(Matcher, TheOtherOperandOfACommutativeNodeMayBeTheRest) {
  const std::string_view graph = R"(graph @g(%x: f32[2]) {
    @two = const f32[2] <2, 2>
    %a = mul(@two, %x)
    %y = mul(%a, @two)
    return %y
  })";
  EXPECT_EQ(find("match { y = mul(k: const, ..); } replace y with relu(k);", graph).count, 2U);
  EXPECT_EQ(find("match { y = mul(x, _: const, ..); } replace y with relu(x);", graph).count, 2U);
}

TEST(Matcher, WholeNumbersAreComparedExactly) {
  const std::string_view graph = R"(graph @g(%x: f32[2]) {
    %a = shape(%x) {end = -9223372036854775808}
    %b = shape(%x) {end = 9223372036854775807}
    %c = shape(%x) {end = 9223372036854775806}
    return %a, %b, %c
  })";
  const Found found = find(
      "match { y = shape(x) { end = 9223372036854775807, .. }; } replace y with shape(x);", graph);
  EXPECT_EQ(found.count, 1U);
  EXPECT_EQ(
      find("match { y = shape(x) { end = -9223372036854775808, .. }; } replace y with shape(x) { "
           "start = 1 };",
           graph)
          .count,
      1U);
}

// Questions about an operand that is not there have no answer, or the answer no.
TEST(Matcher, ConditionsOnAbsentOperands) {
  const auto count = [&](std::string_view condition) {
    return find(
        fmt::format("match {{ y = conv(x, _, b?) {{ .. }}; }} where {} else \"no\"; replace "
                    "y with relu(x);",
                    condition),
        kBiases);
  };
  for (const std::string_view asks : {"rank(b) == 1", "size(b) == 1", "size(b, 0) == 1",
                                      "shape(b) == [1]", "same_type(b, b)", "same_shape(b, b)"}) {
    EXPECT_EQ(count(asks).count, 1U) << asks;
    EXPECT_THAT(count(asks).declined, testing::ElementsAre("%a b is absent")) << asks;
  }
  EXPECT_EQ(count("is_constant(b)").count, 1U);
  EXPECT_EQ(count("not is_output(b)").count, 2U);
}

TEST(Matcher, WhateverIsGivenToAMatcherIsOneValue) {
  const auto count = [](std::string_view match, std::string_view graph) {
    const auto rules = load(fmt::format(
        "matcher silu(x) = mul(x, sigmoid(x));\nmatcher two(a) = add(@silu(_), @silu(a));\n"
        "matcher pair(a, b) = sub(@two(a), @two(b));\n"
        "rule used effect lossy {{ match {{ y = @pair(a, b); }} replace y with max(a, b); }}\n"
        "rule r effect lossy {{ match {{ {} }} replace y with 1; }}",
        match));
    Graph at = graph_of(graph);
    RuleRun run(at, *rules, {});
    EXPECT_TRUE(run.run());
    return run.statistics().rewrites;
  };
  const auto product = [](std::string_view a, std::string_view b) {
    return fmt::format(
        "graph @g(%x: f32[], %z: f32[]) {{\n %s = sigmoid(%{})\n %m = mul(%{}, %s)\n"
        " %y = relu(%m)\n return %y\n}}",
        a, b);
  };
  EXPECT_EQ(count("y = relu(@silu(_));", product("x", "x")), 1U);
  EXPECT_EQ(count("y = relu(@silu(_));", product("x", "z")), 0U);
  // One value in each use.
  const auto sums = [](std::string_view last) {
    std::string text = "graph @g(%x: f32[], %z: f32[], %v: f32[], %w: f32[]) {\n";
    for (const std::string_view name : {"x", "z", "v", "w"})
      text += fmt::format(" %s{0} = sigmoid(%{0})\n %m{0} = mul(%{1}, %s{0})\n", name,
                          name == "w" ? last : name);
    return text + " %a = add(%mx, %mz)\n %b = add(%mv, %mw)\n %y = sub(%a, %b)\n return %y\n}";
  };
  EXPECT_EQ(count("y = relu(_);", sums("w")), 1U);
  EXPECT_EQ(count("y = relu(_);", sums("v")), 0U);
}

TEST(Matcher, TheKindOfAParameterIsAskedOfAPattern) {
  const auto count = [](std::string_view kind) {
    const auto rules = load(fmt::format(
        "matcher twice(x) = add(x: {}, x);\n"
        "rule r effect lossy {{ match {{ y = @twice(relu(x)); }} replace y with neg(x); }}",
        kind));
    Graph graph =
        graph_of("graph @g(%x: f32[2,3]) {\n %a = relu(%x)\n %y = add(%a, %a)\n return %y\n}");
    RuleRun run(graph, *rules, {});
    EXPECT_TRUE(run.run());
    return run.statistics().rewrites;
  };
  EXPECT_EQ(count("f32[_, 3]"), 1U);
  EXPECT_EQ(count("f16"), 0U);
  EXPECT_EQ(count("f32[_]"), 0U);
}

// The reason at each of many readers of one value names three of them. Looking through all of them
// for each would never end: what fails here is the time limit of the suite.
TEST(Matcher, AReasonCostsTheSameForManyReaders) {
  const auto rules =
      load("rule r effect lossy { match { y = tanh(relu(x)); } replace y with sigmoid(x); }");
  constexpr int kReaders = 200'000;
  Graph graph;
  Value& hub = graph.add(OpKind::relu, {&graph.add_input("x", Type(DType::f32, {Dim(2)}))});
  for (int i = 0; i < kReaders; ++i) graph.add_output(graph.add(OpKind::tanh, {&hub}));
  std::size_t told = 0;
  RuleRunSettings settings;
  settings.declined = [&](const Node&, std::string_view reason) {
    told += reason.ends_with(" and 199996 more") ? 1 : 0;
  };
  EXPECT_TRUE(RuleRun(graph, *rules, settings).run());
  EXPECT_EQ(told, static_cast<std::size_t>(kReaders));
}

// 2^53 + 1 is computed with nowhere, and taken for 2^53 nowhere.
TEST(Matcher, WholeNumbersThatFloat64DoesNotHoldHaveNoValue) {
  const Found attribute =
      find("match { y = shape(x) { start = s, .. }; } where s == 9007199254740992 else \"other\"; "
           "replace y with shape(x) { start = 1 };",
           "graph @g(%x: f32[2]) {\n %y = shape(%x) {start = 9007199254740993}\n return %y\n}");
  EXPECT_THAT(
      attribute.declined,
      testing::ElementsAre("%y attribute s holds whole numbers that float64 does not"));
  const auto negated = [](std::string_view number) {
    return find("match { y = add(x, k: const); } replace y with sub(x, -k);",
                fmt::format("graph @g(%x: i64[1]) {{\n @k = const i64[1] <{}>\n %y = add(%x, @k)\n "
                            "return %y\n}}",
                            number));
  };
  EXPECT_THAT(negated("9007199254740993").declined,
              testing::ElementsAre(
                  "%y @k: a constant holds whole numbers that float64 does not"));
  EXPECT_EQ(negated("9007199254740992").count, 1U);
}

}  // namespace
}  // namespace rcc

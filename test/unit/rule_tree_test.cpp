#include "passes/rules/rule_tree.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "ir/text.h"
#include "passes/rules/matcher.h"
#include "passes/rules/rule_pass.h"
#include "test/unit/rule_testing.h"

namespace rcc {
namespace {

// Steps for each visited node, with all rules in one tree.
double steps_per_node(const RuleSet& rules, Graph& graph) {
  RuleTreeWalk walk;
  std::size_t visits = 0;
  for (Node& node : graph.nodes()) {
    const RuleTree* tree = rules.trees->tree_for(node);
    if (tree == nullptr) continue;
    ++visits;
    walk.candidates(*tree, node);
  }
  return static_cast<double>(walk.steps()) / static_cast<double>(visits);
}

TEST(RuleTree, RulesOfOneRootShareTheirTests) {
  const std::vector<std::string_view> ops{"tanh", "exp",   "abs",     "sqrt",  "neg",
                                          "ceil", "floor", "sigmoid", "round", "relu"};
  std::string text;
  // 50 rules: ten operators below the root, five attributes each.
  for (const std::string_view op : ops)
    for (int alpha = 0; alpha < 5; ++alpha)
      text += fmt::format(
          "rule r_{0}_{1} effect lossy {{ match {{ y = leaky_relu({0}(x)) {{ alpha = {1}.5 }}; }} "
          "replace y with x; }}\n",
          op, alpha);
  const auto rules = load(text);
  Graph graph;
  Value* value = &graph.add_input("x", Type(DType::f32, {Dim(2)}));
  for (const OpKind kind : {OpKind::tanh, OpKind::exp, OpKind::erf, OpKind::relu}) {
    value = &graph.add(kind, {value});
    value = &graph.add(OpKind::leaky_relu, {value}, {{attr::alpha, 9.5F}});
  }
  graph.add_output(*value);
  std::size_t singly = 0;
  std::size_t visits = 0;
  const std::vector<Datum> options;
  Matcher matcher(options);
  for (Node& node : graph.nodes()) {
    if (!node.is(OpKind::leaky_relu)) continue;
    ++visits;
    for (const auto& rule : rules->rules) matcher.match(*rule, node);
  }
  singly = matcher.steps();
  // One look at the operator below, two at operands, one at each alpha; alone it is twice fifty.
  EXPECT_GE(static_cast<double>(singly) / static_cast<double>(visits), 100);
  EXPECT_LE(steps_per_node(*rules, graph), 8);
}

TEST(RuleTree, ARuleMoreWithTheSamePrefixCostsNothing) {
  const auto rule = [](int number, std::string_view condition) {
    return fmt::format(
        "rule r{} effect lossy {{ match {{ c = conv(x, W: const f32, b?: const) {{ group = 1, .. "
        "}};"
        " y = relu(c); }} where {}; replace y with conv(x, W, b) {{ ..c }}; }}\n",
        number, condition);
  };
  std::string text;
  for (int i = 0; i < 50; ++i) text += rule(i, fmt::format("max(W) == {}", i + 100));
  const auto one = load(rule(0, "max(W) == 100"));
  const auto fifty = load(text);
  auto graph = parse_graph(
      "graph @g(%x: f32[1,1,2,2]) {\n @w = const f32[1,1,1,1] <2>\n %c = conv(%x, @w)\n"
      " %y = relu(%c)\n %z = relu(%y)\n return %z\n}");
  ASSERT_TRUE(graph);
  EXPECT_EQ(steps_per_node(*fifty, *graph), steps_per_node(*one, *graph));
}

// Rules of nested patterns over a handful of operators, with all that a pattern may ask of an
// operand, an attribute and a result.
class RandomRules {
 public:
  explicit RandomRules(std::uint32_t seed) : random_(seed) {}

  std::string file() {
    std::string text;
    const int count = 3 + below(10);
    for (int i = 0; i < count; ++i) text += rule(i);
    return text;
  }

  Graph graph() {
    Graph graph;
    std::vector<Value*> values{&graph.add_input("x", Type(DType::f32, {Dim(2)})),
                               &graph.add_input("z", Type(DType::f32, {Dim(2)})),
                               &graph.add_constant("k", Tensor::of<float>({2}, {1, 2})),
                               &graph.add_constant("l", Tensor::of<float>({}, {3}))};
    const auto operand = [&] { return values[values.size() - 1 - draw(6, values.size())]; };
    const int count = 6 + below(14);
    for (int i = 0; i < count; ++i) {
      std::vector<Value*> operands{operand()};
      const OpKind kind = pick({OpKind::relu, OpKind::tanh, OpKind::add, OpKind::mul, OpKind::sub,
                                OpKind::clip, OpKind::leaky_relu, OpKind::dropout});
      std::vector<NamedAttribute> attributes;
      const bool is_binary = kind == OpKind::add || kind == OpKind::mul || kind == OpKind::sub;
      if (is_binary) operands.push_back(is_one_in(5) ? operands[0] : operand());
      if (kind == OpKind::clip) {
        operands.push_back(is_one_in(2) ? values[3] : nullptr);
        operands.push_back(is_one_in(2) ? values[3] : nullptr);
      }
      if (kind == OpKind::leaky_relu)
        attributes.push_back({attr::alpha, pick({0.5F, 0.25F, 0.01F})});
      values.push_back(add(graph, kind, std::move(operands), std::move(attributes)));
    }
    for (std::size_t i = 4; i < values.size(); ++i)
      if (values[i]->is_unused() || is_one_in(6)) graph.add_output(*values[i]);
    return graph;
  }

 private:
  int below(int bound) { return static_cast<int>(random_() % static_cast<std::uint32_t>(bound)); }
  bool is_one_in(int count) { return below(count) == 0; }
  std::size_t draw(int most, std::size_t size) {
    return std::min(static_cast<std::size_t>(below(most)), size - 1);
  }
  template <typename T>
  T pick(std::initializer_list<T> choices) {
    return choices.begin()[below(static_cast<int>(choices.size()))];
  }

  Value* add(Graph& graph, OpKind kind, std::vector<Value*> operands,
             std::vector<NamedAttribute> attributes) {
    Graph::NodeSpec spec;
    spec.op = &graph.ops()[kind];
    spec.operands = std::move(operands);
    spec.attributes = std::move(attributes);
    spec.results.resize(1);
    spec.results[0].type = Type(DType::f32, {Dim(2)});
    if (kind == OpKind::dropout && is_one_in(2)) {
      spec.results.push_back({{}, Type(DType::boolean, {Dim(2)}), false});
      Node& node = graph.add_node(std::move(spec));
      if (is_one_in(2)) graph.add_output(*node.result(1));
      return node.result();
    }
    return graph.add_node(std::move(spec)).result();
  }

  std::string rule(int number) {
    has_x_ = false;
    std::string pattern = node(1 + below(3));
    // Something to replace the root with.
    if (!has_x_) pattern = fmt::format("add({}, x)", pattern);
    std::string text = fmt::format("rule r{} effect lossy", number);
    if (is_one_in(3)) text += fmt::format(" benefit {}", 1 + below(4));
    text += fmt::format(" {{ match {{ y = {}; }} ", pattern);
    if (is_one_in(3)) text += "where is_constant(x) else \"not constant\"; ";
    if (is_one_in(5)) text += "where rank(x) == 0; ";
    return text + "replace y with tanh(tanh(x)); }\n";
  }

  std::string leaf() {
    if (is_one_in(2)) {
      has_x_ = true;
      return "x";
    }
    return std::string(pick<std::string_view>({"_", "_: const", "_: !float", "_: const f32[2]",
                                               "_: f32[]", "_: const i64", "_: const f32[...]"}));
  }

  std::string node(int depth) {
    const auto operand = [&] { return depth <= 0 || is_one_in(4) ? leaf() : node(depth - 1); };
    switch (below(7)) {
      case 0:
        return fmt::format("{}({})", pick<std::string_view>({"relu", "tanh", "relu | tanh"}),
                           operand());
      case 1:
      case 2: {
        const std::string first = operand();
        return fmt::format("{}({}, {})",
                           pick<std::string_view>({"add", "mul", "sub", "add | mul", "add | sub"}),
                           first, operand());
      }
      case 3: {
        const std::string first = operand();
        return fmt::format("clip({}{})", first,
                           pick<std::string_view>({", ..", ", _?, _?", ", none, _",
                                                   ", _: const, none", ", _, _", ""}));
      }
      case 4:
        return fmt::format(
            "leaky_relu({}) {{ {} }}", operand(),
            pick<std::string_view>({"..", "alpha = 0.5", "alpha in [0.5, 0.25]", "alpha = _", ""}));
      case 5:
        return fmt::format("dropout({}, ..) {{ .. }}", operand());
      default:
        return fmt::format("relu({})", operand());
    }
  }

  std::mt19937 random_;
  bool has_x_ = false;
};

// What a rule says at a node when it is tried alone.
struct Verdict {
  Matcher::Outcome outcome = Matcher::Outcome::no;
  std::string reason;
  std::vector<Node*> nodes;
  std::vector<Value*> values;
};

Verdict verdict_of(Matcher& matcher, const Rule& rule, Node& node, const OrderSet& orders) {
  Verdict verdict;
  verdict.outcome = matcher.match(rule, node, orders);
  if (verdict.outcome == Matcher::Outcome::declined) verdict.reason = matcher.reason();
  if (verdict.outcome != Matcher::Outcome::yes) return verdict;
  verdict.nodes = matcher.bindings().nodes;
  verdict.values = matcher.bindings().values;
  return verdict;
}

// Compares the tree with one rule after the other at every node; counts what it met.
struct Seen {
  std::size_t matches = 0;
  std::size_t declined = 0;
  std::size_t ruled_out = 0;
};
void compare(const RuleSet& rules, Graph& graph, Seen& seen) {
  const std::vector<Datum> options;
  Matcher alone(options);
  Matcher behind_tree(options);
  RuleTreeWalk walk;
  for (Node& node : graph.nodes()) {
    const RuleTree* tree = rules.trees->tree_for(node);
    std::vector<RuleTree::Candidate> left;
    if (tree != nullptr) left = walk.candidates(*tree, node);
    std::vector<const Rule*> ordered;
    for (const auto& rule : rules.rules) ordered.push_back(rule.get());
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const Rule* a, const Rule* b) { return a->benefit > b->benefit; });
    auto next = left.begin();
    for (const Rule* rule : ordered) {
      const Verdict expected = verdict_of(alone, *rule, node, OrderSet().set());
      if (next == left.end() || tree->rules()[next->rule] != rule) {
        ASSERT_EQ(expected.outcome, Matcher::Outcome::no) << rule->name;
        ++seen.ruled_out;
        continue;
      }
      if (next->open.none()) {
        ASSERT_EQ(expected.outcome, Matcher::Outcome::declined) << rule->name;
        ++seen.declined;
      }
      const Verdict got = verdict_of(behind_tree, *rule, node, next->open | next->near);
      ASSERT_EQ(got.outcome, expected.outcome) << rule->name;
      ASSERT_EQ(got.reason, expected.reason) << rule->name;
      ASSERT_EQ(got.nodes, expected.nodes) << rule->name;
      ASSERT_EQ(got.values, expected.values) << rule->name;
      if (got.outcome == Matcher::Outcome::yes) ++seen.matches;
      ++next;
    }
    ASSERT_EQ(next, left.end());
  }
}

TEST(RuleTree, SaysWhatRulesTriedSinglySay) {
  Seen seen;
  for (std::uint32_t seed = 0; seed < 800; ++seed) {
    RandomRules random(seed);
    const std::string text = random.file();
    const auto rules = load(text);
    ASSERT_NE(rules, nullptr) << text;
    for (int i = 0; i < 4; ++i) {
      Graph graph = random.graph();
      compare(*rules, graph, seen);
      if (testing::Test::HasFatalFailure())
        FAIL() << "seed " << seed << "\n" << text << print(graph).value();
    }
  }
  // The comparison is worth something.
  EXPECT_GT(seen.matches, 1000U);
  EXPECT_GT(seen.declined, 300U);
  EXPECT_GT(seen.ruled_out, 10000U);
}

// Rules in a log are tried one after the other, others by the tree.
struct Ran {
  std::string graph;
  std::vector<std::string> declined;
  std::size_t rewrites = 0;
  std::size_t declines = 0;
};
Ran run(const RuleSet& rules, const Graph& graph, RuleWatch* watch) {
  Graph copy = graph.clone();
  Ran ran;
  RuleRunSettings settings;
  settings.watch = watch;
  settings.declined = [&](const Node& node, std::string_view reason) {
    ran.declined.push_back(fmt::format("{}: {}", node.label(), reason));
  };
  RuleRun run(copy, rules, settings);
  const auto done = run.run();
  EXPECT_TRUE(done) << (done ? "" : done.error().message());
  ran.graph = print(copy).value();
  ran.rewrites = run.statistics().rewrites;
  ran.declines = run.statistics().declined;
  return ran;
}

TEST(RuleTree, ARunIsTheSameWithoutIt) {
  std::size_t rewrites = 0;
  std::size_t declines = 0;
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    RandomRules random(seed);
    const auto rules = load(random.file());
    const Graph graph = random.graph();
    RuleWatch watch;
    watch.attempted = [](const RuleAttempt&) {};
    const Ran tree = run(*rules, graph, nullptr);
    const Ran singly = run(*rules, graph, &watch);
    ASSERT_EQ(tree.graph, singly.graph) << "seed " << seed;
    ASSERT_EQ(tree.declined, singly.declined) << "seed " << seed;
    // Nobody asks for reasons, and as many are counted.
    Graph copy = graph.clone();
    RuleRun unasked(copy, *rules, {});
    ASSERT_TRUE(unasked.run());
    ASSERT_EQ(unasked.statistics().declined, tree.declines) << "seed " << seed;
    ASSERT_EQ(unasked.statistics().rewrites, tree.rewrites) << "seed " << seed;
    rewrites += tree.rewrites;
    declines += tree.declines;
  }
  EXPECT_GT(rewrites, 200U);
  EXPECT_GT(declines, 50U);
}

}  // namespace
}  // namespace rcc

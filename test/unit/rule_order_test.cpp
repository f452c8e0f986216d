// A fixpoint file comes to one normal form, in whatever order nodes are visited.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "ir/hash_attribute.h"
#include "ir/text.h"
#include "ir/verifier.h"
#include "passes/registry.h"
#include "passes/rules/rule_pass.h"
#include "test/unit/rule_testing.h"

namespace rcc {
namespace {

// What a graph computes, whatever its nodes and constants are called and in which order they stand.
class Expressions {
 public:
  static std::vector<Digest> of(const Graph& graph) {
    Expressions expressions;
    for (const Node& node : graph.nodes()) expressions.add(node);
    std::vector<Digest> digests;
    for (const GraphOutput& output : graph.outputs())
      digests.push_back(expressions.digest_of(output.value));
    return digests;
  }

 private:
  Digest digest_of(const Value* value) {
    if (value == nullptr) return hash_text("absent");
    if (value->is_constant()) return value->tensor().digest();
    const auto known = digests_.find(value->id());
    return known != digests_.end() ? known->second : hash_text(value->name());
  }
  void add(const Node& node) {
    Hasher hasher;
    hasher.add(node.op().name);
    for (std::size_t i = 0; i < node.operand_count(); ++i) hasher.add(digest_of(node.operand(i)));
    for (const NamedAttribute& attribute : node.attributes()) {
      hasher.add(attribute.name);
      hash_attribute(hasher, attribute.value);
    }
    const Digest digest = hasher.digest();
    for (std::uint64_t i = 0; i < node.result_count(); ++i)
      if (node.result(i) != nullptr)
        digests_[node.result(i)->id()] = Hasher().add(digest).add(i).digest();
  }
  std::map<ValueId, Digest> digests_;
};

// Chains and branches of the operators that the built-in rules look for. Nothing that may be
// dropped leads from an input to an output, which may not be one value: one of a chain of copies
// would have to stay, and any of them would do.
class RandomNetwork {
 public:
  explicit RandomNetwork(std::uint32_t seed) : random_(seed) {}

  Graph graph() {
    Value* x = &graph_.add_input("x", Type(DType::f32, {Dim(1), Dim(2), Dim(2), Dim(2)}));
    std::vector<Value*> values{x};
    const int count = 5 + below(20);
    for (int i = 0; i < count; ++i) {
      const auto back = static_cast<std::size_t>(below(3));
      values.push_back(step(*values[values.size() - 1 - std::min(back, values.size() - 1)],
                            *values[values.size() - 1]));
    }
    for (std::size_t i = 1; i < values.size(); ++i)
      if (values[i]->is_unused()) graph_.add_output(graph_.add(OpKind::tanh, {values[i]}));
    return std::move(graph_);
  }

 private:
  int below(int bound) { return static_cast<int>(random_() % static_cast<std::uint32_t>(bound)); }
  Value& constant(Tensor tensor) { return graph_.add_constant("k", std::move(tensor)); }
  Value& channels() {
    return constant(Tensor::of<float>({2}, {1.0F + static_cast<float>(below(3)), 2}));
  }

  Value* step(Value& a, Value& b) {
    switch (below(10)) {
      case 0:
        return &graph_.add(OpKind::relu, {&a});
      case 1:
        return &graph_.add(OpKind::identity, {&a});
      case 2:
        return &graph_.add(OpKind::dropout, {&a});
      case 3:
        return &graph_.add(OpKind::mul, {&a, &constant(Tensor::of<float>({}, {1}))});
      case 4:
        return &graph_.add(OpKind::sub, {&a, &constant(Tensor::of<float>({}, {0}))});
      case 5:
        return &graph_.add(OpKind::reshape,
                           {&a, &constant(Tensor::of<std::int64_t>({4}, {1, 2, 2, 2}))});
      case 6:
        return &graph_.add(OpKind::add, {&a, &b});
      case 7:
        return &graph_.add(OpKind::batch_norm,
                           {&a, &channels(), &channels(), &channels(), &channels()});
      default:
        return &graph_.add(OpKind::conv,
                           {&a, &constant(Tensor::of<float>({2, 2, 1, 1}, {1, 2, 3, 4}))});
    }
  }

  std::mt19937 random_;
  Graph graph_;
};

struct Form {
  std::vector<Digest> outputs;
  std::size_t rewrites = 0;
  std::string text;
};

Form normal_form(const RuleSet& rules, const Graph& graph, std::optional<std::uint64_t> seed) {
  Graph copy = graph.clone();
  RuleRunSettings settings;
  settings.options = RuleOptionSet({&rules, [](const RuleSet*) {}}).values();
  if (seed) {
    settings.order = WorklistOrder::random;
    settings.seed = *seed;
  }
  RuleRun run(copy, rules, std::move(settings));
  const auto done = run.run();
  EXPECT_TRUE(done) << (done ? "" : done.error().message());
  EXPECT_TRUE(verify(copy));
  return {Expressions::of(copy), run.statistics().rewrites, print(copy).value()};
}

// The rewrites that were made.
std::size_t compare_orders(const RuleSet& rules, const Graph& graph) {
  const Form form = normal_form(rules, graph, std::nullopt);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Form other = normal_form(rules, graph, seed);
    EXPECT_EQ(other.outputs, form.outputs) << "seed " << seed << " of\n"
                                           << print(graph).value() << "in order\n"
                                           << form.text << "at random\n"
                                           << other.text;
  }
  return form.rewrites;
}

TEST(WorklistOrder, BuiltinRulesHaveOneNormalForm) {
  std::size_t rewrites = 0;
  for (const PassEntry& entry : builtin_passes()) {
    if (entry.rules.empty()) continue;
    SCOPED_TRACE(entry.name);
    std::string text(entry.rules);
    // Files that walk once have to agree as well when they go on.
    if (!load(text, entry.rules_path)->is_fixpoint) text = "fixpoint;\n" + text;
    const auto rules = load(text, entry.rules_path);
    for (std::uint32_t seed = 0; seed < 40 && !testing::Test::HasFailure(); ++seed)
      rewrites += compare_orders(*rules, RandomNetwork(seed).graph());
  }
  EXPECT_GT(rewrites, 300U);
}

// A pattern three nodes deep is found although its middle was visited before its end was there, and
// although a reader that was in the way goes later.
TEST(WorklistOrder, VisitsAgainWhatARewriteMakesPossible) {
  const auto rules = load(
      "fixpoint;\n"
      "rule deep effect lossy { match { y = tanh(relu(exp(x))); } replace y with sigmoid(x); }\n"
      "rule start effect lossy { match { y = sqrt(x); } replace y with exp(x); }\n"
      "rule unread effect lossy { match { y = sub(x, x); } replace y with 0; }\n");
  auto graph = parse_graph(
      "graph @g(%x: f32[]) {\n %a = sqrt(%x)\n %b = relu(%a)\n %c = tanh(%b)\n"
      " %d = exp(%c)\n %e = relu(%d)\n %f = sub(%e, %e)\n %g = tanh(%e)\n %h = add(%f, %g)\n"
      " return %h\n}");
  ASSERT_TRUE(graph) << render(graph.error().diagnostics.front());
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    EXPECT_EQ(normal_form(*rules, *graph, seed).rewrites, 4U) << "seed " << seed;
}

TEST(WorklistOrder, ARuleSetWithTwoNormalFormsIsSeen) {
  const auto rules = load(
      "fixpoint;\n"
      "rule left effect lossy { match { y = relu(relu(x)); } replace y with tanh(x); }\n");
  auto graph = parse_graph(
      "graph @g(%x: f32[2]) {\n %a = relu(%x)\n %b = relu(%a)\n %y = relu(%b)\n return %y\n}");
  ASSERT_TRUE(graph);
  const Form form = normal_form(*rules, *graph, std::nullopt);
  bool differs = false;
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    differs = differs || normal_form(*rules, *graph, seed).outputs != form.outputs;
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace rcc

#include "ir/graph.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "ir/text.h"
#include "ir/verifier.h"

namespace rcc {
namespace {

const OpInfo& identity_op() { return (*OpTable::builtin())[OpKind::identity]; }

Node& add_named(Graph& graph, std::string name, std::vector<Value*> operands,
                Node* before = nullptr) {
  Graph::NodeSpec spec;
  spec.op = &identity_op();
  spec.operands = std::move(operands);
  spec.results.emplace_back().name = std::move(name);
  spec.before = before;
  return graph.add_node(std::move(spec));
}

std::string order_of(const Graph& graph) {
  std::string names;
  for (const Node& node : graph.nodes()) {
    names += node.result()->name();
    names += ' ';
  }
  return names;
}

std::string users_of(const Value& value) {
  std::string users;
  for (const Use& use : value.uses()) {
    users += use.user().result()->name();
    users += std::to_string(use.operand()) + ' ';
  }
  return users;
}

// x -> a -> b, a -> c; b and c are outputs.
struct Fork {
  Graph graph{"fork"};
  Value& x = graph.add_input("x", Type(DType::f32, {2}));
  Node& a = add_named(graph, "a", {&x});
  Node& b = add_named(graph, "b", {a.result()});
  Node& c = add_named(graph, "c", {a.result()});
  Fork() {
    graph.add_output(*b.result());
    graph.add_output(*c.result(), "alias");
  }
};

TEST(Graph, TakesTheFirstFreeNameWhateverHappenedBefore) {
  Graph graph;
  const auto add = [&graph](std::string_view name) -> Value& {
    return graph.add_input(name, Type(DType::f32, {}));
  };
  Value& w = add("w");
  Value& w_1 = add("w");
  Value& w_2 = add("w");
  EXPECT_EQ(w_1.name(), "w_1");
  EXPECT_EQ(w_2.name(), "w_2");
  EXPECT_EQ(add("w_2").name(), "w_2_1");
  EXPECT_EQ(add("w_4").name(), "w_4");
  graph.remove_value(w_1);
  EXPECT_EQ(graph.find_value("w_1"), nullptr);
  EXPECT_EQ(add("w").name(), "w_1");
  EXPECT_EQ(add("w").name(), "w_3");
  EXPECT_EQ(add("w").name(), "w_5");
  graph.remove_value(w);
  EXPECT_EQ(add("w").name(), "w");
  EXPECT_EQ(add("").name(), "0");
  EXPECT_EQ(add("").name(), "1");
  EXPECT_EQ(add("3").name(), "3");
  EXPECT_EQ(add("").name(), "2");
  EXPECT_EQ(add("").name(), "4");
}

TEST(Graph, RenamesAndTakesNames) {
  Graph graph;
  Value& a = graph.add_input("a", Type(DType::f32, {}));
  Value& b = graph.add_input("b", Type(DType::f32, {}));
  EXPECT_FALSE(graph.rename(a, "b"));
  EXPECT_TRUE(graph.rename(a, "a"));
  EXPECT_TRUE(graph.rename(a, "c"));
  EXPECT_EQ(graph.find_value("a"), nullptr);
  EXPECT_EQ(graph.find_value("c"), &a);
  graph.take_name(a, b);
  EXPECT_EQ(a.name(), "b");
  EXPECT_EQ(b.name(), "b_1");
  EXPECT_EQ(graph.find_value("b_1"), &b);
  EXPECT_EQ(graph.find_value("c"), nullptr);
}

TEST(Graph, KeepsUseListsInOrderOfLinking) {
  Fork fork;
  Value& a = *fork.a.result();
  EXPECT_EQ(users_of(a), "b0 c0 ");
  EXPECT_EQ(a.use_count(), 2U);
  EXPECT_FALSE(a.has_one_use());
  EXPECT_TRUE(fork.x.has_one_use());
  Node& d = add_named(fork.graph, "d", {&a, nullptr, &a, nullptr});
  EXPECT_EQ(d.operand_count(), 3U);
  EXPECT_EQ(d.operand(1), nullptr);
  EXPECT_EQ(d.operand(7), nullptr);
  EXPECT_EQ(users_of(a), "b0 c0 d0 d2 ");
  fork.graph.replace_uses_in(d, a, fork.x);
  EXPECT_EQ(users_of(fork.x), "a0 d0 d2 ");
  fork.graph.set_operand(d, 0, nullptr);
  EXPECT_EQ(users_of(fork.x), "a0 d2 ");
  fork.graph.set_operands(d, {&a, &fork.x});
  EXPECT_EQ(users_of(fork.x), "a0 d1 ");
  EXPECT_EQ(users_of(a), "b0 c0 d0 ");
}

TEST(Graph, ReplacesUsesAndOutputsButKeepsOutputNames) {
  Fork fork;
  fork.graph.replace_all_uses(*fork.c.result(), *fork.b.result());
  EXPECT_EQ(fork.b.result()->output_count(), 2U);
  EXPECT_FALSE(fork.c.result()->is_output());
  EXPECT_EQ(fork.graph.outputs()[0].name, "b");
  EXPECT_EQ(fork.graph.outputs()[1].name, "alias");
  EXPECT_EQ(fork.graph.outputs()[1].value, fork.b.result());
  fork.graph.set_output(0, *fork.a.result());
  EXPECT_EQ(fork.b.result()->output_count(), 1U);
  fork.graph.replace_all_uses(*fork.b.result(), fork.x);
  EXPECT_EQ(fork.graph.outputs()[1].value, &fork.x);
  fork.graph.clear_outputs();
  EXPECT_FALSE(fork.x.is_output());
  EXPECT_TRUE(fork.graph.outputs().empty());
}

TEST(Graph, ErasesFromTheBackAndNeverReusesIds) {
  Fork fork;
  Value& w = fork.graph.add_constant("w", Tensor::scalar(1.0F));
  fork.graph.add_constant("kept", Tensor::scalar(2.0F));
  Node& d = add_named(fork.graph, "d", {fork.c.result(), &w});
  add_named(fork.graph, "e", {d.result(), fork.graph.find_value("kept")});
  fork.graph.add_output(*fork.graph.find_value("kept"));
  const NodeId erased = d.id();
  EXPECT_EQ(fork.graph.erase_dead_nodes(), 2U);
  EXPECT_EQ(order_of(fork.graph), "a b c ");
  EXPECT_EQ(fork.graph.node(erased), nullptr);
  ASSERT_EQ(fork.graph.constants().size(), 1U);
  EXPECT_EQ(fork.graph.constants()[0]->name(), "kept");
  const std::uint32_t limit = fork.graph.node_id_limit();
  EXPECT_EQ(add_named(fork.graph, "f", {&fork.x}).id().index, limit);
}

TEST(Graph, InsertsAnywhereAndKnowsTheOrder) {
  Graph graph;
  Value& x = graph.add_input("x", Type(DType::f32, {}));
  Node& last = add_named(graph, "last", {&x});
  // Each before the one inserted last, which halves the room every time.
  Node* before = &last;
  for (int i = 0; i < 2000; ++i) before = &add_named(graph, "front", {&x}, before);
  // Each right before the last node.
  for (int i = 0; i < 2000; ++i) add_named(graph, "back", {&x}, &last);
  EXPECT_EQ(graph.node_count(), 4001U);
  int count = 0;
  for (const Node& node : graph.nodes()) {
    ++count;
    if (node.next() == nullptr) continue;
    ASSERT_TRUE(graph.is_before(node, *node.next()));
  }
  EXPECT_EQ(count, 4001);
  graph.move_before(last, *graph.first_node());
  EXPECT_EQ(graph.first_node(), &last);
  EXPECT_TRUE(graph.is_before(last, *before));
}

TEST(Graph, SortsTopologicallyAndFindsCycles) {
  Fork fork;
  Node& d = add_named(fork.graph, "d", {fork.c.result()});
  EXPECT_TRUE(fork.graph.sort_topologically());
  EXPECT_EQ(order_of(fork.graph), "a b c d ");
  fork.graph.set_operand(fork.a, 0, add_named(fork.graph, "e", {&fork.x}).result());
  EXPECT_TRUE(fork.graph.sort_topologically());
  EXPECT_EQ(order_of(fork.graph), "e a b c d ");
  fork.graph.set_operand(fork.a, 0, d.result());
  EXPECT_FALSE(fork.graph.sort_topologically());
  EXPECT_EQ(order_of(fork.graph), "e a b c d ");
}

TEST(Graph, LoopsMayEraseTheCurrentNode) {
  Graph graph;
  Value& x = graph.add_input("x", Type(DType::f32, {}));
  for (int i = 0; i < 5; ++i) add_named(graph, "n", {&x});
  for (Node& node : graph.nodes())
    if (node.result()->name() != "n_2") graph.erase(node);
  EXPECT_EQ(order_of(graph), "n_2 ");
}

TEST(Graph, DropsRangesThatDependOnAChangedConstant) {
  Graph graph;
  Value& x = graph.add_input("x", Type(DType::f32, {}));
  Value& w = graph.add_constant("w", Tensor::scalar(1.0F));
  Node& a = add_named(graph, "a", {&x});
  Node& b = add_named(graph, "b", {a.result(), &w});
  Node& c = add_named(graph, "c", {b.result()});
  const auto set_all = [&] {
    for (Value* value : {&x, &w, a.result(), b.result(), c.result()})
      value->set_range(Range{-1, 1});
  };
  set_all();
  graph.set_tensor(w, Tensor::scalar(2.0F));
  EXPECT_TRUE(x.range() && w.range() && a.result()->range());
  EXPECT_FALSE(b.result()->range() || c.result()->range());
  // Again: what was remembered about the absence of ranges must not outlive new ones.
  set_all();
  graph.set_tensor(w, Tensor::scalar(3.0F));
  EXPECT_FALSE(b.result()->range() || c.result()->range());
  // A new edge leads from a value known to have no ranges behind it to one that has.
  Node& d = add_named(graph, "d", {c.result()});
  Node& e = add_named(graph, "e", {&x});
  e.result()->set_range(Range{0, 1});
  graph.drop_ranges_after(w);
  EXPECT_TRUE(e.result()->range());
  graph.set_operand(e, 0, d.result());
  graph.drop_ranges_after(w);
  EXPECT_FALSE(e.result()->range());
}

// Hidden steps for each of `count` turns of some editing, at most; the same for ten times as many.
void expect_linear(void (*edit)(Graph&, int), double most) {
  for (const int count : {2000, 20000}) {
    Graph graph;
    edit(graph, count);
    EXPECT_LE(static_cast<double>(graph.hidden_steps()), most * count) << count;
  }
}

TEST(Graph, GrowsLinearly) {
  // Inserting where the numbers run out is logarithmic.
  expect_linear(
      [](Graph& graph, int count) {
        Value& x = graph.add_input("x", Type(DType::f32, {}));
        Node* before = &add_named(graph, "n", {&x});
        for (int i = 0; i < count; ++i) before = &add_named(graph, "n", {&x}, before);
      },
      30);
  expect_linear(
      [](Graph& graph, int count) {
        Value& x = graph.add_input("x", Type(DType::f32, {}));
        Node& last = add_named(graph, "n", {&x});
        for (int i = 0; i < count; ++i) add_named(graph, "n", {&x}, &last);
      },
      30);
  // One name for all; every other one is removed and two are added.
  expect_linear(
      [](Graph& graph, int count) {
        std::vector<Value*> values;
        for (int i = 0; i < count; ++i)
          values.push_back(&graph.add_input("w", Type(DType::f32, {})));
        for (int i = 0; i < count; i += 2) {
          graph.remove_value(*values[static_cast<std::size_t>(i)]);
          graph.add_input("w", Type(DType::f32, {}));
          graph.add_input("w", Type(DType::f32, {}));
        }
      },
      6);
  // Each weight of a chain changes, with a range on every value.
  expect_linear(
      [](Graph& graph, int count) {
        Value* x = &graph.add_input("x", Type(DType::f32, {}));
        std::vector<Value*> weights;
        for (int i = 0; i < count; ++i) {
          weights.push_back(&graph.add_constant("w", Tensor::scalar(1.0F)));
          x = add_named(graph, "n", {x, weights.back()}).result();
        }
        for (Node& node : graph.nodes()) node.result()->set_range(Range{0, 1});
        for (Value* weight : weights) graph.set_tensor(*weight, Tensor::scalar(2.0F));
        for (Node& node : graph.nodes()) EXPECT_FALSE(node.result()->range());
        graph.erase_dead_nodes();
      },
      8);
}

TEST(Graph, TextAndCopiesGrowLinearly) {
  // Names that are taken as they are and places at the end cost no search.
  for (const int count : {2000, 20000}) {
    std::string text = "graph @chain(%x: f32[1,4,8,8]) {\n  @w = const f32[4,4,1,1]\n";
    std::string last = "x";
    for (int i = 0; i < count; ++i) {
      const std::string name = "layer" + std::to_string(i);
      text += "  %" + name + " = conv(%" + last + ", @w) : f32[1,4,8,8] loc(\"" + name + "\")\n";
      last = name;
    }
    text += "  return %" + last + "\n}\n";
    const auto graph = parse_graph(text);
    ASSERT_TRUE(graph);
    ASSERT_TRUE(verify(*graph));
    EXPECT_EQ(*print(*graph), text);
    EXPECT_EQ(graph->hidden_steps(), 0U) << count;
    EXPECT_EQ(graph->clone().hidden_steps(), 0U) << count;
  }
}

TEST(Graph, KeepsAttributesSortedAndWithoutDefaults) {
  const auto table = OpTable::extended_builtin();
  OpInfo row;
  row.name = "probe";
  row.kind = OpKind::first_added;
  row.attributes = {{"axis", AttributeType::integer, std::int64_t{1}},
                    {"scale", AttributeType::real, 1.0F}};
  const OpInfo& probe = table->add(std::move(row));
  Graph graph("g", table);
  Graph::NodeSpec spec;
  spec.op = &probe;
  spec.attributes = {{"scale", 2.0F}, {"axis", std::int64_t{1}}};
  Node& node = graph.add_node(std::move(spec));
  ASSERT_EQ(node.attributes().size(), 1U);
  EXPECT_EQ(node.attribute_int("axis"), 1);
  EXPECT_EQ(node.attribute_float("scale"), 2.0F);
  graph.set_attribute(node, "axis", std::int64_t{3});
  EXPECT_EQ(node.attributes()[0].name, "axis");
  EXPECT_EQ(node.attributes()[1].name, "scale");
  graph.set_attribute(node, "scale", 1.0F);
  graph.set_attribute(node, "axis", std::int64_t{1});
  EXPECT_TRUE(node.attributes().empty());
  EXPECT_FALSE(node.has_attribute("nothing"));
}

TEST(Graph, BoundsProvenance) {
  Fork fork;
  for (int i = 0; i < 10; ++i) fork.graph.add_rule(fork.a, "rule" + std::to_string(i));
  fork.graph.add_rule(fork.a, "rule3");
  EXPECT_EQ(fork.a.provenance().rules.size(), Provenance::kMaxEntries);
  EXPECT_EQ(fork.a.provenance().dropped, 2U);
  fork.graph.set_provenance(fork.b, {{"conv1", "bn1"}, {"rule0"}, 1});
  fork.graph.merge_provenance(fork.a, fork.b);
  EXPECT_EQ(fork.a.label(), "conv1");
  EXPECT_EQ(fork.a.provenance().dropped, 3U);
  EXPECT_EQ(fork.c.label(), "c");
}

TEST(Graph, NamesOpaqueOperators) {
  Graph graph;
  const OpInfo& nms = graph.opaque_op("", "NonMaxSuppression");
  EXPECT_EQ(nms.name, "onnx.NonMaxSuppression");
  EXPECT_EQ(&graph.opaque_op("", "NonMaxSuppression"), &nms);
  EXPECT_EQ(graph.opaque_op("com.microsoft", "Gelu").name, "onnx.com.microsoft.Gelu");
  EXPECT_EQ(graph.opaque_op("my domain", "A.b").name, "onnx.\"my domain\".\"A.b\"");
}

TEST(Graph, MovesInPlaceAndClonesWithTheSameIds) {
  Fork fork;
  fork.graph.info().producer_name = "pytorch";
  fork.a.result()->set_range(Range{0, 6});
  const std::uint64_t epoch = fork.graph.epoch();
  Graph moved = std::move(fork.graph);
  EXPECT_EQ(&fork.a.graph(), &moved);
  EXPECT_EQ(&fork.x.graph(), &moved);
  EXPECT_EQ(moved.epoch(), epoch);
  Graph copy = moved.clone();
  EXPECT_EQ(copy.epoch(), epoch);
  EXPECT_EQ(order_of(copy), "a b c ");
  EXPECT_EQ(copy.info(), moved.info());
  const Value* a = copy.value(fork.a.result()->id());
  ASSERT_NE(a, nullptr);
  EXPECT_NE(a, fork.a.result());
  EXPECT_EQ(a->name(), "a");
  EXPECT_NE(a->name().data(), fork.a.result()->name().data());
  EXPECT_EQ(users_of(*a), "b0 c0 ");
  EXPECT_EQ(a->range(), (Range{0, 6}));
  EXPECT_EQ(copy.outputs()[1].name, "alias");
  EXPECT_EQ(&a->graph(), &copy);
  copy = Graph("other");
  EXPECT_EQ(copy.node_count(), 0U);
}

TEST(Graph, CountsEveryChange) {
  Fork fork;
  std::set<std::uint64_t> seen{fork.graph.epoch()};
  const auto changed = [&] { return seen.insert(fork.graph.epoch()).second; };
  fork.graph.set_type(fork.x, fork.x.type());
  EXPECT_FALSE(changed());
  fork.graph.set_type(fork.x, Type(DType::f32, {3}));
  EXPECT_TRUE(changed());
  fork.x.set_range(Range{});
  EXPECT_TRUE(changed());
  fork.graph.set_attribute(fork.a, "z", std::int64_t{1});
  EXPECT_TRUE(changed());
  fork.graph.add_rule(fork.a, "r");
  EXPECT_TRUE(changed());
  fork.graph.set_operand(fork.c, 0, &fork.x);
  EXPECT_TRUE(changed());
  fork.graph.move_before(fork.c, fork.a);
  EXPECT_TRUE(changed());
  fork.graph.set_output(0, fork.x);
  EXPECT_TRUE(changed());
  EXPECT_EQ(fork.graph.erase_dead_nodes(), 2U);
  EXPECT_TRUE(changed());
}

}  // namespace
}  // namespace rcc

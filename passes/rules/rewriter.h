#pragma once

#include <map>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "ir/graph.h"
#include "passes/rules/rule.h"

namespace rcc {

// What a rewrite did, for checking it and for going on from it.
struct Rewrite {
  // Nodes made, operands before users.
  std::vector<Node*> new_nodes;
  // Nodes found on the edges of a value that are what would have been made.
  std::vector<Node*> reused_nodes;
  // What stands in for observed_results(), in that order.
  std::vector<Value*> results;
  // An `ensure` that does not hold: a defect of the rule.
  struct Violation {
    TextRange range;
    std::string message;
  };
  std::optional<Violation> violation;
};

// Finds nodes that read a value, so that its readers can share them. The readers of a value are
// looked through once, at the first question; what is made later is told by add().
class SharedNodes {
 public:
  explicit SharedNodes(const Graph& graph) : graph_(graph) {}
  const std::vector<NodeId>& readers(const Value& value, const OpInfo& op);
  // Precondition: readers() was asked for the value and the node's operator.
  void add(const Value& value, const Node& node);

 private:
  const Graph& graph_;
  std::map<std::pair<std::uint32_t, std::string_view>, std::vector<NodeId>> readers_;
};

// Applies a rule at a matched site. First everything is computed, then the graph is changed; a site
// where that does not work out is left as it was.
class Rewriter {
 public:
  // `shared` is of the whole run; null when this is its only rewrite.
  Rewriter(Graph& graph, const Rule& rule, const Bindings& bindings, SharedNodes* shared = nullptr);
  // The reason when the site is left alone. Empty: the rule has changed the site before.
  tl::expected<Rewrite, std::string> apply();

 private:
  // An operand or result of the replacement before the graph is touched.
  struct Plan {
    // made: a result of a definition.
    enum class Kind : std::uint8_t { absent, existing, constant, node, made };
    Kind kind = Kind::absent;
    Value* value = nullptr;
    // Of a constant, with the constant it is derived from, whose name it takes when that one goes.
    Tensor tensor;
    bool is_sparse = false;
    Value* original = nullptr;
    // Of a constant, or of the first result of a node.
    std::string name;
    // Of a node.
    const OpInfo* op = nullptr;
    std::vector<Plan> operands;
    std::vector<NamedAttribute> attributes;
    std::size_t result_count = 1;
    // Of a made value.
    std::size_t definition = 0;
    std::size_t result = 0;
  };
  using PlanResult = tl::expected<Plan, std::string>;
  using Problem = std::optional<std::string>;

  // What is made (rewriter_plan.cpp).
  PlanResult plan(const Expression& expression);
  PlanResult plan_node(const Expression& expression);
  PlanResult plan_constant(const Expression& expression);
  tl::expected<AttributeValue, std::string> plan_attribute(const Expression& value,
                                                           const AttributeInfo& info) const;
  tl::expected<void, std::string> plan_attributes(const Expression& expression, Plan& plan);
  void name_constants(const Expression& expression, Plan& plan);
  Value* first_constant(const Expression& expression) const;
  Problem plan_definitions();

  // Results of the root (rewriter.cpp).
  Problem plan_replacements();
  // What would be made is there already, also its constants.
  bool changes_nothing() const;
  Problem refuse_existing(const Value& replaced, const Value& with) const;
  Problem place_definitions();
  void make_all();
  Value& make(const Plan& plan);
  Value& make_constant(const Plan& plan);
  Node& made_node(std::size_t definition);
  Node& make_node(const Plan& plan);
  // The reason when a new result cannot stand in for the old one.
  Problem check_types() const;
  void undo();
  void commit();
  void replace(Value& old, Value& with);
  void erase_matched();
  void remove_unused(std::vector<Value*> constants);
  void check_post_conditions();

  // Edges and constants of nodes that stay (rewriter_edges.cpp).
  struct Edge {
    const EdgeInsertion* rule = nullptr;
    Value* source = nullptr;
    Node* target = nullptr;
    Plan with;
    Value* made = nullptr;
  };
  struct Change {
    const ConstantChange* rule = nullptr;
    Value* constant = nullptr;
    Tensor tensor;
  };
  Problem plan_edge(const EdgeInsertion& edge);
  Problem plan_change(const ConstantChange& change);
  void name_inserted(Plan& plan, std::string_view source) const;
  bool was_inserted(const Value& value, const Plan& plan) const;
  // Whether `value` is what the plan would make from any value in place of `source`.
  bool is_like(const Value& value, const Plan& plan, const Value& source) const;
  bool is_node_like(const Value& value, const Plan& plan, const Value& source) const;
  bool has_same_attributes(const Node& node, const Plan& plan) const;
  Problem check_order(const Plan& plan, const Node& before) const;
  void make_edge(Edge& edge);
  // The node that a shared plan would make, when it is there before `target`.
  Node* find_shared(const Plan& plan);
  const Value& found_by(const Plan& plan, const std::vector<Value*>& operands) const;
  void connect(const Edge& edge);
  bool is_read_elsewhere(const Value& constant) const;
  void set(const Change& change);

  Graph& graph_;
  const Rule& rule_;
  // A copy: after the rewrite, names stand for what is there then.
  Bindings bindings_;
  SharedNodes own_known_;
  SharedNodes& known_;
  Node* root_;
  std::vector<Plan> definitions_;
  // Of results that are produced, with their slots.
  std::vector<Plan> replacements_;
  std::vector<std::size_t> replaced_;
  std::vector<Edge> edges_;
  std::vector<Change> changes_;
  // Made for the definitions; null until they are used.
  std::vector<Node*> made_;
  // Nodes with a name go before the first, others before the second.
  Node* before_all_ = nullptr;
  Node* before_ = nullptr;
  // The edge whose nodes are made and may be shared; null else.
  struct Shared {
    const Value* source = nullptr;
    const Node* target = nullptr;
  };
  Shared shared_;
  Rewrite done_;
  struct NewConstant {
    Value* value;
    Value* original;
    // As planned; the value's may differ.
    std::string name;
  };
  std::vector<NewConstant> new_constants_;
  std::string error_;
};

}  // namespace rcc

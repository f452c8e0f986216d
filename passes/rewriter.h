#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "ir/graph.h"
#include "passes/rule.h"

namespace rcc {

// What a rewrite did, for checking it and for going on from it.
struct Rewrite {
  // Nodes made, operands before users.
  std::vector<Node*> new_nodes;
  // What stands in for the replaced results, in the order of Rule::replacements.
  std::vector<Value*> results;
};

// Applies the replacements of a rule at a matched site. First everything is computed, then the
// graph is changed; a site where that does not work out is left as it was.
class Rewriter {
 public:
  Rewriter(Graph& graph, const Rule& rule, const Bindings& bindings);
  // The reason when the site is left alone.
  tl::expected<Rewrite, std::string> apply();

 private:
  // An operand or result of the replacement before the graph is touched.
  struct Plan {
    enum class Kind : std::uint8_t { absent, existing, constant, node };
    Kind kind = Kind::absent;
    Value* value = nullptr;
    // Of a constant, with the constant it is derived from, whose name it takes when that one goes.
    Tensor tensor;
    bool is_sparse = false;
    Value* original = nullptr;
    std::string name;
    // Of a node.
    const OpInfo* op = nullptr;
    std::vector<Plan> operands;
    std::vector<NamedAttribute> attributes;
  };
  using PlanResult = tl::expected<Plan, std::string>;

  PlanResult plan(const Expression& expression);
  PlanResult plan_node(const Expression& expression);
  PlanResult plan_constant(const Expression& expression);
  tl::expected<void, std::string> plan_attributes(const Expression& expression, Plan& plan);
  void name_constants(const Expression& expression, Plan& plan);
  Value* first_constant(const Expression& expression) const;
  bool changes_nothing(const Plan& plan) const;
  std::optional<std::string> refuse_existing(const Value& replaced, const Value& with) const;

  Value& make(const Plan& plan);
  Value& make_node(const Plan& plan);
  // The reason when the new result cannot stand in for the old one.
  std::optional<std::string> check_types();
  void undo();
  void replace(Value& old, Value& with);
  void erase_matched();

  Graph& graph_;
  const Rule& rule_;
  const Bindings& bindings_;
  Node* root_;
  Rewrite done_;
  struct NewConstant {
    Value* value;
    Value* original;
  };
  std::vector<NewConstant> new_constants_;
  std::string error_;
};

}  // namespace rcc

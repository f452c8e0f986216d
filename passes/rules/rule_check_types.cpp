#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/shape_inference.h"
#include "passes/rules/rule_checker.h"

namespace rcc {

namespace {

using Kind = ExpressionType::Kind;

Type kind_type(const ValueKind& kind, Graph& graph) {
  const bool is_rest = !kind.dims.empty() && kind.dims.back().kind == DimPattern::Kind::rest;
  if (!kind.has_dims || is_rest) return Type::unranked(kind.dtype);
  Shape dims;
  for (const DimPattern& dim : kind.dims)
    dims.push_back(dim.kind == DimPattern::Kind::number ? Dim(dim.number)
                   : dim.kind == DimPattern::Kind::name ? graph.symbols().intern(dim.name)
                                                        : Dim::unknown());
  return {kind.dtype, std::move(dims)};
}

// Whether the types of the results follow from the operands alone.
bool is_free_of_attributes(const OpInfo& op) {
  return !op.axes.empty() &&
         std::none_of(op.attributes.begin(), op.attributes.end(), [](const AttributeInfo& info) {
           return info.is_required || info.is_dtype;
         });
}

// Shape functions ask for ranks that a model has, but a rule need not say.
bool are_ranked(const Graph::NodeSpec& spec) {
  return std::all_of(spec.operands.begin(), spec.operands.end(), [](const Value* operand) {
    return operand == nullptr || operand->type().is_ranked;
  });
}

// Runs shape inference over a graph made of a rule's patterns, then over what it makes, with what
// the rule says about types. An operator whose attributes are not all known has results of unknown
// type, unless its row says that attributes do not matter to them.
class RuleTypeChecker {
 public:
  RuleTypeChecker(const Rule& rule, const OpTable& ops, RuleErrors& errors)
      : rule_(rule),
        errors_(errors),
        graph_("rule", std::shared_ptr<const OpTable>(std::shared_ptr<void>(), &ops)),
        values_(rule.value_names.size(), nullptr) {}

  void check() {
    for (const NodePattern& pattern : rule_.patterns)
      if (!add_pattern(pattern)) return;
    for (const NodeDefinition& definition : rule_.definitions) {
      const Value* first = make(definition.node);
      made_.push_back(first == nullptr ? nullptr : first->producer());
    }
    for (const Replacement& replacement : rule_.replacements) {
      const Value* with = make(replacement.with);
      const Value* old = values_[static_cast<std::size_t>(replacement.slot)];
      compare(replacement.target, old, "its replacement", with, replacement.with.range);
    }
    for (const EdgeInsertion& edge : rule_.edges) {
      const Value* with = make(edge.with);
      const Value* old = values_[static_cast<std::size_t>(edge.slot)];
      compare(edge.source, old, "what is inserted", with, edge.with.range);
    }
  }

 private:
  void compare(const std::string& name, const Value* old, std::string_view what, const Value* with,
               TextRange range) {
    if (old == nullptr || with == nullptr || is_compatible(old->type(), with->type())) return;
    errors_.add(range, fmt::format("`{}` is {}, but {} is {}", name, text_of(old->type()), what,
                                   text_of(with->type())));
  }

  std::string text_of(const Type& type) const { return to_text(type, graph_.symbols()); }

  Value* unknown() { return &graph_.add_input("", Type::unranked(DType::unknown)); }

  // False after an error: what follows would be about the same.
  bool add_pattern(const NodePattern& pattern) {
    const bool is_variadic_rest =
        pattern.has_rest_operands && !pattern.ops.front()->operands.empty() &&
        pattern.ops.front()->operands.back().arity == Arity::variadic;
    Graph::NodeSpec spec;
    spec.op = pattern.ops.front();
    bool is_known = pattern.ops.size() == 1 && !is_variadic_rest;
    is_known = add_attributes(pattern, spec) && is_known;
    add_operands(pattern, spec);
    if (!is_known || !are_ranked(spec)) {
      for (std::size_t i = 0; i < pattern.result_slots.size(); ++i) {
        const Type type = i == 0 && pattern.has_kind ? kind_type(pattern.value_kind, graph_)
                                                     : Type::unranked(DType::unknown);
        bind(pattern.result_slots[i], graph_.add_input(name_of(pattern.result_slots[i]), type));
      }
      return true;
    }
    for (std::size_t i = 0; i < pattern.result_slots.size(); ++i)
      spec.results.push_back({name_of(pattern.result_slots[i]),
                              i == 0 && pattern.has_kind ? kind_type(pattern.value_kind, graph_)
                                                         : Type::unranked(DType::unknown)});
    Node& node = graph_.add_node(std::move(spec));
    for (std::size_t i = 0; i < pattern.result_slots.size(); ++i)
      bind(pattern.result_slots[i], *node.result(i));
    const auto inferred = infer_types(graph_, node);
    if (!inferred)
      errors_.add(pattern.range,
                  fmt::format("this matches nothing: {}", inferred.error().message()));
    return inferred.has_value();
  }

  std::string name_of(int slot) const {
    const std::string& name = rule_.value_names[static_cast<std::size_t>(slot)];
    return name == "_" ? std::string() : name;
  }

  void bind(int slot, Value& value) { values_[static_cast<std::size_t>(slot)] = &value; }

  void add_operands(const NodePattern& pattern, Graph::NodeSpec& spec) {
    for (const OperandPattern& operand : pattern.operands) {
      if (operand.index < 0) continue;
      const auto index = static_cast<std::size_t>(operand.index);
      if (spec.operands.size() <= index) spec.operands.resize(index + 1, nullptr);
      spec.operands[index] = operand_value(operand);
    }
    const auto& row = spec.op->operands;
    if (!pattern.has_rest_operands) return;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i].arity == Arity::optional) continue;
      if (spec.operands.size() <= i) spec.operands.resize(i + 1, nullptr);
      if (spec.operands[i] == nullptr) spec.operands[i] = unknown();
    }
  }

  Value* operand_value(const OperandPattern& operand) {
    if (operand.kind == OperandPattern::Kind::none) return nullptr;
    int slot = operand.slot;
    if (operand.kind == OperandPattern::Kind::node && slot < 0)
      slot = rule_.patterns[static_cast<std::size_t>(operand.node)].result_slots.front();
    if (slot < 0) return unknown();
    Value*& value = values_[static_cast<std::size_t>(slot)];
    if (value == nullptr)
      value = &graph_.add_input(
          name_of(slot), operand.has_kind ? kind_type(operand.value_kind, graph_)
                                          : Type::unranked(DType::unknown));
    return value;
  }

  // Whether the result types can be told.
  static bool add_attributes(const NodePattern& pattern, Graph::NodeSpec& spec) {
    bool is_known = !pattern.has_rest_attributes;
    for (const AttributePattern& attribute : pattern.attributes) {
      if (attribute.kind == AttributePattern::Kind::rest) continue;
      const bool is_one = attribute.values.size() == 1;
      is_known = is_known && is_one;
      if (is_one && type_of(attribute.values.front()) != AttributeType::none)
        spec.attributes.push_back({attribute.name, attribute.values.front()});
    }
    return is_known || is_free_of_attributes(*spec.op);
  }

  Value* make(const Expression& expression) {
    if (expression.is_build) return make_node(expression);
    if (expression.symbol.kind == Symbol::Kind::value) return values_[expression.symbol.index];
    if (expression.symbol.kind == Symbol::Kind::made) {
      const Node* node = made_[expression.symbol.index];
      return node == nullptr ? unknown() : node->result(expression.symbol.result);
    }
    if (expression.type.kind == Kind::none) return nullptr;
    return &graph_.add_input("", constant_type(expression.type));
  }

  Type constant_type(const ExpressionType& type) {
    if (type.kind == Kind::number) return {type.dtype, {}};
    if (!type.rank) return Type::unranked(type.dtype);
    Shape dims(*type.rank, Dim::unknown());
    for (std::size_t i = 0; i < type.sizes.size(); ++i) {
      const std::int64_t size = type.sizes[i];
      if (size >= 0) dims[i] = Dim(size);
      if (size < ExpressionType::kUnknownSize)
        dims[i] = graph_.symbols().intern(rule_.dim_names[static_cast<std::size_t>(-2 - size)]);
    }
    return {type.dtype, std::move(dims)};
  }

  // Null: nothing is known about its results.
  Value* make_node(const Expression& expression) {
    Graph::NodeSpec spec;
    const BuildTarget& target = expression.build;
    spec.op = target.op;
    bool is_known = true;
    const NodePattern* like =
        target.like < 0 ? nullptr : &rule_.patterns[static_cast<std::size_t>(target.like)];
    if (like != nullptr) spec.op = like->ops.front();
    if (like != nullptr) is_known = like->ops.size() == 1;
    is_known = add_built_attributes(expression, spec) && is_known;
    for (std::size_t i = 0; i < expression.children.size(); ++i) {
      const auto index = static_cast<std::size_t>(target.operands[i]);
      if (spec.operands.size() <= index) spec.operands.resize(index + 1, nullptr);
      spec.operands[index] = make(expression.children[i]);
      is_known = is_known && (spec.operands[index] != nullptr ||
                              expression.children[i].type.kind == Kind::none);
    }
    if (!is_known || !are_ranked(spec)) return nullptr;
    for (const ResultInfo& result : spec.op->results)
      if (result.arity != Arity::optional) spec.results.emplace_back();
    Node& node = graph_.add_node(std::move(spec));
    const auto inferred = infer_types(graph_, node);
    if (inferred) return node.result();
    errors_.add(expression.range,
                fmt::format("this node cannot be made: {}", inferred.error().message()));
    return nullptr;
  }

  bool add_built_attributes(const Expression& expression, Graph::NodeSpec& spec) const {
    bool is_known = true;
    const int from = expression.build.attributes_of;
    if (from >= 0) {
      const NodePattern& pattern = rule_.patterns[static_cast<std::size_t>(from)];
      is_known = pattern.ops.size() == 1 && add_attributes(pattern, spec);
    }
    for (const BuildAttribute& attribute : expression.attributes) {
      if (attribute.value.empty()) continue;
      const AttributeInfo* info = spec.op->find_attribute(attribute.name);
      AttributeValue value;
      if (info == nullptr ||
          !RuleChecker::to_attribute(attribute.value.front(), info->type, value)) {
        is_known = false;
        continue;
      }
      std::erase_if(spec.attributes,
                    [&](const NamedAttribute& given) { return given.name == info->name; });
      spec.attributes.push_back({info->name, std::move(value)});
    }
    return is_known || is_free_of_attributes(*spec.op);
  }

  const Rule& rule_;
  RuleErrors& errors_;
  Graph graph_;
  // Of Bindings::values.
  std::vector<Value*> values_;
  std::vector<Node*> made_;
};

}  // namespace

void RuleChecker::check_types() { RuleTypeChecker(rule_, ops_, errors_).check(); }

}  // namespace rcc

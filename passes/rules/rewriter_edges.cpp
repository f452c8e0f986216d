#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "passes/rules/matcher.h"
#include "passes/rules/rewriter.h"

namespace rcc {

namespace {

// Whether `node` was made by that rule.
bool is_made_by(const Node& node, std::string_view rule) {
  const auto& rules = node.provenance().rules;
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

}  // namespace

Rewriter::Problem Rewriter::plan_edge(const EdgeInsertion& rule) {
  Edge edge;
  edge.rule = &rule;
  edge.source = bindings_.values[static_cast<std::size_t>(rule.slot)];
  edge.target = bindings_.nodes[static_cast<std::size_t>(rule.node)];
  // An optional operand that is not given has no edge.
  if (edge.source == nullptr) return std::nullopt;
  PlanResult planned = plan(rule.with);
  if (!planned) return std::move(planned).error();
  if (was_inserted(*edge.source, *planned)) return "";
  if (is_like(*edge.source, *planned, *edge.source))
    return fmt::format("{} is what rule {} would insert", label_of(*edge.source), rule_.name);
  if (planned->kind == Plan::Kind::node) name_inserted(*planned, edge.source->name());
  if (planned->kind == Plan::Kind::constant) planned->name = std::string(edge.source->name());
  const Problem problem = check_order(*planned, *edge.target);
  if (problem) return problem;
  edge.with = std::move(*planned);
  edges_.push_back(std::move(edge));
  return std::nullopt;
}

// What is on an edge is named after the value that it comes from: "x_quantize", "x_scale".
void Rewriter::name_inserted(Plan& planned, std::string_view source) const {
  planned.name = fmt::format("{}_{}", source, planned.op->name);
  for (std::size_t i = 0; i < planned.operands.size(); ++i) {
    Plan& operand = planned.operands[i];
    const auto& row = planned.op->operands[std::min(i, planned.op->operands.size() - 1)];
    operand.original = nullptr;
    if (operand.kind == Plan::Kind::node) name_inserted(operand, source);
    if (operand.kind == Plan::Kind::constant)
      operand.name = fmt::format("{}_{}", source, row.role == Role::data ? "data" : row.name);
  }
}

// Its own work is not what a rule looks for.
bool Rewriter::was_inserted(const Value& value, const Plan& planned) const {
  const Node* node = value.producer();
  return node != nullptr && planned.kind == Plan::Kind::node &&
         node->op().name == planned.op->name && is_made_by(*node, rule_.name);
}

bool Rewriter::has_same_attributes(const Node& node, const Plan& planned) const {
  const auto is_as_planned = [&](const NamedAttribute& attribute) {
    return equal(attribute.value, node.attribute(attribute.name));
  };
  const auto is_planned = [&](const NamedAttribute& attribute) {
    return std::any_of(planned.attributes.begin(), planned.attributes.end(),
                       [&](const NamedAttribute& a) { return a.name == attribute.name; });
  };
  return std::all_of(planned.attributes.begin(), planned.attributes.end(), is_as_planned) &&
         std::all_of(node.attributes().begin(), node.attributes().end(), is_planned);
}

bool Rewriter::is_like(const Value& value, const Plan& planned, const Value& source) const {
  if (planned.kind == Plan::Kind::constant)
    return value.is_constant() && value.tensor().same_contents(planned.tensor);
  if (planned.kind == Plan::Kind::existing)
    return planned.value == &value || planned.value == &source;
  if (planned.kind == Plan::Kind::made)
    return value.result_index() == planned.result &&
           is_node_like(value, definitions_[planned.definition], source);
  return planned.kind == Plan::Kind::node && value.result_index() == 0 &&
         is_node_like(value, planned, source);
}

bool Rewriter::is_node_like(const Value& value, const Plan& planned, const Value& source) const {
  const Node* node = value.producer();
  if (node == nullptr || node->op().name != planned.op->name ||
      !has_same_attributes(*node, planned))
    return false;
  for (std::size_t i = 0; i < std::max(planned.operands.size(), node->operand_count()); ++i) {
    const Value* operand = node->operand(i);
    const bool is_absent =
        i >= planned.operands.size() || planned.operands[i].kind == Plan::Kind::absent;
    if (is_absent != (operand == nullptr)) return false;
    if (!is_absent && !is_like(*operand, planned.operands[i], source)) return false;
  }
  return true;
}

// Whatever the new nodes read must be computed before the node that will read them.
Rewriter::Problem Rewriter::check_order(const Plan& planned, const Node& before) const {
  if (planned.kind == Plan::Kind::existing) {
    const Node* producer = planned.value->producer();
    if (producer != nullptr && !graph_.is_before(*producer, before))
      return fmt::format("{} is computed after {}", label_of(*planned.value), before.label());
  }
  for (const Plan& operand : planned.operands)
    if (Problem problem = check_order(operand, before)) return problem;
  return std::nullopt;
}

void Rewriter::make_edge(Edge& edge) {
  Node* const before = before_;
  before_ = edge.target;
  if (edge.rule->sharing == EdgeInsertion::Sharing::shared) {
    // Right after the value, so that all its readers come later.
    Node* producer = edge.source->producer();
    before_ = producer != nullptr ? producer->next() : graph_.first_node();
    shared_ = Shared{edge.source, edge.target};
  }
  edge.made = &make(edge.with);
  shared_ = {};
  before_ = before;
}

// Nodes are found among the readers of what they read. Of constants alone, the value whose edge it is
// stands for it.
const Value& Rewriter::found_by(const Plan& planned, const std::vector<Value*>& operands) const {
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (operands[i] != nullptr && planned.operands[i].kind != Plan::Kind::constant)
      return *operands[i];
  return *shared_.source;
}

Node* Rewriter::find_shared(const Plan& planned) {
  std::vector<Value*> operands;
  for (const Plan& operand : planned.operands) {
    operands.push_back(operand.value);
    if (operand.kind != Plan::Kind::node) continue;
    Node* found = find_shared(operand);
    if (found == nullptr) return nullptr;
    operands.back() = found->result();
  }
  const auto fits = [&](const Node& node) {
    for (std::size_t i = 0; i < std::max(operands.size(), node.operand_count()); ++i) {
      const Value* operand = node.operand(i);
      const bool is_constant =
          i < operands.size() && planned.operands[i].kind == Plan::Kind::constant;
      if (is_constant ? operand == nullptr || !operand->is_constant() ||
                            !operand->tensor().same_contents(planned.operands[i].tensor)
                      : operand != (i < operands.size() ? operands[i] : nullptr))
        return false;
    }
    return has_same_attributes(node, planned) && graph_.is_before(node, *shared_.target);
  };
  for (const NodeId id : known_.readers(found_by(planned, operands), *planned.op)) {
    Node* node = graph_.node(id);
    if (node != nullptr && node != shared_.target && fits(*node)) return node;
  }
  return nullptr;
}

void Rewriter::connect(const Edge& edge) {
  for (const int operand : edge.rule->operands) {
    const auto at = static_cast<std::size_t>(operand);
    // Operands of a commutative node may have matched in the other order.
    for (const std::size_t index : {at, at < 2 ? 1 - at : at})
      if (edge.target->operand(index) == edge.source) {
        graph_.set_operand(*edge.target, index, edge.made);
        break;
      }
  }
}

Rewriter::Problem Rewriter::plan_change(const ConstantChange& rule) {
  Change change{&rule, bindings_.values[static_cast<std::size_t>(rule.slot)], {}};
  const Tensor& old = change.constant->tensor();
  DatumResult contents = evaluate(rule.value, bindings_);
  if (!contents) return std::move(contents).error();
  change.tensor = to_tensor(*contents, old.dtype());
  if (change.tensor.dtype() != old.dtype() || change.tensor.shape() != old.shape())
    return fmt::format("{} would become {}, not {}", label_of(*change.constant),
                       to_text(change.tensor.type(), graph_.symbols()),
                       to_text(old.type(), graph_.symbols()));
  const bool is_marked = !rule.marks_sparse || change.constant->is_sparse();
  if (is_marked && change.tensor.same_contents(old)) return std::nullopt;
  changes_.push_back(std::move(change));
  return std::nullopt;
}

// Looks no further than the first other reader: there may be thousands.
bool Rewriter::is_read_elsewhere(const Value& constant) const {
  if (constant.is_output()) return true;
  for (const Use& use : constant.uses())
    if (std::find(bindings_.nodes.begin(), bindings_.nodes.end(), &use.user()) ==
        bindings_.nodes.end())
      return true;
  return false;
}

void Rewriter::set(const Change& change) {
  Value* constant = change.constant;
  if (change.rule->readers == ConstantChange::Readers::matched && is_read_elsewhere(*constant)) {
    Value& copy = graph_.add_constant(constant->name(), change.tensor, constant->is_sparse());
    for (Node* node : bindings_.nodes) graph_.replace_uses_in(*node, *constant, copy);
    graph_.drop_ranges_after(copy);
    bindings_.values[static_cast<std::size_t>(change.rule->slot)] = &copy;
    constant = &copy;
  } else {
    graph_.set_tensor(*constant, change.tensor);
  }
  if (change.rule->marks_sparse) graph_.set_sparse(*constant, true);
}

}  // namespace rcc

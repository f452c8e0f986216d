#include "passes/rules/rule_contract.h"

#include <algorithm>

#include "ir/hash_attribute.h"

namespace rcc {

namespace {

// Rewrites in one line that make nothing smaller. A line that goes somewhere is much shorter.
constexpr std::uint32_t kMaxStalled = 64;
// A recursive rule that has rewritten its own result that often will not end.
constexpr std::uint32_t kMaxRecursion = 1000;
// Contents of larger constants are not looked at.
constexpr std::int64_t kMaxElements = 65536;

// Constants are what they contain, since each rewrite makes its own.
void add_operand(Hasher& hasher, const Value* value, const std::vector<Node*>& new_nodes) {
  if (value == nullptr) {
    hasher.add(std::string_view("absent"));
    return;
  }
  const auto made = std::find(new_nodes.begin(), new_nodes.end(), value->producer());
  if (value->producer() != nullptr && made != new_nodes.end()) {
    hasher.add(std::string_view("new")).add(static_cast<std::uint64_t>(made - new_nodes.begin()));
  } else if (value->is_constant() && !value->tensor().is_elided() &&
             value->tensor().element_count() <= kMaxElements) {
    hasher.add(std::string_view("constant")).add(value->tensor().digest());
  } else {
    hasher.add(std::string_view("value")).add(static_cast<std::uint64_t>(value->id().index));
  }
}

}  // namespace

void SiteState::take(const Graph& graph, const Bindings& bindings) {
  nodes_.clear();
  facts_.clear();
  facts_.push_back(graph.node_count());
  facts_.push_back(graph.constants().size());
  for (const Node* node : bindings.nodes) {
    nodes_.push_back(node->id());
    add_node(*node, facts_);
  }
}

bool SiteState::still_holds(const Graph& graph) const {
  std::vector<std::uint64_t> facts{graph.node_count(), graph.constants().size()};
  for (const NodeId id : nodes_) {
    const Node* node = graph.node(id);
    if (node == nullptr) return false;
    add_node(*node, facts);
  }
  return facts == facts_;
}

void SiteState::add_node(const Node& node, std::vector<std::uint64_t>& facts) const {
  const auto add_value = [&](const Value* value) {
    facts.push_back(value == nullptr ? UINT64_MAX : value->id().index);
    if (value == nullptr) return;
    facts.push_back(std::uint64_t{value->use_count()} << 32 | value->output_count());
    // Names are interned.
    facts.push_back(reinterpret_cast<std::uintptr_t>(value->name().data()));
    if (value->is_constant())
      facts.push_back(static_cast<std::uint64_t>(value->tensor().element_count()) << 1 |
                      static_cast<std::uint64_t>(value->tensor().is_elided()));
  };
  facts.push_back(static_cast<std::uint64_t>(node.op().kind));
  facts.push_back(node.attributes().size());
  for (std::size_t i = 0; i < node.operand_count(); ++i) add_value(node.operand(i));
  for (std::size_t i = 0; i < node.result_count(); ++i) add_value(node.result(i));
}

std::optional<RuleLineage::Circle> RuleLineage::add(const Graph& graph, const Rule& rule,
                                                    NodeId root, const Rewrite& rewrite,
                                                    std::int64_t growth) {
  Record record = following(rule, made_by_[root], growth);
  if (record.parent != kNone) record.state = state_of(graph, rewrite, root);
  std::optional<Circle> circle = find_circle(record);
  const auto index = static_cast<std::uint32_t>(records_.size());
  records_.push_back(record);
  for (const Node* node : rewrite.new_nodes) made_by_[node->id()] = index;
  // A root that stays was rewritten all the same.
  made_by_[root] = index;
  return circle;
}

RuleLineage::Record RuleLineage::following(const Rule& rule, std::uint32_t parent,
                                           std::int64_t growth) const {
  Record record;
  record.rule = &rule;
  record.parent = parent;
  record.balance = growth;
  if (parent == kNone) {
    record.lowest = std::min<std::int64_t>(growth, 0);
    return record;
  }
  const Record& before = records_[parent];
  record.balance += before.balance;
  record.lowest = std::min(before.lowest, record.balance);
  const bool is_own = before.rule == &rule;
  // A recursive rule says itself that it will end.
  const std::uint32_t more = is_own && rule.is_recursive ? 0 : 1;
  record.stalled = record.balance < before.lowest ? 0 : before.stalled + more;
  record.in_a_row = is_own ? before.in_a_row + 1 : 0;
  return record;
}

std::optional<RuleLineage::Circle> RuleLineage::find_circle(const Record& record) const {
  if (record.parent == kNone) return std::nullopt;
  const Record& before = records_[record.parent];
  // A rule that keeps its nodes knows its own work and leaves it alone.
  const bool must_say_so = !record.rule->is_recursive && !record.rule->keeps_nodes();
  if (before.rule == record.rule && must_say_so && record.balance >= before.balance)
    return Circle{Circle::Kind::own_result, {record.rule}};
  const Record* earlier = &before;
  for (std::uint32_t back = 1; back <= kMaxStalled && earlier->parent != kNone; ++back) {
    if (earlier->rule == record.rule && earlier->state == record.state &&
        earlier->balance == record.balance)
      return Circle{Circle::Kind::repetition, rules_of(record, back - 1)};
    earlier = &records_[earlier->parent];
  }
  if (record.in_a_row > kMaxRecursion) return Circle{Circle::Kind::endless, {record.rule}};
  if (record.stalled > kMaxStalled)
    return Circle{Circle::Kind::endless, rules_of(record, record.stalled / 2)};
  return std::nullopt;
}

std::vector<const Rule*> RuleLineage::rules_of(const Record& record, std::uint32_t count) const {
  std::vector<const Rule*> rules{record.rule};
  for (std::uint32_t at = record.parent; count > 0 && at != kNone; --count) {
    rules.push_back(records_[at].rule);
    at = records_[at].parent;
  }
  std::sort(rules.begin(), rules.end(),
            [](const Rule* a, const Rule* b) { return a->index < b->index; });
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  return rules;
}

Digest RuleLineage::state_of(const Graph& graph, const Rewrite& rewrite, NodeId root) const {
  std::vector<Node*> nodes = rewrite.new_nodes;
  if (Node* stays = graph.node(root)) nodes.push_back(stays);
  Hasher hasher;
  for (const Node* node : nodes) {
    hasher.add(node->op().name);
    for (std::size_t i = 0; i < node->operand_count(); ++i)
      add_operand(hasher, node->operand(i), nodes);
    for (const NamedAttribute& attribute : node->attributes()) {
      hasher.add(attribute.name);
      hash_attribute(hasher, attribute.value);
    }
  }
  return hasher.digest();
}

}  // namespace rcc

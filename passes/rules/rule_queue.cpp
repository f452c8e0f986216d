// Which nodes a fixpoint file visits again after a rewrite.

#include <set>
#include <utility>

#include "passes/rules/rule_pass.h"

namespace rcc {

// Readers of what is replaced, and operands whose other readers may become the only ones.
void RuleRun::remember_readers(const Rule& rule) {
  readers_.clear();
  operands_.clear();
  const Bindings& bindings = matcher_.bindings();
  for (const Replacement& replacement : rule.replacements) {
    const Value* old = bindings.values[static_cast<std::size_t>(replacement.slot)];
    if (old == nullptr) continue;
    for (const Use& use : old->uses()) readers_.push_back(use.user().id());
  }
  for (const Node* node : bindings.nodes)
    for (std::size_t i = 0; i < node->operand_count(); ++i)
      if (const Value* operand = node->operand(i); operand != nullptr && operand->producer())
        operands_.push_back(operand->id());
}

// The queue is taken from its end: new nodes come first, operands before their readers.
void RuleRun::enqueue(const Rewrite& rewrite, NodeId root) {
  const std::size_t levels = rules_.trees->depth();
  for (const ValueId id : operands_) {
    const Value* operand = graph_.value(id);
    if (operand != nullptr && operand->use_count() <= rules_.trees->most_readers())
      enqueue_readers(*operand, levels);
  }
  for (const NodeId id : readers_) {
    const Node* reader = graph_.node(id);
    if (reader == nullptr) continue;
    for (std::size_t i = 0; levels > 2 && i < reader->result_count(); ++i)
      if (const Value* result = reader->result(i)) enqueue_readers(*result, levels - 1);
    enqueue_node(*reader);
  }
  if (const Node* stays = graph_.node(root)) enqueue_node(*stays);
  for (std::size_t i = rewrite.new_nodes.size(); i-- > 0;) enqueue_node(*rewrite.new_nodes[i]);
}

// A rule whose pattern is `levels` nodes deep may have its root that far from what changed. Level
// by level, each reader once: there may be many ways to one. The nearest are taken first.
void RuleRun::enqueue_readers(const Value& value, std::size_t levels) {
  std::vector<const Value*> level{&value};
  std::vector<const Node*> found;
  std::set<NodeId> seen;
  for (; levels > 1 && !level.empty(); --levels) {
    std::vector<const Value*> above;
    for (const Value* read : level) {
      for (const Use& use : read->uses()) {
        const Node& reader = use.user();
        const bool comes_later = next_ != nullptr && !graph_.is_before(reader, *next_);
        if (comes_later || !seen.insert(reader.id()).second) continue;
        found.push_back(&reader);
        for (std::size_t i = 0; i < reader.result_count(); ++i)
          if (reader.result(i) != nullptr) above.push_back(reader.result(i));
      }
    }
    level = std::move(above);
  }
  for (auto node = found.rbegin(); node != found.rend(); ++node) enqueue_node(**node);
}

void RuleRun::enqueue_node(const Node& node) {
  if (next_ != nullptr && !graph_.is_before(node, *next_)) return;
  if (is_queued_[node.id()] || rules_.trees->tree_for(node) == nullptr) return;
  is_queued_[node.id()] = true;
  queue_.push_back(node.id());
}

}  // namespace rcc

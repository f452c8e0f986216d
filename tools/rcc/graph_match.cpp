#include "tools/rcc/graph_match.h"

#include <fmt/format.h>

#include <map>

namespace rcc {

GraphMatch::GraphMatch(const Graph& a, const Graph& b) : a_(a), b_(b) {
  match_inputs();
  match_nodes();
  for (const Node& node : a_.nodes()) pairs_.emplace_back(&node, node_images_[node.id()]);
  for (const Node& node : b_.nodes())
    if (is_free(node)) added_.push_back(&node);
}

const Value* GraphMatch::image(const Value& value) const { return value_images_[value.id()]; }

void GraphMatch::match_inputs() {
  for (std::size_t i = 0; i < a_.inputs().size(); ++i) {
    const Value& input = *a_.inputs()[i];
    const Value* same = b_.find_value(input.name());
    if (same != nullptr && same->is_input()) {
      join(input, *same);
    } else if (i < b_.inputs().size() && a_.find_value(b_.inputs()[i]->name()) == nullptr) {
      join(input, *b_.inputs()[i]);
    }
  }
}

void GraphMatch::match_nodes() {
  const auto operator_of = [](const Node& node) { return std::string(node.op().name); };
  match_by([&](const Node& node) {
    return fmt::format("{}\n{}", operator_of(node), node.label());
  });
  match_by([&](const Node& node) {
    const Value* result = node.result();
    return fmt::format("{}\n{}", operator_of(node), result ? result->name() : node.label());
  });
  match_by_structure();
  match_by([](const Node& node) { return std::string(node.label()); });
}

// Pairs the nodes that are left and have a key that is the only one of its kind on either side.
template <typename Key>
void GraphMatch::match_by(const Key& key) {
  struct Found {
    const Node* node = nullptr;
    std::size_t count = 0;
  };
  std::map<std::string, Found> ours;
  std::map<std::string, Found> theirs;
  const auto add = [&](std::map<std::string, Found>& found, const Node& node) {
    Found& row = found[key(node)];
    row.node = &node;
    ++row.count;
  };
  for (const Node& node : a_.nodes())
    if (node_images_[node.id()] == nullptr) add(ours, node);
  for (const Node& node : b_.nodes())
    if (is_free(node)) add(theirs, node);
  for (const auto& [name, mine] : ours) {
    const auto found = theirs.find(name);
    if (mine.count == 1 && found != theirs.end() && found->second.count == 1)
      join(*mine.node, *found->second.node);
  }
}

// Forwards from values that are paired, then backwards.
void GraphMatch::match_by_structure() {
  for (const Node& node : a_.nodes())
    if (node_images_[node.id()] == nullptr) match_reader(node);
  for (const Node& node : a_.nodes_reversed())
    if (node_images_[node.id()] == nullptr) match_producer(node);
}

// A reader of the image of an operand, in the same slot.
bool GraphMatch::match_reader(const Node& node) {
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Value* operand = node.operand(i);
    const Value* there = operand == nullptr ? nullptr : image(*operand);
    if (there == nullptr) continue;
    for (const Use& use : there->uses()) {
      const Node& user = use.user();
      if (use.operand() != i || !is_free(user) || user.op().name != node.op().name) continue;
      join(node, user);
      return true;
    }
  }
  return false;
}

// The producer of what the image of a reader reads in the same slot.
bool GraphMatch::match_producer(const Node& node) {
  const Value* result = node.result();
  if (result == nullptr) return false;
  const auto try_value = [&](const Value* there) {
    const Node* producer = there == nullptr ? nullptr : there->producer();
    if (producer == nullptr || !is_free(*producer) || producer->op().name != node.op().name)
      return false;
    join(node, *producer);
    return true;
  };
  for (const Use& use : result->uses()) {
    const Node* user = node_images_[use.user().id()];
    if (user != nullptr && try_value(user->operand(use.operand()))) return true;
  }
  for (std::size_t i = 0; i < a_.outputs().size() && i < b_.outputs().size(); ++i)
    if (a_.outputs()[i].value == result && try_value(b_.outputs()[i].value)) return true;
  return false;
}

void GraphMatch::join(const Node& a, const Node& b) {
  node_images_[a.id()] = &b;
  is_taken_[b.id()] = true;
  for (std::size_t i = 0; i < a.result_count(); ++i)
    if (a.result(i) != nullptr && b.result(i) != nullptr) join(*a.result(i), *b.result(i));
}

void GraphMatch::join(const Value& a, const Value& b) { value_images_[a.id()] = &b; }

}  // namespace rcc

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/graph.h"
#include "ir/id.h"

namespace rcc {

// Which nodes and values of graph b are those of graph a. Nodes are paired, each pass over those that
// are left, by the layer they came from and their operator; by the name of their first result; by
// structure, as readers of the same values or producers of the same operands; and by layer alone, when
// the operator changed. Inputs are paired by name, else by position.
class GraphMatch {
 public:
  GraphMatch(const Graph& a, const Graph& b);

  // In the order of graph a. The second is null where graph b has no such node.
  const std::vector<std::pair<const Node*, const Node*>>& pairs() const { return pairs_; }
  // Nodes of graph b only, in its order.
  const std::vector<const Node*>& added() const { return added_; }
  // The value of graph b that stands for one of graph a; null when there is none.
  const Value* image(const Value& value) const;

 private:
  void match_inputs();
  void match_nodes();
  template <typename Key>
  void match_by(const Key& key);
  void match_by_structure();
  bool match_reader(const Node& node);
  bool match_producer(const Node& node);
  void join(const Node& a, const Node& b);
  void join(const Value& a, const Value& b);
  bool is_free(const Node& b) const { return !is_taken_[b.id()]; }

  const Graph& a_;
  const Graph& b_;
  IdMap<NodeId, const Node*> node_images_;
  IdMap<NodeId, bool> is_taken_;
  IdMap<ValueId, const Value*> value_images_;
  std::vector<std::pair<const Node*, const Node*>> pairs_;
  std::vector<const Node*> added_;
};

}  // namespace rcc

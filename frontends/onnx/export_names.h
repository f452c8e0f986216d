#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ir/graph.h"

namespace rcc {

class UniqueNames {
 public:
  // False when it is taken.
  bool reserve(std::string_view name) { return taken_.emplace(name).second; }
  // The wanted name or, when that is taken, one with a number; taken from now on.
  std::string fresh(std::string_view wanted);

 private:
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, std::uint32_t> next_;
};

// What values and nodes are called in the file. Graph inputs and outputs keep their names whatever
// passes did to the values between.
class ExportNames {
 public:
  static Result<ExportNames> of(const Graph& graph);

  const std::string& value(const Value& value) const { return values_[value.id()]; }
  const std::string& node(const Node& node) const { return nodes_[node.id()]; }
  // Outputs that need an Identity node, because their value has another name: index into outputs().
  const std::vector<std::size_t>& copied_outputs() const { return copied_outputs_; }
  // A name that no value has yet.
  std::string fresh(std::string_view wanted) { return taken_.fresh(wanted); }

 private:
  void name_nodes(const Graph& graph);
  void name_values(const Graph& graph);

  IdMap<ValueId, std::string> values_;
  IdMap<NodeId, std::string> nodes_;
  UniqueNames taken_;
  std::vector<std::size_t> copied_outputs_;
};

}  // namespace rcc

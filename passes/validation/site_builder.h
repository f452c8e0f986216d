#pragma once

#include <map>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "ir/graph.h"
#include "passes/rules/rule.h"
#include "passes/validation/condition_solver.h"
#include "passes/validation/node_sampler.h"
#include "passes/validation/rule_synthesis.h"

namespace rcc {

// Builds one graph around the pattern of a rule, nodes in order, each with several tries.
class SiteBuilder {
 public:
  SiteBuilder(const Rule& rule, const SiteVariant& variant, const SynthesisSettings& settings,
              const SiteHints& hints, std::uint64_t seed);
  // Empty, or the reason why there is no such graph.
  std::string build();

  // After build(). The bindings point into the graph.
  Graph& graph() { return graph_; }
  Bindings& bindings() { return bindings_; }
  const std::string& description() const { return description_; }

 private:
  // Where a try of one node started.
  struct Draft {
    NodeDraft node;
    // By operand; null where the pattern does not name it.
    std::vector<const OperandPattern*> patterns;
  };

  void choose_style(RandomChoices& random);
  std::string build_node(std::size_t index);
  Draft draft_node(std::size_t index, RandomChoices& random);
  void draft_operand(const OperandPattern& pattern, OperandDraft& operand);
  void draft_wishes(const OperandPattern& pattern, OperandDraft& operand);
  void draft_rest(const NodePattern& pattern, Draft& draft, RandomChoices& random);
  void draft_attributes(std::size_t index, Draft& draft, RandomChoices& random);
  std::optional<Datum> hinted_attribute(std::size_t index, const AttributePattern& pattern) const;
  std::string add_node(std::size_t index, const Draft& draft);
  Value& add_operand(std::size_t index, std::size_t operand, const Draft& draft);
  Value& add_leaf_constant(const OperandInfo& row, const OperandDraft& operand, int slot,
                           const std::string& name, RandomChoices& random);
  // Binds the sizes that a pattern names; false when they do not fit.
  bool bind_dims(const ValueKind& kind, const Value& value);
  bool bind_node(std::size_t index, const Draft& draft, Node& node);
  void undo(std::size_t node_count);
  void note(std::string text);
  void describe(const Node& node);
  void add_readers();
  void read_root();
  // Makes a value an output, through a node of its own when asked to.
  void read(Value& value, SiteVariant::Reader reader);

  const Rule& rule_;
  const SiteVariant& variant_;
  const SynthesisSettings& settings_;
  const SiteHints& hints_;
  const std::uint64_t seed_;
  Graph graph_;
  Bindings bindings_;
  SampleStyle style_;
  bool has_plain_attributes_ = false;
  bool shares_leaves_ = false;
  std::vector<OptionalOperand> optional_;
  // By slot: whether the value, or its absence, is decided.
  std::vector<bool> is_decided_;
  std::vector<Value*> leaves_;
  std::string description_;
};

}  // namespace rcc

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/graph.h"
#include "ir/support/hash.h"
#include "passes/rules/rewriter.h"
#include "passes/rules/rule.h"

namespace rcc {

// What a site is before a rewrite: a rewrite that is refused must leave it like that.
class SiteState {
 public:
  void take(const Graph& graph, const Bindings& bindings);
  // Whether the nodes of the site, what they read and what reads them are still the same.
  bool still_holds(const Graph& graph) const;

 private:
  void add_node(const Node& node, std::vector<std::uint64_t>& facts) const;

  std::vector<NodeId> nodes_;
  std::vector<std::uint64_t> facts_;
};

// Which rules made a node, one after the other, so that rules that undo each other, or go on
// without end, are found at the first site where they do, after a few rewrites.
class RuleLineage {
 public:
  // Rewriting that does not end.
  struct Circle {
    enum class Kind : std::uint8_t {
      own_result,  // a rule that is not recursive rewrote what it made, and nothing got smaller
      repetition,  // the site is what it was before
      endless,     // the same rules take turns, and nothing gets smaller
    };
    Kind kind = Kind::own_result;
    // Each once, in the order of the file.
    std::vector<const Rule*> rules;
  };

  // A rewrite by `rule` at `root`, which may be gone since; `growth`: nodes it made less those it
  // erased.
  std::optional<Circle> add(const Graph& graph, const Rule& rule, NodeId root,
                            const Rewrite& rewrite, std::int64_t growth);

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  // One rewrite; its parent is the one that made its root.
  struct Record {
    const Rule* rule = nullptr;
    std::uint32_t parent = kNone;
    // Nodes more than before the first of the line, and the fewest there were.
    std::int64_t balance = 0;
    std::int64_t lowest = 0;
    // Rewrites since then; those in a row by one rule.
    std::uint32_t stalled = 0;
    std::uint32_t in_a_row = 0;
    // Of the site afterwards, unless this is the first of the line.
    Digest state;
  };
  Digest state_of(const Graph& graph, const Rewrite& rewrite, NodeId root) const;
  Record following(const Rule& rule, std::uint32_t parent, std::int64_t growth) const;
  std::optional<Circle> find_circle(const Record& record) const;
  // The rules of `record` and of `count` rewrites before it.
  std::vector<const Rule*> rules_of(const Record& record, std::uint32_t count) const;

  std::vector<Record> records_;
  IdMap<NodeId, std::uint32_t> made_by_{kNone};
};

}  // namespace rcc

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "passes/pass_catalog.h"
#include "passes/rules/rule.h"
#include "passes/rules/rule_watch.h"

namespace rcc {

// "WHAT" or "WHAT@NODE"; WHAT is a pass of rules, a rule, or "pass/rule".
struct WhyNotQuestion {
  std::string what;
  // Layer or value; empty: the whole graph.
  std::string node;
};
WhyNotQuestion parse_why_not(std::string_view text);

// The pass that is asked about, of `passes` or else of the catalog, and the rules of it.
struct WhyNotSubject {
  PassInstance pass;
  // Of `passes`; their number when it is none of them.
  std::size_t index = 0;
  std::vector<const Rule*> rules;
};
Result<WhyNotSubject> find_subject(const WhyNotQuestion& question,
                                   const std::vector<PassInstance>& passes,
                                   const PassCatalog& catalog);

// Why rules do not apply: at one node, or where in a graph they came nearest. Follows a run of
// their pass (RuleWatch::attempted), so the answer is what the pass would do.
class WhyNot {
 public:
  WhyNot(const RuleSet& set, std::vector<const Rule*> rules);
  // Before the run. A name that no layer and no value has is an error with the nearest one.
  Result<void> look_at(const Graph& graph, std::string_view node);
  void add(const RuleAttempt& attempt);
  std::string answer() const;

 private:
  struct Miss {
    std::string node;
    RuleAttempt::Outcome outcome = RuleAttempt::Outcome::near_miss;
    std::size_t passed = 0;
    std::size_t total = 0;
    std::string reason;
  };
  struct Tries {
    const Rule* rule = nullptr;
    std::vector<std::string> applied;
    std::vector<Miss> misses;
  };
  bool is_root_of_any(const Node& node) const;
  bool may_be_root(std::string_view op) const;
  void add_roots_above(const Node& node);
  std::string answer_for(const Tries& tries) const;
  static std::string ranking(std::vector<Miss> misses);
  static std::string miss_text(const Miss& miss);
  std::string nothing_text(const Rule& rule) const;

  const RuleSet& set_;
  std::vector<Tries> tries_;
  // Values that the roots asked about compute; empty: all roots.
  std::set<std::string, std::less<>> roots_;
  // What was asked about, when it is no root itself.
  std::string inner_;
  // What was applied at those roots by rules that were not asked about.
  std::map<std::string, std::vector<std::string>> others_;
};

}  // namespace rcc

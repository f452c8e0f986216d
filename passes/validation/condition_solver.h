#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "passes/rules/rule.h"
#include "passes/validation/random_choices.h"

namespace rcc {

// What a site is to have so that the conditions of its rule hold; by slot of Bindings.
struct SiteHints {
  // Contents of constants; a plain number is every element.
  std::map<int, Datum> constants;
  // Of these constants one element of that number is enough; the others may be anything.
  std::set<int> with_one_element;
  std::map<int, std::size_t> ranks;
  // By slot and axis.
  std::map<std::pair<int, std::size_t>, std::int64_t> sizes;
  std::map<int, DType> dtypes;
  std::map<int, std::int64_t> dims;
  // Attributes captured, and those of a matched node by its pattern and their name.
  std::map<int, Datum> attributes;
  std::map<std::pair<int, std::string>, Datum> members;
  std::optional<std::size_t> any_rank;
  // Sizes worth trying anywhere.
  std::vector<std::int64_t> any_sizes;
};

// Finds out what would make a condition of a rule hold at a site that is otherwise as it is: solves
// for one constant, attribute or size while the others keep their values.
class ConditionSolver {
 public:
  // `bindings` have the values of all lets before the condition.
  ConditionSolver(const Rule& rule, const Bindings& bindings, RandomChoices& random,
                  SiteHints& hints)
      : rule_(rule), bindings_(bindings), random_(random), hints_(hints) {}

  // False: nothing that can be chosen would help, as far as this solver sees.
  bool satisfy(const Expression& condition) { return satisfy(condition, Wanted::holds); }

 private:
  enum class Wanted : std::uint8_t { holds, fails };

  bool satisfy(const Expression& condition, Wanted wanted);
  bool satisfy_both(const Expression& condition, Wanted wanted);
  bool satisfy_comparison(const Expression& condition, Wanted wanted);
  bool satisfy_call(const Expression& condition, Wanted wanted);
  // A value on which `value SIGN other` holds.
  Datum target_for(std::string_view sign, const Datum& other);

  // Asks for `expression` to have the value `target`.
  bool assign(const Expression& expression, const Datum& target);
  bool assign_name(const Expression& expression, const Datum& target);
  bool assign_binary(const Expression& expression, const Datum& target);
  bool assign_call(const Expression& expression, const Datum& target);
  bool assign_gather(const Expression& call, const Datum& target);
  bool assign_shuffled(const Expression& call, const Datum& target);
  bool assign_size(const Expression& call, std::int64_t target);
  bool match_types(const Expression& call, bool with_dtype);
  // Whether the pattern leaves the value to choice.
  bool is_leaf(int slot) const;

  const Rule& rule_;
  const Bindings& bindings_;
  RandomChoices& random_;
  SiteHints& hints_;
  // Inside of `any`.
  bool is_one_enough_ = false;
};

}  // namespace rcc

#include "ir/op.h"

#include <algorithm>
#include <map>

#include "ir/graph.h"
#include "ir/ops/links.h"

namespace rcc {

bool is_default(const AttributeInfo& attribute, const AttributeValue& value) {
  if (equal(attribute.default_value, value)) return true;
  if (!attribute.uniform_default) return false;
  const Ints* list = std::get_if<Ints>(&value);
  return list && std::ranges::all_of(
                     *list, [&](std::int64_t item) { return item == *attribute.uniform_default; });
}

const AttributeInfo* OpInfo::find_attribute(std::string_view attribute) const {
  for (const AttributeInfo& info : attributes)
    if (is_same_name(info.name, attribute)) return &info;
  return nullptr;
}

int OpInfo::operand_with_role(Role role) const {
  const auto found = std::ranges::find(operands, role, &OperandInfo::role);
  return found == operands.end() ? -1 : static_cast<int>(found - operands.begin());
}

int OpInfo::min_operands() const {
  int least = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].arity != Arity::optional) least = static_cast<int>(i) + 1;
  }
  return least;
}

int OpInfo::max_operands() const {
  const bool is_open = !operands.empty() && operands.back().arity == Arity::variadic;
  return is_open ? -1 : static_cast<int>(operands.size());
}

namespace {

using Side = AxisRef::Side;

// The axes of one operand or result as the `axes` text describes them.
struct AxisPattern {
  std::string_view before;  // letters, counted from the first axis
  std::string_view after;   // letters, counted from the last axis
  char rest = '\0';         // '.', '*' or none
};

AxisPattern parse_pattern(std::string_view text, std::string& letters) {
  letters.clear();
  for (const char c : text) {
    if (c != ' ') letters += c;
  }
  const std::string_view all = letters;
  const std::size_t split = all.find_first_of(".*");
  if (split == std::string_view::npos) return {.before = all, .after = {}};
  return {.before = all.substr(0, split), .after = all.substr(split + 1), .rest = all[split]};
}

// Collects which axes each letter names; the axes of '*' get letters of their own.
class LetterAxes {
 public:
  void add(std::string_view text, const Value* value, Side side, std::size_t index) {
    std::string letters;
    const AxisPattern pattern = parse_pattern(text, letters);
    if (!value || !value->type().is_ranked) return;
    const std::size_t rank = value->type().rank();
    const std::size_t named = pattern.before.size() + pattern.after.size();
    if (rank < named || (rank > named && pattern.rest == '\0')) return;
    const auto axis_ref = [&](std::size_t axis) {
      return AxisRef{side, static_cast<std::uint16_t>(index), static_cast<std::uint16_t>(axis)};
    };
    for (std::size_t i = 0; i < pattern.before.size(); ++i) {
      axes_[static_cast<std::size_t>(pattern.before[i])].push_back(axis_ref(i));
    }
    for (std::size_t i = 0; i < pattern.after.size(); ++i) {
      const std::size_t axis = rank - pattern.after.size() + i;
      axes_[static_cast<std::size_t>(pattern.after[i])].push_back(axis_ref(axis));
    }
    if (pattern.rest != '*') return;
    for (std::size_t i = 0; i < rank - named; ++i) {
      axes_[kFirstStarAxis + i].push_back(axis_ref(pattern.before.size() + i));
    }
  }

  void append_links(std::vector<AxisLink>& links) const {
    for (const auto& [letter, refs] : axes_) {
      // All against the first result, so that every operand has a direct link to it.
      const auto result = std::ranges::find(refs, Side::result, &AxisRef::side);
      const AxisRef hub = result == refs.end() ? refs.front() : *result;
      for (const AxisRef& ref : refs) {
        if (ref != hub) links.push_back({ref, hub});
      }
    }
  }

 private:
  static constexpr std::size_t kFirstStarAxis = 256;
  std::map<std::size_t, std::vector<AxisRef>> axes_;
};

// The next part of `text` up to `separator`, which is removed with it.
std::string_view next_part(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

void link_letters(const Node& node, std::vector<AxisLink>& links) {
  const std::string_view text = node.op().axes;
  const std::size_t arrow = text.find("->");
  RCC_CHECK(arrow != std::string_view::npos, "{}: axes \"{}\"", node.op().name, text);
  LetterAxes axes;
  std::string_view operands = text.substr(0, arrow);
  std::string_view results = text.substr(arrow + 2);
  for (std::size_t i = 0; !operands.empty(); ++i) {
    axes.add(next_part(operands, ';'), node.operand(i), Side::operand, i);
  }
  for (std::size_t i = 0; !results.empty(); ++i) {
    axes.add(next_part(results, ';'), node.result(i), Side::result, i);
  }
  axes.append_links(links);
}

}  // namespace

std::vector<AxisLink> axis_links(const Node& node) {
  std::vector<AxisLink> links;
  const OpInfo& op = node.op();
  if (op.axes == "broadcast") {
    for (std::size_t i = 0; i < node.operand_count(); ++i)
      link_operand_by_broadcast(node, i, links);
  } else if (!op.axes.empty()) {
    link_letters(node, links);
  } else if (op.link) {
    op.link(node, links);
  }
  return links;
}

bool preserves_zero(const Node& node) {
  switch (node.op().zero) {
    case ZeroBehaviour::unknown:
      return false;
    case ZeroBehaviour::preserves:
    case ZeroBehaviour::absorbs:
      return true;
    case ZeroBehaviour::depends:
      return node.op().preserves_zero && node.op().preserves_zero(node);
  }
  return false;
}

std::optional<WeightAxes> weight_axes(const Node& node) {
  const int weight = node.op().operand_with_role(Role::weight);
  if (weight < 0 || !node.operand(static_cast<std::size_t>(weight))) return std::nullopt;
  const auto is_weight = [&](const AxisRef& ref) {
    return ref.side == Side::operand && ref.index == weight;
  };
  const auto is_result = [](const AxisRef& ref) {
    return ref.side == Side::result && ref.index == 0;
  };
  for (const AxisLink& link : axis_links(node)) {
    if (is_weight(link.from) && is_result(link.to)) return WeightAxes{weight, link.from.axis};
    if (is_result(link.from) && is_weight(link.to)) return WeightAxes{weight, link.to.axis};
  }
  return std::nullopt;
}

}  // namespace rcc

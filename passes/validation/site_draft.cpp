#include <algorithm>
#include <cmath>
#include <utility>

#include "passes/validation/site_builder.h"

namespace rcc {

namespace {

AttributeValue to_attribute(const Datum& datum, AttributeType type) {
  Ints whole;
  for (const double element : datum.data) whole.push_back(to_int(element));
  switch (type) {
    case AttributeType::integer:
      return whole.empty() ? AttributeValue() : AttributeValue(whole[0]);
    case AttributeType::real:
      return datum.data.empty() ? AttributeValue() : static_cast<float>(datum.data[0]);
    case AttributeType::string:
      return datum.text.value_or("");
    case AttributeType::ints:
      return whole;
    case AttributeType::reals:
      return Floats(datum.data.begin(), datum.data.end());
    case AttributeType::none:
    case AttributeType::strings:
    case AttributeType::tensor:
    case AttributeType::raw:
      break;
  }
  return {};
}

}  // namespace

SiteBuilder::Draft SiteBuilder::draft_node(std::size_t index, RandomChoices& random) {
  const NodePattern& pattern = rule_.patterns[index];
  Draft draft;
  // The same operator in every try.
  RandomChoices once(seed_, "operator", index);
  std::size_t which = static_cast<std::size_t>(once.below(std::ssize(pattern.ops)));
  if (index < variant_.operators.size()) which = variant_.operators[index].value_or(which);
  draft.node.op = settings_.ops->find(pattern.ops[which]->name);
  draft.node.result_count = std::max<std::size_t>(pattern.results.size(), 1);
  const bool is_swapped = std::find(variant_.swapped.begin(), variant_.swapped.end(),
                                    static_cast<int>(index)) != variant_.swapped.end();
  for (const OperandPattern& operand : pattern.operands) {
    if (operand.kind == OperandPattern::Kind::rest) continue;
    auto at = static_cast<std::size_t>(operand.index);
    if (is_swapped && at < 2) at = 1 - at;
    if (draft.node.operands.size() <= at) draft.node.operands.resize(at + 1);
    draft.patterns.resize(draft.node.operands.size());
    draft.patterns[at] = &operand;
    draft_operand(operand, draft.node.operands[at]);
  }
  draft_rest(pattern, draft, random);
  draft_attributes(index, draft, random);
  return draft;
}

void SiteBuilder::draft_operand(const OperandPattern& pattern, OperandDraft& operand) {
  if (pattern.kind == OperandPattern::Kind::none) return;
  int slot = pattern.slot;
  if (pattern.kind == OperandPattern::Kind::node && slot < 0)
    slot = rule_.patterns[static_cast<std::size_t>(pattern.node)].result_slots.front();
  if (slot >= 0 && is_decided_[static_cast<std::size_t>(slot)]) {
    operand.value = bindings_.values[static_cast<std::size_t>(slot)];
    operand.kind =
        operand.value == nullptr ? OperandDraft::Kind::absent : OperandDraft::Kind::given;
    return;
  }
  for (std::size_t i = 0; i < optional_.size(); ++i) {
    if (&rule_.patterns[static_cast<std::size_t>(optional_[i].pattern)]
             .operands[optional_[i].operand] != &pattern)
      continue;
    bool is_present = !RandomChoices(seed_, "presence", i).one_in(2);
    if (i < variant_.presence.size()) is_present = variant_.presence[i].value_or(is_present);
    if (!is_present) return;
  }
  operand.kind = OperandDraft::Kind::free;
  draft_wishes(pattern, operand);
}

void SiteBuilder::draft_wishes(const OperandPattern& pattern, OperandDraft& operand) {
  const int slot = pattern.slot;
  if (pattern.has_kind) {
    const ValueKind& kind = pattern.value_kind;
    operand.wanted_dtype = kind.dtype;
    operand.wants_integer = kind.is_integer;
    operand.wants_float = kind.is_float;
    operand.wants_constant = kind.is_const;
    const bool is_open = !kind.dims.empty() && kind.dims.back().kind == DimPattern::Kind::rest;
    if (kind.has_dims && !is_open) operand.wanted_rank = kind.dims.size();
    for (const DimPattern& dim : kind.dims) {
      if (dim.kind == DimPattern::Kind::rest) break;
      std::optional<std::int64_t> size;
      if (dim.kind == DimPattern::Kind::number) size = dim.number;
      if (dim.kind == DimPattern::Kind::name) {
        const auto at = static_cast<std::size_t>(dim.slot);
        if (bindings_.is_dim_bound[at] && bindings_.dims[at].is_fixed())
          size = bindings_.dims[at].size();
        else if (const auto hint = hints_.dims.find(dim.slot); hint != hints_.dims.end())
          size = hint->second;
      }
      operand.wanted_sizes.push_back(size);
    }
  }
  if (slot < 0) return;
  if (const auto hint = hints_.dtypes.find(slot);
      hint != hints_.dtypes.end() && operand.wanted_dtype == DType::unknown)
    operand.wanted_dtype = hint->second;
  if (const auto hint = hints_.ranks.find(slot); hint != hints_.ranks.end())
    operand.wanted_rank = hint->second;
  for (const auto& [place, size] : hints_.sizes) {
    if (place.first != slot) continue;
    operand.wanted_sizes.resize(std::max(operand.wanted_sizes.size(), place.second + 1));
    operand.wanted_sizes[place.second] = size;
  }
  if (operand.wanted_rank) operand.wanted_sizes.resize(*operand.wanted_rank);
  if (const auto hint = hints_.constants.find(slot);
      hint != hints_.constants.end() && !hint->second.is_scalar()) {
    const bool is_whole = std::all_of(hint->second.data.begin(), hint->second.data.end(),
                                      [](double v) { return v == std::floor(v); });
    DType dtype = operand.wanted_dtype;
    if (dtype == DType::unknown) dtype = hint->second.dtype;
    if (dtype == DType::unknown)
      dtype = is_whole && !operand.wants_float ? DType::i64 : style_.dtype;
    operand.wanted_contents = Tensor::from_doubles(dtype, hint->second.shape, hint->second.data);
  }
}

// Operands that `..` covers.
void SiteBuilder::draft_rest(const NodePattern& pattern, Draft& draft, RandomChoices& random) {
  const OpInfo& op = *draft.node.op;
  if (!pattern.has_rest_operands) return;
  std::size_t count = std::max(op.operands.size(), draft.node.operands.size());
  if (op.max_operands() < 0) count += static_cast<std::size_t>(random.below(3));
  draft.node.operands.resize(count);
  draft.patterns.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (draft.patterns[i] != nullptr || draft.node.operands[i].kind != OperandDraft::Kind::absent)
      continue;
    const bool is_optional = operand_row(op, i).arity == Arity::optional;
    if (!is_optional || random.one_in(2)) draft.node.operands[i].kind = OperandDraft::Kind::free;
  }
}

void SiteBuilder::draft_attributes(std::size_t index, Draft& draft, RandomChoices& random) {
  const NodePattern& pattern = rule_.patterns[index];
  std::vector<std::string_view> named;
  for (const AttributePattern& attribute : pattern.attributes) {
    const AttributeInfo* info = draft.node.op->find_attribute(attribute.name);
    if (info == nullptr || attribute.kind == AttributePattern::Kind::rest) continue;
    named.push_back(info->name);
    if (const auto hint = hinted_attribute(index, attribute)) {
      draft.node.attributes.push_back({info->name, to_attribute(*hint, info->type)});
    } else if (attribute.kind == AttributePattern::Kind::one_of) {
      draft.node.attributes.push_back({info->name, random.pick(attribute.values)});
    } else if (!has_plain_attributes_ || info->is_required) {
      draft.node.free_attributes.push_back(info);
    }
  }
  for (const AttributeInfo& info : draft.node.op->attributes) {
    if (std::find(named.begin(), named.end(), info.name) != named.end()) continue;
    const auto hint = hints_.members.find({static_cast<int>(index), std::string(info.name)});
    if (hint != hints_.members.end())
      draft.node.attributes.push_back({info.name, to_attribute(hint->second, info.type)});
    else if (pattern.has_rest_attributes && (!has_plain_attributes_ || info.is_required))
      draft.node.free_attributes.push_back(&info);
  }
}

std::optional<Datum> SiteBuilder::hinted_attribute(std::size_t index,
                                                   const AttributePattern& pattern) const {
  if (pattern.kind == AttributePattern::Kind::capture)
    if (const auto hint = hints_.attributes.find(pattern.slot); hint != hints_.attributes.end())
      return hint->second;
  if (pattern.kind == AttributePattern::Kind::one_of) return std::nullopt;
  const auto hint = hints_.members.find({static_cast<int>(index), pattern.name});
  if (hint == hints_.members.end()) return std::nullopt;
  return hint->second;
}

}  // namespace rcc

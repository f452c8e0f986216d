#include "passes/site_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ir/shape_inference.h"
#include "passes/constant_sampler.h"

namespace rcc {

namespace {

constexpr std::int64_t kTriesOfNode = 40;
constexpr std::int64_t kMostElements = 20'000;
constexpr double kLargestSize = 16;

void collect_numbers(const Expression& expression, std::vector<double>& numbers) {
  if (expression.kind == Expression::Kind::number) numbers.push_back(expression.number);
  for (const Expression& child : expression.children) collect_numbers(child, numbers);
  for (const BuildAttribute& attribute : expression.attributes)
    for (const Expression& value : attribute.value) collect_numbers(value, numbers);
}

// Every number that the rule spells out: the ones its conditions may turn on.
std::vector<double> numbers_in(const Rule& rule) {
  std::vector<double> numbers;
  for (const RuleStatement& statement : rule.statements)
    collect_numbers(statement.expression, numbers);
  for (const Replacement& replacement : rule.replacements)
    collect_numbers(replacement.with, numbers);
  for (const EdgeInsertion& edge : rule.edges) collect_numbers(edge.with, numbers);
  for (const ConstantChange& change : rule.changes) collect_numbers(change.value, numbers);
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::erase_if(numbers, [](double number) { return !(std::abs(number) <= 1e4); });
  return numbers;
}

// Ranks that kinds such as `f32[OC, IC, 1, 1]` state.
std::vector<std::size_t> ranks_in(const Rule& rule) {
  std::vector<std::size_t> ranks;
  const auto add = [&](const ValueKind& kind) {
    const bool is_exact =
        kind.has_dims && (kind.dims.empty() || kind.dims.back().kind != DimPattern::Kind::rest);
    if (is_exact && kind.dims.size() >= 2) ranks.push_back(kind.dims.size());
  };
  for (const NodePattern& pattern : rule.patterns) {
    add(pattern.value_kind);
    for (const OperandPattern& operand : pattern.operands) add(operand.value_kind);
  }
  return ranks;
}

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

const OperandInfo& row_of(const OpInfo& op, std::size_t index) {
  return op.operands[std::min(index, op.operands.size() - 1)];
}

}  // namespace

std::vector<OptionalOperand> optional_operands(const Rule& rule) {
  std::vector<OptionalOperand> result;
  for (std::size_t p = 0; p < rule.patterns.size(); ++p) {
    const auto& operands = rule.patterns[p].operands;
    for (std::size_t o = 0; o < operands.size(); ++o) {
      if (!operands[o].is_optional) continue;
      std::string name = operands[o].name;
      if (name.empty())
        name =
            row_of(*rule.patterns[p].ops.front(), static_cast<std::size_t>(operands[o].index)).name;
      result.push_back({static_cast<int>(p), o, std::move(name)});
    }
  }
  return result;
}

SiteBuilder::SiteBuilder(const Rule& rule, const SiteVariant& variant,
                         const SynthesisSettings& settings, const SiteHints& hints,
                         std::uint64_t seed)
    : rule_(rule),
      variant_(variant),
      settings_(settings),
      hints_(hints),
      seed_(seed),
      graph_(rule.name, settings.ops),
      optional_(optional_operands(rule)) {
  bindings_.nodes.resize(rule.patterns.size());
  bindings_.values.resize(rule.value_names.size());
  bindings_.attributes.resize(rule.attribute_names.size());
  bindings_.dims.resize(rule.dim_names.size());
  bindings_.is_dim_bound.resize(rule.dim_names.size());
  bindings_.options = &settings.options;
  is_decided_.resize(rule.value_names.size());
}

std::string SiteBuilder::build() {
  RandomChoices random(seed_, "style");
  choose_style(random);
  for (std::size_t i = 0; i < rule_.patterns.size(); ++i)
    if (std::string problem = build_node(i); !problem.empty()) return problem;
  add_readers();
  return {};
}

void SiteBuilder::choose_style(RandomChoices& random) {
  style_.numbers = numbers_in(rule_);
  std::vector<std::int64_t> sizes{1, 2, 2, 3, 3, 4, 4, 5, 6, 8};
  for (const double number : style_.numbers)
    if (number == std::floor(number) && number >= 2 && number <= kLargestSize)
      sizes.push_back(static_cast<std::int64_t>(number));
  style_.has_equal_sizes = random.one_in(4);
  if (style_.has_equal_sizes)
    style_.sizes.push_back(random.between(2, 4));
  else
    for (int i = 0; i < 3; ++i) style_.sizes.push_back(random.pick(sizes));
  for (const std::int64_t size : hints_.any_sizes) style_.sizes.push_back(size);
  for (const auto& [slot, size] : hints_.dims) style_.sizes.push_back(size);
  style_.rank = random.pick(std::vector<std::size_t>{4, 4, 4, 3, 2, 2, 5, 1});
  if (const auto ranks = ranks_in(rule_); !ranks.empty() && !random.one_in(4))
    style_.rank = random.pick(ranks);
  style_.rank = hints_.any_rank.value_or(style_.rank);
  const std::vector<DType> dtypes{DType::f32, DType::f32, DType::f32, DType::f32,
                                  DType::f32, DType::f32, DType::f64, DType::f16,
                                  DType::i64, DType::i32, DType::u8};
  style_.dtype = random.pick(dtypes);
  has_plain_attributes_ = random.one_in(3);
  shares_leaves_ = random.one_in(8);
}

std::string SiteBuilder::build_node(std::size_t index) {
  std::string problem;
  for (std::int64_t attempt = 0; attempt < kTriesOfNode; ++attempt) {
    RandomChoices random(seed_, "node", index * kTriesOfNode + static_cast<std::size_t>(attempt));
    Draft draft = draft_node(index, random);
    NodeSampler(draft.node, style_, random).complete();
    problem = add_node(index, draft);
    if (problem.empty()) return {};
  }
  return problem;
}

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
    draft_operand(index, operand, draft.node.operands[at]);
  }
  draft_rest(pattern, draft, random);
  draft_attributes(index, draft, random);
  return draft;
}

void SiteBuilder::draft_operand(std::size_t index, const OperandPattern& pattern,
                                OperandDraft& operand) {
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
  (void)index;
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
    const bool is_optional = row_of(op, i).arity == Arity::optional;
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

Value& SiteBuilder::add_leaf_constant(const OperandInfo& row, const OperandDraft& operand, int slot,
                                      const std::string& name, RandomChoices& random) {
  const auto hint = hints_.constants.find(slot);
  const bool is_filled = hint != hints_.constants.end() && hint->second.is_scalar();
  if (slot >= 0 && is_filled) {
    const auto count = static_cast<std::size_t>(checked_element_count(operand.shape).value_or(0));
    std::vector<double> elements(count, hint->second.data[0]);
    if (count > 1 && hints_.with_one_element.contains(slot)) {
      // Every other element is something else.
      elements = sample_constant(row, operand.dtype, operand.shape, style_.numbers, random)
                     .tensor.to_doubles();
      elements[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(count)))] =
          hint->second.data[0];
    }
    note(fmt::format("{} = {:.3g}", name, hint->second.data[0]));
    return graph_.add_constant(name, Tensor::from_doubles(operand.dtype, operand.shape, elements));
  }
  if (operand.contents) return graph_.add_constant(name, *operand.contents);
  SampledConstant sampled =
      sample_constant(row, operand.dtype, operand.shape, style_.numbers, random);
  if (!sampled.note.empty()) note(fmt::format("{} {}", name, sampled.note));
  return graph_.add_constant(name, std::move(sampled.tensor));
}

Value& SiteBuilder::add_operand(std::size_t index, std::size_t operand, const Draft& draft) {
  const OperandDraft& chosen = draft.node.operands[operand];
  const OperandPattern* pattern = draft.patterns[operand];
  const OperandInfo& row = row_of(*draft.node.op, operand);
  RandomChoices random(seed_, "operand", index * 64 + operand);
  const bool has_name = pattern != nullptr && !pattern->name.empty() && pattern->name != "_";
  const std::string name = has_name ? pattern->name : std::string(row.name);
  const int slot = pattern == nullptr ? -1 : pattern->slot;
  const bool must_be_constant =
      pattern != nullptr && pattern->has_kind && pattern->value_kind.is_const;
  // Data comes from elsewhere; weights and parameters are mostly constant.
  const bool is_constant = must_be_constant || chosen.contents.has_value() ||
                           hints_.constants.contains(slot) ||
                           !random.one_in(row.role == Role::data ? 1 : 4) ||
                           (row.role == Role::data && random.one_in(12));
  const Type type(chosen.dtype, Shape(chosen.shape.begin(), chosen.shape.end()));
  if (shares_leaves_ && !chosen.contents && !hints_.constants.contains(slot))
    for (Value* leaf : leaves_)
      if (leaf->type() == type && leaf->is_constant() == is_constant) return *leaf;
  Value* value = nullptr;
  if (is_constant) {
    value = &add_leaf_constant(row, chosen, slot, name, random);
  } else if (random.one_in(2)) {
    value = &graph_.add_input(name, type);
  } else {
    value = &graph_.add(OpKind::identity, {&graph_.add_input("input", type)}, {}, name);
  }
  leaves_.push_back(value);
  return *value;
}

std::string SiteBuilder::add_node(std::size_t index, const Draft& draft) {
  const std::size_t leaf_count = leaves_.size();
  const std::size_t note_length = description_.size();
  Graph::NodeSpec spec;
  spec.op = draft.node.op;
  spec.attributes = draft.node.attributes;
  for (std::size_t i = 0; i < draft.node.operands.size(); ++i) {
    const OperandDraft& operand = draft.node.operands[i];
    const auto count = checked_element_count(operand.shape);
    if (!count || *count > kMostElements) return "an operand would be too large";
    Value* value = nullptr;
    if (operand.kind == OperandDraft::Kind::given)
      value = graph_.value(operand.value->id());
    else if (operand.kind == OperandDraft::Kind::free)
      value = &add_operand(index, i, draft);
    spec.operands.push_back(value);
  }
  const NodePattern& pattern = rule_.patterns[index];
  for (std::size_t i = 0; i < draft.node.result_count; ++i)
    spec.results.push_back(
        {.name = i < pattern.results.size() && pattern.results[i] != "_" ? pattern.results[i] : "",
         .type = {},
         .is_absent = false});
  Node& node = graph_.add_node(std::move(spec));
  std::string problem;
  if (auto inferred = infer_types(graph_, node); !inferred)
    problem = inferred.error().message();
  else if (!bind_node(index, draft, node))
    problem =
        fmt::format("no {} has operands of the kinds that the pattern asks for", node.op().name);
  if (problem.empty()) {
    describe(node);
    return {};
  }
  problem = fmt::format("{}: {}", node.op().name, problem);
  graph_.erase(node);
  undo(leaf_count);
  description_.resize(note_length);
  return problem;
}

void SiteBuilder::undo(std::size_t leaf_count) {
  while (leaves_.size() > leaf_count) {
    Value* leaf = leaves_.back();
    leaves_.pop_back();
    if (Node* producer = leaf->producer()) {
      leaf = producer->operand(0);
      graph_.erase(*producer);
    }
    graph_.remove_value(*leaf);
  }
}

bool SiteBuilder::bind_dims(const ValueKind& kind, const Value& value) {
  const Type& type = value.type();
  const bool fits = (kind.dtype == DType::unknown || kind.dtype == type.dtype) &&
                    (!kind.is_float || is_float(type.dtype)) &&
                    (!kind.is_integer || is_integer(type.dtype));
  if (!fits || !kind.has_dims) return fits;
  const bool is_open = !kind.dims.empty() && kind.dims.back().kind == DimPattern::Kind::rest;
  const std::size_t count = kind.dims.size() - (is_open ? 1 : 0);
  if (type.rank() < count || (type.rank() > count && !is_open)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const DimPattern& dim = kind.dims[i];
    if (dim.kind == DimPattern::Kind::number && type.dims[i] != Dim(dim.number)) return false;
    if (dim.kind != DimPattern::Kind::name) continue;
    const auto slot = static_cast<std::size_t>(dim.slot);
    if (bindings_.is_dim_bound[slot] && bindings_.dims[slot] != type.dims[i]) return false;
    bindings_.dims[slot] = type.dims[i];
    bindings_.is_dim_bound[slot] = true;
  }
  return true;
}

// What the matcher will bind when it finds the node.
bool SiteBuilder::bind_node(std::size_t index, const Draft& draft, Node& node) {
  const NodePattern& pattern = rule_.patterns[index];
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    const Type& type = node.result(i)->type();
    if (!type.is_static() || type.element_count().value_or(kMostElements + 1) > kMostElements)
      return false;
  }
  const auto dims = bindings_.dims;
  const auto is_dim_bound = bindings_.is_dim_bound;
  bool fits = !pattern.has_kind || bind_dims(pattern.value_kind, *node.result());
  for (std::size_t i = 0; fits && i < draft.patterns.size(); ++i) {
    const OperandPattern* operand = draft.patterns[i];
    if (operand != nullptr && operand->has_kind && node.operand(i) != nullptr)
      fits = bind_dims(operand->value_kind, *node.operand(i));
  }
  if (!fits) {
    bindings_.dims = dims;
    bindings_.is_dim_bound = is_dim_bound;
    return false;
  }
  for (std::size_t i = 0; i < draft.patterns.size(); ++i) {
    const OperandPattern* operand = draft.patterns[i];
    if (operand == nullptr || operand->slot < 0) continue;
    bindings_.values[static_cast<std::size_t>(operand->slot)] = node.operand(i);
    is_decided_[static_cast<std::size_t>(operand->slot)] = true;
  }
  for (std::size_t i = 0; i < pattern.result_slots.size(); ++i) {
    const auto slot = static_cast<std::size_t>(pattern.result_slots[i]);
    bindings_.values[slot] = node.result(i);
    is_decided_[slot] = true;
  }
  for (const AttributePattern& attribute : pattern.attributes)
    if (attribute.kind == AttributePattern::Kind::capture)
      bindings_.attributes[static_cast<std::size_t>(attribute.slot)] =
          node.attribute(attribute.name);
  bindings_.nodes[index] = &node;
  return true;
}

}  // namespace rcc

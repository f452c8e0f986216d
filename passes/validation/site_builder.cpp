#include "passes/validation/site_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ir/shape_inference.h"
#include "passes/validation/constant_sampler.h"
#include "passes/validation/rule_expressions.h"

namespace rcc {

namespace {

constexpr std::int64_t kTriesOfNode = 40;
constexpr std::int64_t kMostElements = 20'000;
constexpr double kLargestSize = 16;

// Every number that the rule spells out: the ones its conditions may turn on.
std::vector<double> numbers_in(const Rule& rule) {
  std::vector<double> numbers;
  for_each_expression(rule, [&](const Expression& expression) {
    if (expression.kind == Expression::Kind::number) numbers.push_back(expression.number);
  });
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

// f32 mostly.
const std::vector<DType>& kinds_of_elements() {
  static const std::vector<DType> dtypes{DType::f32, DType::f32, DType::f32, DType::f32,
                                         DType::f32, DType::f32, DType::f64, DType::f16,
                                         DType::i64, DType::i32, DType::u8,  DType::boolean};
  return dtypes;
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
            operand_row(*rule.patterns[p].ops.front(), static_cast<std::size_t>(operands[o].index))
                .name;
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
  style_.dtype = random.pick(kinds_of_elements());
  has_plain_attributes_ = random.one_in(3);
  shares_leaves_ = random.one_in(8);
}

std::string SiteBuilder::build_node(std::size_t index) {
  std::string problem;
  for (std::int64_t attempt = 0; attempt < kTriesOfNode; ++attempt) {
    RandomChoices random(seed_, "node", index * kTriesOfNode + static_cast<std::size_t>(attempt));
    Draft draft = draft_node(index, random);
    SampleStyle style = style_;
    // An operator may want another element type; the first node decides.
    if (leaves_.empty() && attempt >= kTriesOfNode / 2)
      style.dtype = random.pick(kinds_of_elements());
    NodeSampler(draft.node, style, random).complete();
    problem = add_node(index, draft);
    if (!problem.empty()) continue;
    style_.dtype = style.dtype;
    return {};
  }
  return problem;
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
  const OperandInfo& row = operand_row(*draft.node.op, operand);
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

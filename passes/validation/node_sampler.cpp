#include "passes/validation/node_sampler.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "passes/rules/operand_axes.h"

namespace rcc {

namespace {

constexpr std::int64_t kMostKernel = 3;

Sizes sizes_of(const Value& value) {
  Sizes sizes;
  for (const Dim dim : value.type().dims) sizes.push_back(dim.is_fixed() ? dim.size() : 1);
  return sizes;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_truth_values(OpKind kind) {
  return kind == OpKind::logical_not || kind == OpKind::logical_and ||
         kind == OpKind::logical_or || kind == OpKind::logical_xor;
}

bool has_bits(OpKind kind) {
  return kind == OpKind::bitwise_not || kind == OpKind::bitwise_and ||
         kind == OpKind::bitwise_or || kind == OpKind::bitwise_xor || kind == OpKind::bit_shift;
}

}  // namespace

void NodeSampler::complete() {
  for (std::size_t i = 0; i < draft_.operands.size(); ++i)
    if (OperandDraft& operand = draft_.operands[i]; operand.wanted_contents)
      set_shape(i, operand.wanted_contents->shape());
  choose_first();
  choose_attributes();
  choose_others();
  choose_dtypes();
}

bool NodeSampler::has(std::size_t index) const {
  return index < draft_.operands.size() &&
         draft_.operands[index].kind != OperandDraft::Kind::absent;
}

bool NodeSampler::is_free(std::size_t index) const {
  return index < draft_.operands.size() && draft_.operands[index].kind == OperandDraft::Kind::free;
}

Sizes NodeSampler::shape_of(std::size_t index) const {
  if (!has(index)) return {};
  const OperandDraft& operand = draft_.operands[index];
  return operand.kind == OperandDraft::Kind::given ? sizes_of(*operand.value) : operand.shape;
}

std::int64_t NodeSampler::wanted(std::size_t index, std::size_t axis,
                                 std::int64_t otherwise) const {
  if (!has(index)) return otherwise;
  const OperandDraft& operand = draft_.operands[index];
  if (operand.kind == OperandDraft::Kind::given) {
    const Sizes sizes = sizes_of(*operand.value);
    return axis < sizes.size() ? sizes[axis] : otherwise;
  }
  return axis < operand.wanted_sizes.size() ? operand.wanted_sizes[axis].value_or(otherwise)
                                            : otherwise;
}

std::int64_t NodeSampler::size() {
  if (style_.has_equal_sizes || !random_.one_in(4)) return random_.pick(style_.sizes);
  return random_.between(1, 6);
}

void NodeSampler::set_shape(std::size_t index, Sizes shape) {
  if (!is_free(index)) return;
  OperandDraft& operand = draft_.operands[index];
  if (operand.wanted_contents) shape = operand.wanted_contents->shape();
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    shape[axis] = wanted(index, axis, shape[axis]);
  operand.shape = std::move(shape);
  operand.has_shape = true;
}

Sizes NodeSampler::random_shape(std::size_t index, std::size_t least_rank) {
  const OperandDraft& operand = draft_.operands[index];
  std::size_t rank =
      random_.one_in(5) ? static_cast<std::size_t>(random_.between(0, 5)) : style_.rank;
  rank = operand.wanted_rank.value_or(std::max({rank, least_rank, operand.wanted_sizes.size()}));
  Sizes shape;
  // Many axes are short ones.
  for (std::size_t axis = 0; axis < rank; ++axis)
    shape.push_back(wanted(index, axis, rank > 5 ? random_.between(1, 2) : size()));
  return shape;
}

Sizes NodeSampler::partner(std::size_t index, const Sizes& reference) {
  const OperandDraft& operand = draft_.operands[index];
  if (!operand.wanted_rank && random_.one_in(3)) return random_.one_in(3) ? Sizes{1} : Sizes{};
  if (!operand.wanted_rank && random_.one_in(3)) return reference;
  std::size_t rank = static_cast<std::size_t>(random_.between(
      0, static_cast<std::int64_t>(reference.size()) + (random_.one_in(6) ? 1 : 0)));
  // One factor for each channel is what networks have most.
  const bool is_channel = reference.size() >= 2 && random_.one_in(2);
  const std::size_t channel_axis =
      random_.one_in(3) ? static_cast<std::size_t>(
                              random_.below(std::max<std::int64_t>(std::ssize(reference), 1)))
                        : 1;
  if (is_channel) rank = reference.size() - (random_.one_in(2) ? 1 : 0);
  rank = operand.wanted_rank.value_or(rank);
  Sizes shape(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t from_end = rank - i;
    if (from_end > reference.size()) {
      shape[i] = size();
      continue;
    }
    const std::size_t axis = reference.size() - from_end;
    const bool is_kept = is_channel ? axis == channel_axis : !random_.one_in(3);
    shape[i] = is_kept ? reference[axis] : 1;
  }
  return shape;
}

const AttributeValue& NodeSampler::attribute(std::string_view name) const {
  for (const NamedAttribute& attribute : draft_.attributes)
    if (attribute.name == name) return attribute.value;
  static const AttributeValue none;
  const AttributeInfo* info = draft_.op->find_attribute(name);
  return info == nullptr ? none : info->default_value;
}

std::int64_t NodeSampler::int_attribute(std::string_view name) const {
  const auto* number = std::get_if<std::int64_t>(&attribute(name));
  return number == nullptr ? 0 : *number;
}

std::size_t NodeSampler::axis_attribute(std::size_t rank) const {
  const std::int64_t axis = int_attribute(attr::axis);
  const auto count = static_cast<std::int64_t>(rank);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(axis < 0 ? axis + count : axis, 0,
                                                           std::max<std::int64_t>(count - 1, 0)));
}

// The first operand; for operators that broadcast, one that fits what is given.
void NodeSampler::choose_first() {
  if (!is_free(0)) return;
  if (draft_.op->axes == "broadcast") {
    for (std::size_t i = 1; i < draft_.operands.size(); ++i)
      if (draft_.operands[i].kind == OperandDraft::Kind::given)
        return set_shape(0, partner(0, shape_of(i)));
    // A constant fits the data, not the other way round.
    for (std::size_t i = 1; draft_.operands[0].wants_constant && i < draft_.operands.size(); ++i) {
      if (!is_free(i) || draft_.operands[i].wants_constant) continue;
      set_shape(i, random_shape(i, 0));
      return set_shape(0, partner(0, shape_of(i)));
    }
  }
  std::size_t least = 0;
  const OpKind kind = draft_.op->kind;
  if (kind == OpKind::conv || kind == OpKind::conv_integer || kind == OpKind::conv_transpose)
    least = 3;
  if (kind == OpKind::gemm || kind == OpKind::matmul || kind == OpKind::matmul_integer ||
      kind == OpKind::group_norm || kind == OpKind::reverse_sequence)
    least = 2;
  if (least == 3 && has(1) && !draft_.operands[0].wanted_rank)
    draft_.operands[0].wanted_rank =
        is_free(1) ? draft_.operands[1].wanted_rank : std::optional(rank_of(1));
  if (const auto letters = operand_axes(draft_.op->axes); !letters.empty())
    least = std::max(least, letters[0].size() - (is_open(letters[0]) ? 1 : 0));
  Sizes shape = random_shape(0, least);
  if (kind == OpKind::gemm || kind == OpKind::eye_like) shape.resize(2, 2);
  if ((kind == OpKind::matmul || kind == OpKind::matmul_integer) && has(1) && !is_free(1) &&
      rank_of(1) >= 2)
    shape.back() = shape_of(1)[rank_of(1) - 2];
  if (kind == OpKind::squeeze && !random_.one_in(4))
    for (std::int64_t& axis_size : shape)
      if (random_.one_in(2)) axis_size = 1;
  // A given number of groups divides the channels.
  const std::int64_t group = int_attribute(attr::group);
  if (group > 1 && least == 3) shape[1] = group * random_.between(1, 2);
  set_shape(0, std::move(shape));
}

void NodeSampler::choose_others() {
  struct Choice {
    OpKind kind;
    void (NodeSampler::*choose)();
  };
  static constexpr Choice kChoices[] = {
      {OpKind::conv, &NodeSampler::choose_convolution},
      {OpKind::conv_integer, &NodeSampler::choose_convolution},
      {OpKind::conv_transpose, &NodeSampler::choose_transposed_convolution},
      {OpKind::gemm, &NodeSampler::choose_gemm},
      {OpKind::matmul, &NodeSampler::choose_matmul},
      {OpKind::matmul_integer, &NodeSampler::choose_matmul},
      {OpKind::concat, &NodeSampler::choose_concat},
      {OpKind::quantize, &NodeSampler::choose_per_axis},
      {OpKind::dequantize, &NodeSampler::choose_per_axis},
      {OpKind::reshape, &NodeSampler::choose_reshape},
      {OpKind::expand, &NodeSampler::choose_expand},
      {OpKind::slice, &NodeSampler::choose_slice},
      {OpKind::pad, &NodeSampler::choose_pad},
      {OpKind::gather, &NodeSampler::choose_gather},
      {OpKind::constant_of_shape, &NodeSampler::choose_constant_of_shape},
      {OpKind::tile, &NodeSampler::choose_tile},
      {OpKind::top_k, &NodeSampler::choose_top_k},
      {OpKind::one_hot, &NodeSampler::choose_one_hot},
      {OpKind::compress, &NodeSampler::choose_compress},
      {OpKind::gather_elements, &NodeSampler::choose_element_indices},
      {OpKind::scatter_elements, &NodeSampler::choose_element_indices},
      {OpKind::gather_nd, &NodeSampler::choose_index_tuples},
      {OpKind::scatter_nd, &NodeSampler::choose_index_tuples},
      {OpKind::cum_sum, &NodeSampler::choose_running_axis},
      {OpKind::cum_prod, &NodeSampler::choose_running_axis},
      {OpKind::reverse_sequence, &NodeSampler::choose_sequence_lengths},
      {OpKind::einsum, &NodeSampler::choose_equal_operands},
      {OpKind::range, &NodeSampler::choose_range},
  };
  for (const Choice& choice : kChoices)
    if (choice.kind == draft_.op->kind) return (this->*choice.choose)();
  if (!operand_axes(draft_.op->axes).empty()) return choose_by_letters();
  const bool is_normalisation =
      draft_.op->operands.size() > 1 && draft_.op->operands[1].name == "gamma";
  is_normalisation ? choose_per_axis() : choose_partners();
}

// Operands whose axes the row names: equal letters are equal sizes.
void NodeSampler::choose_by_letters() {
  const auto axes = operand_axes(draft_.op->axes);
  std::map<std::string, std::int64_t> sizes;
  std::vector<std::size_t> later;
  for (std::size_t i = 0; i < draft_.operands.size(); ++i) {
    const auto& letters = axes[std::min(i, axes.size() - 1)];
    const Sizes shape = shape_of(i);
    const bool is_known = has(i) && (!is_free(i) || i == 0);
    if (!is_known) later.push_back(i);
    for (std::size_t axis = 0; is_known && axis < std::min(letters.size(), shape.size()); ++axis)
      sizes.emplace(letters[axis], shape[axis]);
  }
  for (const std::size_t i : later) {
    Sizes shape;
    for (const std::string& letter : axes[std::min(i, axes.size() - 1)]) {
      if (letter == "." || letter == "*") break;
      shape.push_back(sizes.emplace(letter, wanted(i, shape.size(), size())).first->second);
    }
    // A letter for any axes says nothing of what is one a channel.
    const std::string_view name = operand_row(*draft_.op, i).name;
    if (shape.empty() && (name == "gamma" || name == "beta") && rank_of(0) > 1)
      shape = {shape_of(0)[1]};
    set_shape(i, std::move(shape));
  }
}

// Operands that broadcast with the first, or are scalars.
void NodeSampler::choose_partners() {
  Sizes reference = shape_of(0);
  for (std::size_t i = 1; i < draft_.operands.size(); ++i)
    if (has(i) && !is_free(i) && rank_of(i) > reference.size()) reference = shape_of(i);
  for (std::size_t i = 1; i < draft_.operands.size(); ++i) {
    const auto& row = operand_row(*draft_.op, i);
    const bool is_scalar = row.role == Role::parameter && row.arity == Arity::optional;
    if (is_free(i) && !draft_.operands[i].has_shape && !choose_by_name(i, row.name))
      set_shape(i, is_scalar ? Sizes{} : partner(i, reference));
  }
}

void NodeSampler::choose_convolution() {
  const Sizes x = shape_of(0);
  if (x.size() < 3) return;
  const std::int64_t group = std::max<std::int64_t>(int_attribute(attr::group), 1);
  const std::int64_t outputs = group * std::max<std::int64_t>(size() / group, 1);
  Sizes weight{wanted(1, 0, outputs), x[1] / group};
  for (std::size_t axis = 2; axis < x.size(); ++axis)
    weight.push_back(random_.between(1, std::min(kMostKernel, x[axis])));
  set_shape(1, weight);
  const bool is_integer = draft_.op->kind == OpKind::conv_integer;
  set_shape(2, is_integer ? Sizes{} : Sizes{shape_of(1).empty() ? 1 : shape_of(1)[0]});
  set_shape(3, {});
}

void NodeSampler::choose_transposed_convolution() {
  const Sizes x = shape_of(0);
  if (x.size() < 3) return;
  const std::int64_t group = std::max<std::int64_t>(int_attribute(attr::group), 1);
  Sizes weight{x[1], wanted(1, 1, size())};
  for (std::size_t axis = 2; axis < x.size(); ++axis)
    weight.push_back(random_.between(1, kMostKernel));
  set_shape(1, weight);
  set_shape(2, {(rank_of(1) > 1 ? shape_of(1)[1] : 1) * group});
}

void NodeSampler::choose_gemm() {
  const Sizes x = shape_of(0);
  if (x.size() != 2) return;
  const bool is_x_transposed = int_attribute(attr::trans_a) != 0;
  const bool is_transposed = int_attribute(attr::trans_b) != 0;
  const std::int64_t rows = x[is_x_transposed ? 1 : 0];
  const std::int64_t inner = x[is_x_transposed ? 0 : 1];
  const std::int64_t columns = wanted(1, is_transposed ? 0 : 1, size());
  set_shape(1, is_transposed ? Sizes{columns, inner} : Sizes{inner, columns});
  const std::size_t form = static_cast<std::size_t>(random_.below(6));
  const std::vector<Sizes> forms{{columns}, {columns}, {1, columns}, {rows, columns}, {1}, {}};
  set_shape(2, draft_.operands.size() > 2 && draft_.operands[2].wanted_rank == 1 ? Sizes{columns}
                                                                                 : forms[form]);
}

void NodeSampler::choose_matmul() {
  const Sizes a = shape_of(0);
  if (a.size() < 2) return;
  Sizes b{a.back(), size()};
  const std::size_t batch = a.size() - 2;
  const bool has_batch = is_free(1) && (draft_.operands[1].wanted_rank.value_or(2) > 2 ||
                                        (!draft_.operands[1].wanted_rank && random_.one_in(3)));
  if (has_batch) b.insert(b.begin(), a.begin(), a.begin() + static_cast<long>(batch));
  set_shape(1, std::move(b));
  set_shape(2, {});
  set_shape(3, {});
}

void NodeSampler::choose_concat() {
  std::size_t model = 0;
  for (std::size_t i = 0; i < draft_.operands.size(); ++i)
    if (has(i) && !is_free(i)) model = i;
  const Sizes reference = shape_of(model);
  for (std::size_t i = 0; i < draft_.operands.size(); ++i) {
    Sizes shape = reference;
    if (!shape.empty()) shape[axis_attribute(shape.size())] = size();
    if (i != model) set_shape(i, std::move(shape));
  }
}

// One parameter for all elements, or for each index of the axis; a normalisation's cover the axes
// from there on.
void NodeSampler::choose_per_axis() {
  const Sizes x = shape_of(0);
  Sizes shape;
  if (operand_row(*draft_.op, 1).name == "gamma")
    shape.assign(x.begin() + (x.empty() ? 0 : static_cast<long>(axis_attribute(x.size()))),
                 x.end());
  else if (!x.empty() && random_.one_in(2))
    shape = {x[axis_attribute(x.size())]};
  for (std::size_t i = 1; i < draft_.operands.size(); ++i) set_shape(i, shape);
}

DType NodeSampler::dtype_for(std::size_t index) const {
  const auto& row = operand_row(*draft_.op, index);
  const OpKind kind = draft_.op->kind;
  if (row.name == "condition" || row.name == "training_mode") return DType::boolean;
  if (row.name == "ratio") return DType::f32;
  if (is_one_of(row.name, {"indices", "shape", "k", "depth", "repeats", "axis", "sequence_lens"}))
    return DType::i64;
  if (has_truth_values(kind)) return DType::boolean;
  if (has_bits(kind)) return DType::i32;
  if (row.name.ends_with("zero_point") || kind == OpKind::conv_integer ||
      kind == OpKind::matmul_integer || (kind == OpKind::dequantize && index == 0))
    return DType::u8;
  if (row.name == "scale") return DType::f32;
  for (std::size_t i = 0; i < draft_.operands.size(); ++i) {
    const auto& other = operand_row(*draft_.op, i);
    const OperandDraft& operand = draft_.operands[i];
    if (other.name == "condition") continue;
    if (operand.kind == OperandDraft::Kind::given) return operand.value->type().dtype;
    if (operand.kind == OperandDraft::Kind::free && operand.wanted_dtype != DType::unknown)
      return operand.wanted_dtype;
  }
  return style_.dtype;
}

void NodeSampler::choose_dtypes() {
  for (std::size_t i = 0; i < draft_.operands.size(); ++i) {
    OperandDraft& operand = draft_.operands[i];
    if (operand.kind != OperandDraft::Kind::free) continue;
    if (operand.wanted_contents) operand.contents = operand.wanted_contents;
    operand.dtype = operand.wanted_dtype != DType::unknown ? operand.wanted_dtype : dtype_for(i);
    if (operand.wants_integer && !is_integer(operand.dtype)) operand.dtype = DType::i64;
    if (operand.wants_float && !is_float(operand.dtype)) operand.dtype = DType::f32;
    if (operand.contents) operand.dtype = operand.contents->dtype();
  }
}

}  // namespace rcc

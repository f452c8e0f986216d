#include "frontends/onnx/versions.h"

#include <algorithm>
#include <array>
#include <span>

#include "frontends/onnx/version_steps.h"

namespace rcc {

namespace {

namespace steps = version_steps;

// The value of a new attribute, or of one that was removed, that changes nothing.
struct Neutral {
  enum class Kind : std::uint8_t { none, integer, text, ones } kind = Kind::none;
  std::int64_t integer = 0;
  std::string_view text;
};
constexpr Neutral kOnes{.kind = Neutral::Kind::ones, .integer = 0, .text = {}};

enum class ChangeKind : std::uint8_t {
  attribute_added,
  attribute_removed,
  operand_added,
  result_added,
  // The attribute became an operand.
  attribute_moved,
  // A pair of functions.
  step,
};

// How the operand looks that took the place of an attribute.
enum class Form : std::uint8_t { ints, one_int, typed_scalar, float_scalar };

struct Change {
  std::string_view op_type;
  std::int64_t since;
  ChangeKind kind = ChangeKind::step;
  std::string_view attribute = {};
  Neutral neutral = {};
  std::size_t index = 0;
  Form form = Form::ints;
  steps::Function raise = nullptr;
  steps::Function lower = nullptr;
};

constexpr Change added(std::string_view op, std::int64_t since, std::string_view attribute,
                       Neutral neutral = {}) {
  return {op, since, ChangeKind::attribute_added, attribute, neutral};
}
constexpr Change added(std::string_view op, std::int64_t since, std::string_view attribute,
                       int neutral) {
  return added(op, since, attribute, {Neutral::Kind::integer, neutral, {}});
}
constexpr Change added(std::string_view op, std::int64_t since, std::string_view attribute,
                       const char* neutral) {
  return added(op, since, attribute, {Neutral::Kind::text, 0, neutral});
}
constexpr Change removed(std::string_view op, std::int64_t since, std::string_view attribute,
                         int neutral) {
  return {op, since, ChangeKind::attribute_removed, attribute, {Neutral::Kind::integer, neutral, {}}};
}
constexpr Change moved(std::string_view op, std::int64_t since, std::string_view attribute,
                       std::size_t operand, Form form) {
  return {op, since, ChangeKind::attribute_moved, attribute, {}, operand, form};
}
constexpr Change new_operand(std::string_view op, std::int64_t since, std::size_t operand) {
  return {op, since, ChangeKind::operand_added, {}, {}, operand};
}
constexpr Change new_result(std::string_view op, std::int64_t since, std::size_t result) {
  return {op, since, ChangeKind::result_added, {}, {}, result};
}
constexpr Change step(std::string_view op, std::int64_t since, steps::Function raise,
                      steps::Function lower) {
  return {op, since, ChangeKind::step, {}, {}, 0, Form::ints, raise, lower};
}
constexpr Change incompatible(std::string_view op, std::int64_t since) {
  return step(op, since, steps::refuse, steps::refuse);
}

// Ascending opsets for each operator; changes of one opset in the order of raising. Versions that
// only widen the element types are not listed.
constexpr auto kChanges = std::to_array<Change>({
    added("ArgMax", 12, "select_last_index", 0),
    added("ArgMin", 12, "select_last_index", 0),
    new_operand("Attention", 24, 6),
    added("Attention", 25, "left_window_size", -1),
    added("Attention", 25, "right_window_size", -1),
    added("AveragePool", 10, "ceil_mode", 0),
    added("AveragePool", 19, "dilations", kOnes),
    removed("BatchNormalization", 9, "spatial", 1),
    step("BatchNormalization", 14, steps::raise_batch_norm_14, steps::lower_batch_norm_14),
    step("BitShift", 28, steps::nothing, steps::lower_bit_shift_28),
    added("Cast", 19, "saturate", 1),
    added("Cast", 24, "round_mode", "up"),
    added("CastLike", 19, "saturate", 1),
    added("CastLike", 24, "round_mode", "up"),
    moved("Clip", 11, "min", 1, Form::typed_scalar),
    moved("Clip", 11, "max", 2, Form::typed_scalar),
    incompatible("DFT", 20),
    added("DepthToSpace", 11, "mode", "DCR"),
    step("DequantizeLinear", 13, steps::nothing, steps::lower_quantize_13),
    step("DequantizeLinear", 19, steps::nothing, steps::lower_quantize_19),
    added("DequantizeLinear", 21, "block_size", 0),
    step("DequantizeLinear", 21, steps::nothing, steps::lower_quantize_21),
    added("DequantizeLinear", 23, "output_dtype", 0),
    step("Dropout", 10, steps::refuse_dropout_mask, steps::refuse_dropout_mask),
    step("Dropout", 12, steps::nothing, steps::lower_dropout_12),
    moved("Dropout", 12, "ratio", 1, Form::float_scalar),
    added("GatherND", 12, "batch_dims", 0),
    step("Gemm", 11, steps::nothing, steps::lower_gemm_11),
    incompatible("GridSample", 20),
    incompatible("GroupNormalization", 21),
    added("GRU", 14, "layout", 0),
    step("Hardmax", 13, steps::raise_softmax_13, steps::lower_softmax_13),
    step("LogSoftmax", 13, steps::raise_softmax_13, steps::lower_softmax_13),
    added("LSTM", 14, "layout", 0),
    added("LpPool", 18, "ceil_mode", 0),
    added("LpPool", 18, "dilations", kOnes),
    step("Max", 8, steps::nothing, steps::lower_broadcast_8),
    new_result("MaxPool", 8, 1),
    added("MaxPool", 8, "storage_order", 0),
    added("MaxPool", 10, "ceil_mode", 0),
    added("MaxPool", 10, "dilations", kOnes),
    step("Mean", 8, steps::nothing, steps::lower_broadcast_8),
    step("Min", 8, steps::nothing, steps::lower_broadcast_8),
    step("Mod", 28, steps::nothing, steps::lower_mod_28),
    moved("Pad", 11, "pads", 1, Form::ints),
    moved("Pad", 11, "value", 2, Form::typed_scalar),
    step("Pad", 18, steps::nothing, steps::lower_pad_18),
    step("Pad", 19, steps::nothing, steps::lower_pad_19),
    step("QuantizeLinear", 13, steps::nothing, steps::lower_quantize_13),
    added("QuantizeLinear", 19, "saturate", 1),
    step("QuantizeLinear", 19, steps::nothing, steps::lower_quantize_19),
    added("QuantizeLinear", 21, "block_size", 0),
    added("QuantizeLinear", 21, "output_dtype", 0),
    step("QuantizeLinear", 21, steps::nothing, steps::lower_quantize_21),
    added("QuantizeLinear", 23, "precision", 0),
    added("RNN", 14, "layout", 0),
    added("Range", 27, "stash_type", 1),
    moved("ReduceL1", 18, "axes", 1, Form::ints),
    added("ReduceL1", 18, "noop_with_empty_axes", 0),
    moved("ReduceL2", 18, "axes", 1, Form::ints),
    added("ReduceL2", 18, "noop_with_empty_axes", 0),
    moved("ReduceLogSum", 18, "axes", 1, Form::ints),
    added("ReduceLogSum", 18, "noop_with_empty_axes", 0),
    moved("ReduceLogSumExp", 18, "axes", 1, Form::ints),
    added("ReduceLogSumExp", 18, "noop_with_empty_axes", 0),
    moved("ReduceMax", 18, "axes", 1, Form::ints),
    added("ReduceMax", 18, "noop_with_empty_axes", 0),
    moved("ReduceMean", 18, "axes", 1, Form::ints),
    added("ReduceMean", 18, "noop_with_empty_axes", 0),
    moved("ReduceMin", 18, "axes", 1, Form::ints),
    added("ReduceMin", 18, "noop_with_empty_axes", 0),
    moved("ReduceProd", 18, "axes", 1, Form::ints),
    added("ReduceProd", 18, "noop_with_empty_axes", 0),
    moved("ReduceSum", 13, "axes", 1, Form::ints),
    added("ReduceSum", 13, "noop_with_empty_axes", 0),
    moved("ReduceSumSquare", 18, "axes", 1, Form::ints),
    added("ReduceSumSquare", 18, "noop_with_empty_axes", 0),
    added("Reshape", 14, "allowzero", 0),
    step("Resize", 9, steps::raise_upsample_9, steps::lower_upsample_9),
    step("Resize", 10, steps::raise_upsample_10, steps::lower_upsample_10),
    step("Resize", 11, steps::raise_resize_11, steps::lower_resize_11),
    step("Resize", 13, steps::raise_resize_13, steps::lower_resize_13),
    added("Resize", 18, "antialias", 0),
    added("Resize", 18, "keep_aspect_ratio_policy", "stretch"),
    added("Resize", 18, "axes"),
    step("Resize", 19, steps::nothing, steps::lower_resize_19),
    incompatible("RoiAlign", 16),
    incompatible("Scan", 9),
    incompatible("Scatter", 11),
    added("ScatterElements", 16, "reduction", "none"),
    step("ScatterElements", 18, steps::nothing, steps::lower_scatter_18),
    added("ScatterND", 16, "reduction", "none"),
    step("ScatterND", 18, steps::nothing, steps::lower_scatter_18),
    added("Shape", 15, "start", 0),
    added("Shape", 15, "end"),
    step("Slice", 10, steps::nothing, steps::lower_slice_10),
    moved("Slice", 10, "starts", 1, Form::ints),
    moved("Slice", 10, "ends", 2, Form::ints),
    moved("Slice", 10, "axes", 3, Form::ints),
    step("Softmax", 13, steps::raise_softmax_13, steps::lower_softmax_13),
    added("SpaceToDepth", 28, "mode", "DCR"),
    moved("Split", 13, "split", 1, Form::ints),
    step("Split", 18, steps::raise_split_18, steps::lower_split_18),
    moved("Squeeze", 13, "axes", 1, Form::ints),
    step("Sum", 8, steps::nothing, steps::lower_broadcast_8),
    moved("TopK", 10, "k", 1, Form::one_int),
    added("TopK", 11, "sorted", 1),
    added("TopK", 11, "largest", 1),
    moved("Unsqueeze", 13, "axes", 1, Form::ints),
    incompatible("Upsample", 9),
    incompatible("Upsample", 10),
});

// Resize took its place.
constexpr std::string_view kUpsample = "Upsample";
constexpr std::int64_t kUpsampleWent = 10;

struct FirstOpset {
  std::string_view op_type;
  std::int64_t opset;
};
// Sorted by name; operators as old as opset 7 are not listed.
constexpr auto kFirstOpsets = std::to_array<FirstOpset>({
#define RCC_ONNX_SINCE(op_type, opset) {#op_type, opset},
#include "frontends/onnx/first_opsets.def"
#undef RCC_ONNX_SINCE
});
static_assert(std::ranges::is_sorted(kFirstOpsets, {}, &FirstOpset::op_type));

// The rows of an operator, which stand together.
std::span<const Change> changes_of(std::string_view op_type) {
  const auto is_of = [&](const Change& change) { return change.op_type == op_type; };
  const auto first = std::ranges::find_if(kChanges, is_of);
  const auto last = std::find_if_not(first, kChanges.end(), is_of);
  return {first, last};
}

bool is_neutral(const AttributeValue& value, const Neutral& neutral) {
  switch (neutral.kind) {
    case Neutral::Kind::none: return false;
    case Neutral::Kind::integer: return equal(value, AttributeValue(neutral.integer));
    case Neutral::Kind::text: return equal(value, AttributeValue(std::string(neutral.text)));
    case Neutral::Kind::ones: break;
  }
  const auto* numbers = std::get_if<Ints>(&value);
  return numbers && std::ranges::all_of(*numbers, [](std::int64_t number) { return number == 1; });
}

// Drops an attribute that the other side of the change does not know.
steps::Refusal drop_neutral(NodeForm& form, const Change& change) {
  const AttributeValue* value = form.find(change.attribute);
  if (value != nullptr && !is_neutral(*value, change.neutral))
    return fmt::format("its attribute `{}` is not the default", change.attribute);
  form.remove(change.attribute);
  return std::nullopt;
}

// Sets `tensor` to what the attribute says.
steps::Refusal operand_of_attribute(const NodeForm& form, const Change& change,
                                    const AttributeValue& value, Tensor& tensor) {
  if (const auto* ints = std::get_if<Ints>(&value); ints && change.form == Form::ints) {
    tensor = Tensor::of<std::int64_t>({static_cast<std::int64_t>(ints->size())}, *ints);
    return std::nullopt;
  }
  if (const auto* number = std::get_if<std::int64_t>(&value); number && change.form == Form::one_int) {
    tensor = Tensor::of<std::int64_t>({1}, {*number});
    return std::nullopt;
  }
  const auto* real = std::get_if<float>(&value);
  if (real == nullptr || change.form == Form::ints || change.form == Form::one_int)
    return fmt::format("its attribute `{}` has the wrong type", change.attribute);
  const DType dtype =
      change.form == Form::typed_scalar ? form.operand(0).type().dtype : DType::f32;
  if (!rcc::is_float(dtype)) return "the element type of its operand is not known to be a float";
  const double wide = *real;
  tensor = Tensor::from_doubles(dtype, {}, {&wide, 1});
  return std::nullopt;
}

steps::Refusal attribute_to_operand(NodeForm& form, const Change& change) {
  const AttributeValue* value = form.find(change.attribute);
  if (form.has_operand(change.index))
    return fmt::format("it has an operand where its attribute `{}` belongs", change.attribute);
  if (value == nullptr) return std::nullopt;
  Tensor tensor;
  if (auto refusal = operand_of_attribute(form, change, *value, tensor)) return refusal;
  form.set_operand(change.index, {.value = nullptr, .literal = std::move(tensor)});
  form.remove(change.attribute);
  return std::nullopt;
}

steps::Refusal operand_to_attribute(NodeForm& form, const Change& change) {
  const OperandForm& operand = form.operand(change.index);
  if (operand.is_absent()) return std::nullopt;
  const bool is_float = change.form == Form::typed_scalar || change.form == Form::float_scalar;
  if (const auto ints = operand.ints(); ints && change.form == Form::ints)
    form.set(change.attribute, *ints);
  else if (ints && change.form == Form::one_int && ints->size() == 1)
    form.set(change.attribute, ints->front());
  else if (const auto number = operand.number(); number && is_float)
    form.set(change.attribute, static_cast<float>(*number));
  else
    return fmt::format("its `{}` is not a constant", change.attribute);
  form.remove_operand(change.index);
  return std::nullopt;
}

steps::Refusal raise(NodeForm& form, const Change& change) {
  switch (change.kind) {
    case ChangeKind::attribute_added:
      if (form.find(change.attribute) == nullptr) return std::nullopt;
      return fmt::format("its attribute `{}` came with opset {}", change.attribute, change.since);
    case ChangeKind::operand_added:
    case ChangeKind::result_added: return std::nullopt;
    case ChangeKind::attribute_removed: return drop_neutral(form, change);
    case ChangeKind::attribute_moved: return attribute_to_operand(form, change);
    case ChangeKind::step: return change.raise(form);
  }
  RCC_CHECK(false);
}

steps::Refusal lower(NodeForm& form, const Change& change) {
  switch (change.kind) {
    case ChangeKind::attribute_added: return drop_neutral(form, change);
    case ChangeKind::attribute_removed: return std::nullopt;
    case ChangeKind::operand_added:
      if (form.has_operand(change.index)) return fmt::format("it has operand {}", change.index);
      return std::nullopt;
    case ChangeKind::result_added:
      if (form.has_result(change.index)) return fmt::format("it has result {}", change.index);
      return std::nullopt;
    case ChangeKind::attribute_moved: return operand_to_attribute(form, change);
    case ChangeKind::step: return change.lower(form);
  }
  RCC_CHECK(false);
}

bool is_gone(const Change& change) {
  return change.kind == ChangeKind::attribute_removed || change.kind == ChangeKind::attribute_moved;
}

// A node of the opset before still means the same.
bool is_upward_compatible(const Change& change) {
  switch (change.kind) {
    case ChangeKind::attribute_added:
    case ChangeKind::operand_added:
    case ChangeKind::result_added: return true;
    case ChangeKind::attribute_removed:
    case ChangeKind::attribute_moved: return false;
    case ChangeKind::step: return change.raise == &steps::nothing;
  }
  RCC_CHECK(false);
}

}  // namespace

bool is_later_default(std::string_view op_type, std::string_view attribute,
                      const AttributeValue& value) {
  return std::ranges::any_of(changes_of(op_type), [&](const Change& change) {
    return change.kind == ChangeKind::attribute_added && change.attribute == attribute &&
           is_neutral(value, change.neutral);
  });
}

std::int64_t first_opset(std::string_view op_type) {
  const auto found = std::ranges::lower_bound(kFirstOpsets, op_type, {}, &FirstOpset::op_type);
  return found != kFirstOpsets.end() && found->op_type == op_type ? found->opset : 1;
}

std::int64_t ir_version_of_opset(std::int64_t opset) {
  // onnx.helper.VERSION_TABLE: the first opset of each IR version from 3 on.
  constexpr std::int64_t kFirst[] = {7, 9, 10, 11, 12, 15, 19, 21, 23, 24, 25, 28};
  const auto after = std::ranges::upper_bound(kFirst, opset);
  return kMinIrVersion + std::max<std::int64_t>(after - std::begin(kFirst) - 1, 0);
}

std::string_view newest_name(std::string_view op_type) {
  return op_type == kUpsample ? "Resize" : op_type;
}

std::optional<std::string> raise_to_newest(NodeForm& form, std::int64_t opset) {
  if (form.op_type == kUpsample && opset >= kUpsampleWent)
    return fmt::format("it went with opset {}", kUpsampleWent);
  form.op_type = newest_name(form.op_type);
  for (const Change& change : changes_of(form.op_type)) {
    if (change.since <= opset) {
      if (is_gone(change) && form.find(change.attribute) != nullptr)
        return fmt::format("its attribute `{}` went with opset {}", change.attribute, change.since);
      continue;
    }
    if (auto refusal = raise(form, change))
      return fmt::format("opset {}: {}", change.since, *refusal);
  }
  return std::nullopt;
}

std::optional<OpsetObstacle> lower_to(NodeForm& form, std::int64_t opset) {
  const auto changes = changes_of(form.op_type);
  for (auto change = changes.rbegin(); change != changes.rend() && change->since > opset; ++change)
    if (auto refusal = lower(form, *change)) return OpsetObstacle{change->since, std::move(*refusal)};
  if (const std::int64_t first = first_opset(form.op_type); first > opset)
    return OpsetObstacle{first, fmt::format("{} came with opset {}", form.op_type, first)};
  return std::nullopt;
}

std::optional<std::int64_t> breaking_opset(std::string_view op_type, std::int64_t from,
                                           std::int64_t to) {
  for (const Change& change : changes_of(op_type))
    if (change.since > from && change.since <= to && !is_upward_compatible(change))
      return change.since;
  return std::nullopt;
}

}  // namespace rcc

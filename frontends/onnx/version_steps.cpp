#include "frontends/onnx/version_steps.h"

#include <algorithm>

namespace rcc::version_steps {

namespace {

bool is_scalar(const Type& type) { return type.is_ranked && type.rank() == 0; }

Tensor empty_floats() { return Tensor::of<float>({0}, std::vector<float>{}); }

// One axis from `axis` on has all the elements, so flattening from there changes nothing.
std::optional<std::size_t> only_axis_from(const Type& type, std::size_t axis) {
  std::optional<std::size_t> found;
  for (std::size_t index = axis; index < type.rank(); ++index) {
    if (type.dims[index] == Dim(1)) continue;
    if (found) return std::nullopt;
    found = index;
  }
  return found.value_or(axis);
}

}  // namespace

Refusal nothing(NodeForm&) { return std::nullopt; }

Refusal refuse(NodeForm&) { return "its meaning changed there"; }

// Before 14 more results than one asked for training.
Refusal raise_batch_norm_14(NodeForm& form) {
  const auto is_used = [&](std::size_t index) { return form.has_result(index); };
  if (is_used(3) || is_used(4)) return "its saved_mean and saved_var have no newer form";
  if (is_used(1) || is_used(2)) form.set("training_mode", std::int64_t{1});
  if (form.results.size() > 3) form.results.resize(3);
  return std::nullopt;
}

Refusal lower_batch_norm_14(NodeForm& form) {
  const bool is_training = form.find_int("training_mode").value_or(0) != 0;
  if (is_training != (form.has_result(1) || form.has_result(2)))
    return "its training mode is not the one that its results imply";
  // Then all five had to be there, or the first alone.
  if (is_training) form.results.assign(5, true);
  form.remove("training_mode");
  return std::nullopt;
}

Refusal refuse_dropout_mask(NodeForm& form) {
  if (form.has_result(1)) return "the element type of its mask changed there";
  return std::nullopt;
}

Refusal lower_bit_shift_28(NodeForm& form) {
  switch (form.operand(0).type().dtype) {
    case DType::u8:
    case DType::u16:
    case DType::u32:
    case DType::u64: return std::nullopt;
    default: return "it shifts signed numbers";
  }
}

// Before 28 the rest of floats had to have the sign of the dividend.
Refusal lower_mod_28(NodeForm& form) {
  if (is_float(form.operand(0).type().dtype) && form.find_int("fmod").value_or(0) == 0)
    return "it gives the rest of floats the sign of the divisor";
  return std::nullopt;
}

// Before 8 all operands had to have one shape.
Refusal lower_broadcast_8(NodeForm& form) {
  const Type first = form.operand(0).type();
  for (std::size_t index = 1; index < form.operands.size(); ++index) {
    const Type type = form.operand(index).type();
    if (!type.is_static() || type.dims != first.dims) return "its operands may have different shapes";
  }
  return std::nullopt;
}

Refusal lower_dropout_12(NodeForm& form) {
  if (form.has_operand(2) && form.operand(2).number() != 0.0)
    return "it drops elements in inference";
  form.remove_operand(2);
  form.remove("seed");
  return std::nullopt;
}

Refusal lower_gemm_11(NodeForm& form) {
  if (form.has_operand(2)) return std::nullopt;
  const DType dtype = form.operand(0).type().dtype;
  if (!is_numeric(dtype)) return "it has no C, whose element type would have to be known";
  const double zero = 0;
  form.set_operand(2, {.value = nullptr, .literal = Tensor::from_doubles(dtype, {1}, {&zero, 1})});
  return std::nullopt;
}

// Spells out the pads of the axes that are not named.
Refusal lower_pad_18(NodeForm& form) {
  if (!form.has_operand(3)) return std::nullopt;
  const auto axes = form.operand(3).ints();
  const auto pads = form.operand(1).ints();
  const Type type = form.operand(0).type();
  if (!axes || !pads || !type.is_ranked) return "it pads axes that are not known";
  if (pads->size() != 2 * axes->size()) return "it has not two pads for each axis";
  const auto rank = static_cast<std::int64_t>(type.rank());
  std::vector<std::int64_t> all(2 * type.rank(), 0);
  for (std::size_t index = 0; index < axes->size(); ++index) {
    const std::int64_t axis = (*axes)[index] < 0 ? (*axes)[index] + rank : (*axes)[index];
    if (axis < 0 || axis >= rank) return "it pads an axis that does not exist";
    all[static_cast<std::size_t>(axis)] = (*pads)[index];
    all[static_cast<std::size_t>(axis + rank)] = (*pads)[index + axes->size()];
  }
  form.set_operand(1, {.value = nullptr, .literal = Tensor::of<std::int64_t>({2 * rank}, all)});
  form.remove_operand(3);
  return std::nullopt;
}

Refusal lower_pad_19(NodeForm& form) {
  const std::string* mode = form.find_string("mode");
  if (mode != nullptr && *mode == "wrap") return "its mode is `wrap`";
  return std::nullopt;
}

Refusal lower_quantize_13(NodeForm& form) {
  const Type scale = form.operand(1).type();
  if (!is_scalar(scale)) return "it has a scale for each channel";
  form.remove("axis");
  return std::nullopt;
}

namespace {

// Of the quantized side: the result of QuantizeLinear (its zero point), the operand of DequantizeLinear.
DType quantized_dtype(const NodeForm& form) {
  const std::size_t index = form.op_type == "QuantizeLinear" ? 2 : 0;
  return form.operand(index).type().dtype;
}

}  // namespace

Refusal lower_quantize_19(NodeForm& form) {
  switch (quantized_dtype(form)) {
    case DType::f8e4m3fn:
    case DType::f8e4m3fnuz:
    case DType::f8e5m2:
    case DType::f8e5m2fnuz: return "it quantizes to 8-bit floats";
    default: return std::nullopt;
  }
}

Refusal lower_quantize_21(NodeForm& form) {
  switch (quantized_dtype(form)) {
    case DType::i4:
    case DType::u4:
    case DType::i16:
    case DType::u16: return "it quantizes to 4 or 16 bits";
    default: return std::nullopt;
  }
}

// `roi` and `scales` could not be left out before 13; empty ones stood for that.
Refusal raise_resize_13(NodeForm& form) {
  for (const std::size_t index : {1, 2}) {
    const Type type = form.operand(index).type();
    if (type.is_ranked && type.rank() == 1 && type.dims[0] == Dim(0)) form.remove_operand(index);
  }
  return std::nullopt;
}

Refusal lower_resize_13(NodeForm& form) {
  for (const std::size_t index : {1, 2})
    if (!form.has_operand(index))
      form.set_operand(index, {.value = nullptr, .literal = empty_floats()});
  return std::nullopt;
}

Refusal lower_resize_19(NodeForm& form) {
  const std::string* mode = form.find_string("coordinate_transformation_mode");
  if (mode != nullptr && *mode == "half_pixel_symmetric")
    return "its coordinate_transformation_mode is `half_pixel_symmetric`";
  return std::nullopt;
}

Refusal lower_scatter_18(NodeForm& form) {
  const std::string* reduction = form.find_string("reduction");
  if (reduction != nullptr && (*reduction == "max" || *reduction == "min"))
    return fmt::format("its reduction is `{}`", *reduction);
  return std::nullopt;
}

Refusal lower_slice_10(NodeForm& form) {
  if (!form.has_operand(4)) return std::nullopt;
  const auto steps = form.operand(4).ints();
  const auto is_one = [](std::int64_t step) { return step == 1; };
  if (!steps || !std::ranges::all_of(*steps, is_one)) return "it has steps";
  form.remove_operand(4);
  return std::nullopt;
}

// Before 13 it ran over all axes from `axis` on, flattened.
Refusal raise_softmax_13(NodeForm& form) {
  const std::int64_t axis = form.find_int("axis").value_or(1);
  if (axis == -1) return std::nullopt;
  const Type type = form.operand(0).type();
  if (!type.is_ranked) return "it runs over all axes from one on, and the rank is not known";
  const auto rank = static_cast<std::int64_t>(type.rank());
  const std::int64_t first = axis < 0 ? axis + rank : axis;
  if (first < 0 || first >= rank) return "its axis does not exist";
  const auto only = only_axis_from(type, static_cast<std::size_t>(first));
  if (!only) return "it runs over several axes at once";
  form.set("axis", static_cast<std::int64_t>(*only));
  return std::nullopt;
}

Refusal lower_softmax_13(NodeForm& form) {
  const std::int64_t axis = form.find_int("axis").value_or(-1);
  const Type type = form.operand(0).type();
  if (!type.is_ranked) return "the rank of its operand is not known";
  const auto rank = static_cast<std::int64_t>(type.rank());
  const std::int64_t first = axis < 0 ? axis + rank : axis;
  if (first < 0 || first >= rank) return "its axis does not exist";
  if (only_axis_from(type, static_cast<std::size_t>(first)) != static_cast<std::size_t>(first))
    return "it runs over one axis that is not the last";
  form.set("axis", first);
  return std::nullopt;
}

Refusal raise_split_18(NodeForm& form) {
  if (!form.has_operand(1) && form.find("num_outputs") == nullptr)
    form.set("num_outputs", static_cast<std::int64_t>(form.results.size()));
  return std::nullopt;
}

// Before 18 the parts had to be equal.
Refusal lower_split_18(NodeForm& form) {
  const std::int64_t count = form.find_int("num_outputs").value_or(0);
  form.remove("num_outputs");
  if (form.has_operand(1)) return std::nullopt;
  const Type type = form.operand(0).type();
  const std::int64_t axis = form.find_int("axis").value_or(0);
  const auto rank = static_cast<std::int64_t>(type.rank());
  const std::int64_t index = axis < 0 ? axis + rank : axis;
  const bool is_even = type.is_ranked && index >= 0 && index < rank && count > 0 &&
                       type.dims[static_cast<std::size_t>(index)].is_fixed() &&
                       type.dims[static_cast<std::size_t>(index)].size() % count == 0;
  if (!is_even) return "it does not split into equal parts";
  return std::nullopt;
}

}  // namespace rcc::version_steps

#include "frontends/onnx/canonical.h"

#include <algorithm>

#include "frontends/onnx/proto.h"
#include "frontends/onnx/versions.h"

namespace rcc {

namespace {

using Refusal = std::optional<std::string>;

constexpr std::string_view kNumOutputs = "num_outputs";
// ONNX's numbers of element types are small.
constexpr std::int64_t kMostDTypes = 1000;

bool is_convolution(std::string_view op_type) {
  return op_type == "Conv" || op_type == "ConvTranspose" || op_type == "ConvInteger";
}
bool is_pool(std::string_view op_type) {
  return op_type == "MaxPool" || op_type == "AveragePool" || op_type == "LpPool";
}

// Sizes of the window: the attribute, or those of a convolution's weight.
std::optional<Ints> window_of(const NodeForm& form) {
  if (const Ints* given = form.find_ints(attr::kernel_shape)) return *given;
  const Type weight = form.operand(1).type();
  if (!is_convolution(form.op_type) || !weight.is_static() || weight.rank() < 2) return std::nullopt;
  Ints sizes;
  for (std::size_t axis = 2; axis < weight.rank(); ++axis) sizes.push_back(weight.dims[axis].size());
  return sizes;
}

std::int64_t item_or_one(const Ints* items, std::size_t index) {
  return items != nullptr && index < items->size() ? (*items)[index] : 1;
}

enum class ExtraPad : std::uint8_t { at_start, at_end };

// Pads that make the result's size ceil(size / stride); nullopt where the sizes are not known.
std::optional<Ints> same_pads(const NodeForm& form, ExtraPad extra) {
  constexpr std::int64_t kMost = 1 << 30;
  const auto window = window_of(form);
  const Type data = form.operand(0).type();
  if (form.op_type == "ConvTranspose" || !window || !data.is_ranked ||
      data.rank() != window->size() + 2)
    return std::nullopt;
  const std::size_t count = window->size();
  Ints pads(2 * count, 0);
  for (std::size_t index = 0; index < count; ++index) {
    const Dim dim = data.dims[index + 2];
    const std::int64_t stride = item_or_one(form.find_ints(attr::strides), index);
    const std::int64_t dilation = item_or_one(form.find_ints(attr::dilations), index);
    if (!dim.is_fixed() || stride < 1 || dilation < 1 || (*window)[index] < 1 || stride > kMost ||
        dilation > kMost || (*window)[index] > kMost || dim.size() > kMost)
      return std::nullopt;
    const std::int64_t steps = (dim.size() + stride - 1) / stride;
    const std::int64_t reach = (steps - 1) * stride + ((*window)[index] - 1) * dilation + 1;
    const std::int64_t total = std::max<std::int64_t>(reach - dim.size(), 0);
    pads[index] = extra == ExtraPad::at_end ? total / 2 : total - total / 2;
    pads[index + count] = total - pads[index];
  }
  return pads;
}

// Where the sizes are not known auto_pad stays.
void resolve_auto_pad(NodeForm& form) {
  const std::string* given = form.find_string(attr::auto_pad);
  if (given == nullptr) return;
  const std::string mode = *given;
  // ONNX ignores pads beside any other mode.
  if (mode != "NOTSET" && !mode.empty()) form.remove(attr::pads);
  const bool is_same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  const auto pads =
      is_same ? same_pads(form, mode == "SAME_UPPER" ? ExtraPad::at_end : ExtraPad::at_start)
              : std::nullopt;
  if (is_same && !pads) return;
  if (pads) form.set(attr::pads, *pads);
  form.remove(attr::auto_pad);
}

Refusal drop_kernel_shape(NodeForm& form) {
  const Ints* given = form.find_ints(attr::kernel_shape);
  if (given == nullptr) return std::nullopt;
  const Type weight = form.operand(1).type();
  if (!weight.is_static()) return "the shape of its weight is not known";
  bool is_same = weight.rank() == given->size() + 2;
  for (std::size_t index = 0; is_same && index < given->size(); ++index)
    is_same = weight.dims[index + 2].size() == (*given)[index];
  if (!is_same) return "its kernel_shape is not that of its weight";
  form.remove(attr::kernel_shape);
  return std::nullopt;
}

// The attribute of the row that ONNX has as operand 1; empty when there is none.
std::string_view operand_in_row(std::string_view op_type) {
  if (op_type == "Split") return attr::split;
  const bool has_axes =
      op_type == "Squeeze" || op_type == "Unsqueeze" || op_type.starts_with("Reduce");
  return has_axes ? attr::axes : std::string_view();
}

Refusal operand_to_attribute(NodeForm& form) {
  const std::string_view name = operand_in_row(form.op_type);
  if (name.empty() || !form.has_operand(1)) return std::nullopt;
  const auto numbers = form.operand(1).ints();
  if (!numbers) return fmt::format("its operand `{}` is not a constant", name);
  form.set(name, *numbers);
  form.remove_operand(1);
  return std::nullopt;
}

void attribute_to_operand(NodeForm& form) {
  const std::string_view name = operand_in_row(form.op_type);
  const Ints* numbers = name.empty() ? nullptr : form.find_ints(name);
  if (numbers == nullptr || numbers->empty()) return;
  const auto count = static_cast<std::int64_t>(numbers->size());
  form.set_operand(1, {.value = nullptr, .literal = Tensor::of<std::int64_t>({count}, *numbers)});
  form.remove(name);
}

// The row takes equal parts from the number of results.
Refusal drop_split_count(NodeForm& form) {
  const auto count = form.find_int(kNumOutputs);
  if (form.op_type != "Split" || !count) return std::nullopt;
  if (*count != static_cast<std::int64_t>(form.results.size()))
    return "its num_outputs is not the number of its results";
  form.remove(kNumOutputs);
  return std::nullopt;
}

Refusal name_dtypes(NodeForm& form, const OpInfo& row) {
  for (const AttributeInfo& info : row.attributes) {
    const auto code = form.find_int(info.name);
    if (!info.is_dtype || !code) continue;
    if (*code == 0) {
      form.remove(info.name);
      continue;
    }
    const auto dtype = *code > 0 && *code <= kMostDTypes
                           ? dtype_from_onnx(static_cast<int>(*code))
                           : std::nullopt;
    if (!dtype) return fmt::format("its attribute `{}` is an element type {} that is not known", info.name, *code);
    form.set(info.name, std::string(dtype_name(*dtype)));
  }
  return std::nullopt;
}

Refusal number_dtypes(NodeForm& form, const OpInfo& row) {
  for (const AttributeInfo& info : row.attributes) {
    const std::string* name = form.find_string(info.name);
    if (!info.is_dtype || name == nullptr) continue;
    const auto dtype = parse_dtype(*name);
    const int code = dtype ? dtype_to_onnx(*dtype) : 0;
    if (code == 0) return fmt::format("its attribute `{}` names no element type", info.name);
    form.set(info.name, static_cast<std::int64_t>(code));
  }
  return std::nullopt;
}

// Readers that do not know the defaults are many.
void spell_out_window(NodeForm& form) {
  if (!is_convolution(form.op_type) && !is_pool(form.op_type)) return;
  const auto window = window_of(form);
  if (!window) return;
  const auto set_missing = [&](std::string_view name, AttributeValue value) {
    const Ints* given = form.find_ints(name);
    if (given == nullptr || given->empty()) form.set(name, std::move(value));
  };
  set_missing(attr::kernel_shape, *window);
  set_missing(attr::strides, Ints(window->size(), 1));
  set_missing(attr::dilations, Ints(window->size(), 1));
  if (form.find(attr::auto_pad) == nullptr && form.find(attr::output_shape) == nullptr)
    set_missing(attr::pads, Ints(2 * window->size(), 0));
  if (is_convolution(form.op_type) && form.find(attr::group) == nullptr)
    form.set(attr::group, std::int64_t{1});
}

}  // namespace

std::optional<std::string> to_row_form(NodeForm& form, const OpInfo& row) {
  if (auto refusal = operand_to_attribute(form)) return refusal;
  if (auto refusal = drop_split_count(form)) return refusal;
  if (auto refusal = name_dtypes(form, row)) return refusal;
  if (is_convolution(form.op_type) || is_pool(form.op_type)) resolve_auto_pad(form);
  if (is_convolution(form.op_type))
    if (auto refusal = drop_kernel_shape(form)) return refusal;
  std::erase_if(form.attributes, [&](const auto& item) {
    return row.find_attribute(item.first) == nullptr &&
           is_later_default(form.op_type, item.first, item.second);
  });
  return std::nullopt;
}

std::optional<std::string> to_onnx_form(NodeForm& form, const OpInfo& row) {
  attribute_to_operand(form);
  if (form.op_type == "Split" && !form.has_operand(1)) {
    form.remove(attr::split);
    form.set(kNumOutputs, static_cast<std::int64_t>(form.results.size()));
  }
  if (auto refusal = number_dtypes(form, row)) return refusal;
  spell_out_window(form);
  return std::nullopt;
}

}  // namespace rcc

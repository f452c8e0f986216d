#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "passes/rules/shape_origin.h"
#include "passes/rules/tensor_functions.h"

namespace rcc::functions {

namespace {

// An operand that is absent has no type.
DatumResult no_type(const FunctionCall& call, std::size_t index) {
  return no_value(fmt::format("{} is absent", call.expression.children[index].text));
}

tl::expected<std::int64_t, std::string> fixed_size(const Value& value, std::size_t axis) {
  const Dim dim = value.type().dims[axis];
  if (dim.is_fixed()) return dim.size();
  return no_value(fmt::format("the size of %{} along axis {} is not known", value.name(), axis));
}

bool has_same_shape(const Value& a, const Value& b) {
  const Type& left = a.type();
  const Type& right = b.type();
  if (!left.is_ranked || !right.is_ranked || left.dims != right.dims) return false;
  return std::ranges::none_of(left.dims, &Dim::is_unknown) || has_sizes_of(a, b) ||
         has_sizes_of(b, a);
}

}  // namespace

DatumResult rank(const FunctionCall& call) {
  if (call.value(0) == nullptr) return no_type(call, 0);
  const Type& type = call.value(0)->type();
  if (!type.is_ranked)
    return no_value(fmt::format("the rank of %{} is not known", call.value(0)->name()));
  return Datum::of(static_cast<double>(type.rank()));
}

DatumResult shape(const FunctionCall& call) {
  if (DatumResult known = rank(call); !known) return known;
  std::vector<std::int64_t> sizes;
  for (std::size_t i = 0; i < call.value(0)->type().rank(); ++i) {
    const auto size = fixed_size(*call.value(0), i);
    if (!size) return no_value(size.error());
    sizes.push_back(*size);
  }
  return Datum::of_list(sizes);
}

DatumResult size(const FunctionCall& call) {
  if (call.arguments.size() < 2) {
    const DatumResult sizes = shape(call);
    if (!sizes) return sizes;
    return Datum::of(
        std::accumulate(sizes->data.begin(), sizes->data.end(), 1.0, std::multiplies<>()));
  }
  if (DatumResult known = rank(call); !known) return known;
  const auto axis = resolve_axis(call.arguments[1].data.at(0), call.value(0)->type().rank());
  if (!axis) return no_value(axis.error());
  const auto found = fixed_size(*call.value(0), *axis);
  if (!found) return no_value(found.error());
  return Datum::of(static_cast<double>(*found));
}

DatumResult output_axis(const FunctionCall& call) {
  const Node& node = call.node(0);
  const auto axes = weight_axes(node);
  if (!axes) return no_value(fmt::format("{} has no weight", node.op().name));
  return Datum::of(axes->output_axis);
}

// The axis of the weight along which the node sums: linked to an axis of its data operand.
DatumResult input_axis(const FunctionCall& call) {
  const Node& node = call.node(0);
  const int weight = node.op().operand_with_role(Role::weight);
  const auto is_operand = [](const AxisRef& ref, int index) {
    return ref.side == AxisRef::Side::operand && ref.index == index;
  };
  const auto output = weight_axes(node);
  for (const AxisLink& link : axis_links(node)) {
    const bool is_forward = is_operand(link.from, 0) && is_operand(link.to, weight);
    const bool is_backward = is_operand(link.to, 0) && is_operand(link.from, weight);
    if (!is_forward && !is_backward) continue;
    const auto axis = static_cast<int>(is_forward ? link.to.axis : link.from.axis);
    if (output && output->output_axis == axis) continue;
    return Datum::of(axis);
  }
  return no_value(fmt::format("{} does not sum along an axis of a weight", node.op().name));
}

DatumResult same_shape(const FunctionCall& call) {
  for (const std::size_t i : {0U, 1U})
    if (call.value(i) == nullptr) return no_type(call, i);
  return Datum::of(has_same_shape(*call.value(0), *call.value(1)) ? 1 : 0);
}
DatumResult same_type(const FunctionCall& call) {
  const DatumResult has_same_sizes = same_shape(call);
  if (!has_same_sizes) return has_same_sizes;
  const DType a = call.value(0)->type().dtype;
  const DType b = call.value(1)->type().dtype;
  return Datum::of(a != DType::unknown && a == b && has_same_sizes->data[0] != 0 ? 1 : 0);
}
// What is absent is neither.
DatumResult is_output(const FunctionCall& call) {
  return Datum::of(call.value(0) != nullptr && call.value(0)->is_output() ? 1 : 0);
}
DatumResult is_constant(const FunctionCall& call) {
  return Datum::of(call.value(0) != nullptr && call.value(0)->is_constant() ? 1 : 0);
}
DatumResult is_present(const FunctionCall& call) { return Datum::of(call.value(0) ? 1 : 0); }

DatumResult is_sparse(const FunctionCall& call) {
  const Value* value = call.value(0);
  return Datum::of(value != nullptr && value->is_constant() && value->is_sparse() ? 1 : 0);
}

DatumResult reader_count(const FunctionCall& call) {
  const Value* value = call.value(0);
  return Datum::of(value == nullptr ? 0 : value->use_count() + value->output_count());
}

DatumResult has_range(const FunctionCall& call) {
  return Datum::of(call.value(0) != nullptr && call.value(0)->range() ? 1 : 0);
}
DatumResult range_low(const FunctionCall& call) {
  if (has_range(call)->data[0] == 0) return no_value("there is no range; run calibrate before");
  return Datum::of(call.value(0)->range()->low);
}
DatumResult range_high(const FunctionCall& call) {
  if (has_range(call)->data[0] == 0) return no_value("there is no range; run calibrate before");
  return Datum::of(call.value(0)->range()->high);
}

DatumResult selected(const FunctionCall& call) {
  const LayerSelection* selection = call.bindings.selection;
  return Datum::of(selection == nullptr || selection->contains(call.node(0)) ? 1 : 0);
}

}  // namespace rcc::functions

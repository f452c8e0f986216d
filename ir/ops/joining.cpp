#include <fmt/format.h>

#include <algorithm>

#include "ir/ops/functions.h"
#include "ir/ops/joining.h"
#include "ir/ops/links.h"
#include "ir/ops/shape_rules.h"

// Operators that join, cut and select along axes: concat, split, slice, gather, pad.

namespace rcc {

Result<Types> infer_concat(const Node& node, const Graph& graph) {
  const DType dtype = RCC_TRY(common_dtype(node, graph));
  std::optional<Shape> shape;
  Shape sizes;
  std::size_t axis = 0;
  bool is_open = false;
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Type& type = operand_type(node, i);
    is_open |= !type.is_ranked;
    if (!type.is_ranked) continue;
    if (!shape) {
      shape = type.dims;
      axis = RCC_TRY(checked_axis(node.attribute_int(attr::axis), type.rank()));
    }
    bool fits = type.rank() == shape->size();
    for (std::size_t j = 0; fits && j < type.rank(); ++j) {
      fits = j == axis || !conflict(type.dims[j], (*shape)[j]);
      if (j != axis) (*shape)[j] = more_precise((*shape)[j], type.dims[j]);
    }
    if (!fits) {
      return fail(ErrorKind::input,
                  fmt::format("{} and {} must agree except along axis {}",
                              operand_text(node, 0, graph), operand_text(node, i, graph), axis));
    }
    sizes.push_back(type.dims[axis]);
  }
  if (!shape) return Types{Type::unranked(dtype)};
  (*shape)[axis] = is_open ? Dim::unknown() : RCC_TRY(sum(sizes));
  return Types{Type(dtype, std::move(*shape))};
}

namespace {

// The sizes of split's pieces: given, or as equal as they can be.
Result<Shape> split_sizes(const Node& node, Dim whole) {
  const auto count = static_cast<std::int64_t>(node.result_count());
  const Ints& given = node.attribute_ints(attr::split);
  if (!given.empty()) {
    Shape sizes;
    for (const std::int64_t size : given) {
      if (size < 0) return fail(ErrorKind::input, fmt::format("split contains {}", size));
      sizes.push_back(size);
    }
    const Dim total = RCC_TRY(sum(sizes));
    if (given.size() != node.result_count() || conflict(total, whole)) {
      return fail(ErrorKind::input,
                  fmt::format("split <{}> does not fit {} results and {} elements along the axis",
                              fmt::join(given, ","), count,
                              whole.is_fixed() ? std::to_string(whole.size()) : "?"));
    }
    return sizes;
  }
  if (!whole.is_fixed()) return Shape(node.result_count(), Dim::unknown());
  const std::int64_t chunk = whole.size() / count + (whole.size() % count != 0 ? 1 : 0);
  Shape sizes;
  for (std::int64_t i = 0; i < count; ++i) {
    sizes.push_back(std::clamp<std::int64_t>(whole.size() - i * chunk, 0, chunk));
  }
  return sizes;
}

}  // namespace

Result<Types> infer_split(const Node& node, const Graph&) {
  const Type& x = operand_type(node, 0);
  if (node.result_count() == 0) return fail(ErrorKind::input, "split needs a result");
  if (!x.is_ranked) return Types(node.result_count(), Type::unranked(x.dtype));
  const std::size_t axis = RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank()));
  Types types;
  for (const Dim size : RCC_TRY(split_sizes(node, x.dims[axis]))) {
    Type type = x;
    type.dims[axis] = size;
    types.push_back(std::move(type));
  }
  return types;
}

namespace {

Result<std::vector<std::size_t>> listed_axes(const Node& node, std::size_t operand,
                                             std::size_t count, std::size_t rank) {
  Ints axes(count);
  for (std::size_t i = 0; i < count; ++i) axes[i] = static_cast<std::int64_t>(i);
  if (node.operand(operand)) {
    const std::optional<Ints> given = known_numbers(*node.operand(operand));
    if (!given) return fail(ErrorKind::input, "`axes` must be constant");
    axes = *given;
  }
  if (axes.size() != count) {
    return fail(ErrorKind::input,
                fmt::format("`axes` has {} elements, expected {}", axes.size(), count));
  }
  RCC_TRY(checked_axes(axes, rank));
  std::vector<std::size_t> result;
  for (const std::int64_t axis : axes) result.push_back(RCC_TRY(checked_axis(axis, rank)));
  return result;
}

// A bound brought into [low, high], counted from the end when negative.
std::int64_t slice_bound(std::int64_t bound, std::int64_t size, std::int64_t low,
                         std::int64_t high) {
  if (bound < 0) bound = bound < -size ? low : bound + size;
  return std::clamp(bound, low, high);
}

}  // namespace

Result<std::vector<SliceAxis>> slice_axes(const Node& node) {
  const Type& x = operand_type(node, 0);
  const std::optional<Ints> starts = known_numbers(*node.operand(1));
  const std::optional<Ints> ends = known_numbers(*node.operand(2));
  if (!starts || !ends) return fail(ErrorKind::input, "`starts` and `ends` are not constant");
  Ints steps(starts->size(), 1);
  if (node.operand(4)) {
    const std::optional<Ints> given = known_numbers(*node.operand(4));
    if (!given) return fail(ErrorKind::input, "`steps` is not constant");
    steps = *given;
  }
  if (ends->size() != starts->size() || steps.size() != starts->size()) {
    return fail(ErrorKind::input,
                fmt::format("`starts`, `ends` and `steps` have {}, {} and {} elements",
                            starts->size(), ends->size(), steps.size()));
  }
  const auto axes = RCC_TRY(listed_axes(node, 3, starts->size(), x.rank()));
  std::vector<SliceAxis> result;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t step = steps[i];
    if (step == 0) return fail(ErrorKind::input, "`steps` contains 0");
    SliceAxis slice{.axis = axes[i], .step = step};
    const Dim dim = x.dims[axes[i]];
    slice.is_whole = step == 1 && (*starts)[i] == 0 && (*ends)[i] >= kWholeEnd;
    if (dim.is_fixed()) {
      const std::int64_t size = dim.size();
      const bool forward = step > 0;
      slice.start = slice_bound((*starts)[i], size, 0, forward ? size : size - 1);
      const std::int64_t end =
          slice_bound((*ends)[i], size, forward ? 0 : -1, forward ? size : size - 1);
      const std::int64_t span = forward ? end - slice.start : slice.start - end;
      // Negation would overflow for the least number; a step beyond the size takes one element.
      const std::int64_t stride = forward ? step : -std::max(step, -kWholeEnd);
      const std::int64_t count = span <= 0 ? 0 : (span - 1) / stride + 1;
      slice.is_whole = step == 1 && count == size;
      slice.count = Dim(count);
    } else if (slice.is_whole) {
      slice.count = dim;
    }
    result.push_back(slice);
  }
  return result;
}

Result<Types> infer_slice(const Node& node, const Graph&) {
  const Type& x = operand_type(node, 0);
  if (!x.is_ranked) return Types{x};
  const auto is_known = [&](std::size_t i) {
    return !node.operand(i) || known_numbers(*node.operand(i)).has_value();
  };
  if (!is_known(1) || !is_known(2) || !is_known(3) || !is_known(4)) {
    return Types{Type(x.dtype, Shape(x.rank(), Dim::unknown()))};
  }
  Type type = x;
  for (const SliceAxis& slice : RCC_TRY(slice_axes(node))) type.dims[slice.axis] = slice.count;
  return Types{std::move(type)};
}

Result<Types> infer_gather(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const Type& indices = operand_type(node, 1);
  if (indices.dtype != DType::i64 && indices.dtype != DType::i32 &&
      indices.dtype != DType::unknown) {
    return fail(ErrorKind::input,
                fmt::format("{} must be i32 or i64", operand_text(node, 1, graph)));
  }
  if (!x.is_ranked || !indices.is_ranked) return Types{Type::unranked(x.dtype)};
  const std::size_t axis = RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank()));
  const auto middle = x.dims.begin() + static_cast<std::ptrdiff_t>(axis);
  Shape shape(x.dims.begin(), middle);
  shape.insert(shape.end(), indices.dims.begin(), indices.dims.end());
  shape.insert(shape.end(), middle + 1, x.dims.end());
  if (shape.size() > kMaxRank) return fail(ErrorKind::input, "the rank of the result is too high");
  return Types{Type(x.dtype, std::move(shape))};
}

Result<std::vector<AxisPad>> axis_pads(const Node& node) {
  const Type& x = operand_type(node, 0);
  const std::optional<Ints> pads = known_numbers(*node.operand(1));
  if (!pads) return fail(ErrorKind::input, "`pads` is not constant");
  RCC_TRY(require_small_numbers(*pads, "`pads`"));
  const std::size_t count = pads->size() / 2;
  const std::size_t expected = node.operand(3) ? count : x.rank();
  if (pads->size() % 2 != 0 || count != expected) {
    return fail(ErrorKind::input,
                fmt::format("`pads` has {} elements, expected {}", pads->size(), 2 * expected));
  }
  const auto axes = RCC_TRY(listed_axes(node, 3, count, x.rank()));
  std::vector<AxisPad> result(x.rank());
  for (std::size_t i = 0; i < count; ++i) result[axes[i]] = {(*pads)[i], (*pads)[i + count]};
  return result;
}

namespace {

Result<Dim> padded_size(const Node& node, Dim dim, AxisPad pad) {
  if (pad.before == 0 && pad.after == 0) return dim;
  if (!dim.is_fixed()) return Dim::unknown();
  std::int64_t size = 0;
  if (__builtin_add_overflow(dim.size(), pad.before, &size) ||
      __builtin_add_overflow(size, pad.after, &size) || size < 0) {
    return fail(ErrorKind::input, fmt::format("pads of {} and {} do not fit a size of {}",
                                              pad.before, pad.after, dim.size()));
  }
  const std::string& mode = node.attribute_string(attr::mode);
  const std::int64_t most = mode == "reflect" ? dim.size() - 1 : dim.size();
  const bool needs_elements = mode == "reflect" || mode == "edge";
  const bool is_bad = (mode == "reflect" && std::max(pad.before, pad.after) > most) ||
                      (needs_elements && dim.size() == 0);
  if (!is_bad) return Dim(size);
  return fail(ErrorKind::input, fmt::format("pads of {} and {} are too large to {} a size of {}",
                                            pad.before, pad.after, mode, dim.size()));
}

}  // namespace

Result<Types> infer_pad(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const std::string& mode = node.attribute_string(attr::mode);
  if (mode != "constant" && mode != "edge" && mode != "reflect" && mode != "wrap") {
    return fail(ErrorKind::input,
                fmt::format("mode is \"{}\", expected constant, edge, reflect or wrap", mode));
  }
  RCC_TRY(require_scalar(node, 2, graph));
  RCC_TRY(common_dtype(node, std::array<std::size_t, 2>{0, 2}, graph));
  if (!x.is_ranked) return Types{x};
  const bool axes_known = !node.operand(3) || known_numbers(*node.operand(3));
  if (!known_numbers(*node.operand(1)) || !axes_known) {
    return Types{Type(x.dtype, Shape(x.rank(), Dim::unknown()))};
  }
  const std::vector<AxisPad> pads = RCC_TRY(axis_pads(node));
  Type type = x;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    type.dims[i] = RCC_TRY(padded_size(node, x.dims[i], pads[i]));
  }
  return Types{std::move(type)};
}

Result<Types> infer_shape(const Node& node, const Graph&) {
  if (!operand_type(node, 0).is_ranked) return Types{Type(DType::i64, {Dim::unknown()})};
  const auto length = shape_elements(*node.result());
  const Dim size = length ? Dim(static_cast<std::int64_t>(length->size())) : Dim::unknown();
  return Types{Type(DType::i64, {size})};
}

Result<Types> infer_constant_of_shape(const Node& node, const Graph& graph) {
  RCC_TRY(require_dtype(node, 0, DType::i64, graph));
  RCC_TRY(require_rank(node, 0, 1, graph));
  const auto& value = std::get<Tensor>(node.attribute(attr::value));
  if (value.element_count() != 1 || value.is_elided()) {
    return fail(ErrorKind::input, "the attribute `value` must have one element");
  }
  const auto elements = shape_elements(*node.operand(std::size_t{0}));
  if (!elements) return Types{Type::unranked(value.dtype())};
  if (elements->size() > kMaxRank) return fail(ErrorKind::input, "`shape` has too many elements");
  Shape shape;
  for (const ShapeElement& element : *elements) {
    if (element.number && *element.number < 0) {
      return fail(ErrorKind::input, fmt::format("`shape` contains {}", *element.number));
    }
    shape.push_back(element.size);
  }
  RCC_TRY(product(shape));
  return Types{Type(value.dtype(), std::move(shape))};
}

void link_concat(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::size_t axis = axis_from_front(node, types.y->rank());
  std::int64_t offset = 0;
  bool is_known = true;
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Type& type = node.operand(i)->type();
    if (type.rank() != types.y->rank()) return;
    for (std::size_t j = 0; j < type.rank(); ++j) {
      if (j == axis && !is_known) continue;
      links.push_back({operand_axis(i, j), result_axis(0, j), 1, j == axis ? offset : 0});
    }
    is_known = is_known && type.dims[axis].is_fixed();
    if (is_known) offset += type.dims[axis].size();
  }
}

void link_split(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::size_t axis = axis_from_front(node, types.x->rank());
  std::int64_t offset = 0;
  bool is_known = true;
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    // An absent result has no size to go on from.
    if (!node.result(i) || !node.result(i)->type().is_ranked) return;
    const Type& type = node.result(i)->type();
    for (std::size_t j = 0; j < type.rank(); ++j) {
      if (j == axis && !is_known) continue;
      links.push_back({result_axis(i, j), operand_axis(0, j), 1, j == axis ? offset : 0});
    }
    is_known = is_known && type.dims[axis].is_fixed();
    if (is_known) offset += type.dims[axis].size();
  }
}

Result<void> resize_split(Node& node, Graph& graph) {
  if (node.attribute_ints(attr::split).empty()) {
    // Equal pieces stay equal only by chance.
    const Result<Types> inferred = infer_split(node, graph);
    bool is_same = inferred.has_value();
    for (std::size_t i = 0; is_same && i < node.result_count(); ++i) {
      is_same = !node.result(i) || node.result(i)->type() == (*inferred)[i];
    }
    if (is_same) return {};
  }
  Ints sizes;
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    const Value* result = node.result(i);
    const std::size_t rank = result ? result->type().rank() : 0;
    if (rank == 0) return fail(ErrorKind::input, "the pieces of a split have no known sizes");
    const Dim size = result->type().dims[axis_from_front(node, rank)];
    if (!size.is_fixed()) return fail(ErrorKind::input, "the pieces of a split have open sizes");
    sizes.push_back(size.size());
  }
  graph.set_attribute(node, attr::split, sizes);
  return {};
}

void link_slice(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const Result<std::vector<SliceAxis>> slices = slice_axes(node);
  if (!slices) return;
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    const auto cut = std::ranges::find(*slices, i, &SliceAxis::axis);
    if (cut != slices->end() && !cut->is_whole) continue;
    links.push_back({operand_axis(0, i), result_axis(0, i)});
  }
}

void link_gather(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types || !node.operand(1)->type().is_ranked) return;
  const std::size_t axis = axis_from_front(node, types.x->rank());
  const std::size_t added = node.operand(1)->type().rank();
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    if (i == axis) continue;
    links.push_back({operand_axis(0, i), result_axis(0, i < axis ? i : i - 1 + added)});
  }
  for (std::size_t i = 0; i < added; ++i) {
    links.push_back({operand_axis(1, i), result_axis(0, axis + i)});
  }
}

void link_pad(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const Result<std::vector<AxisPad>> pads = axis_pads(node);
  if (!pads) return;
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    if ((*pads)[i].before != 0 || (*pads)[i].after != 0) continue;
    links.push_back({operand_axis(0, i), result_axis(0, i)});
  }
}

bool pad_preserves_zero(const Node& node) {
  const Value* value = node.operand(2);
  if (node.attribute_string(attr::mode) != "constant" || !value) return true;
  if (!value->is_constant() || value->tensor().is_elided()) return false;
  if (!is_numeric(value->type().dtype)) return false;
  return value->tensor().element_count() == 1 && value->tensor().at(0) == 0;
}

}  // namespace rcc

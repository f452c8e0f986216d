#include "ir/ops/arranging.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/shape_rules.h"

// Operators that repeat, reorder or number elements: tile, depth_to_space, space_to_depth, trilu,
// cum_sum, cum_prod, reverse_sequence, range, size, eye_like.

namespace rcc {

Result<Ints> tile_repeats(const Node& node) {
  const Type& x = operand_type(node, 0);
  const std::optional<Ints> repeats = known_numbers(*node.operand(1));
  if (!repeats) return fail(ErrorKind::input, "`repeats` is not constant");
  RCC_TRY(require_small_numbers(*repeats, "`repeats`"));
  if (repeats->size() != x.rank()) {
    return fail(ErrorKind::input,
                fmt::format("`repeats` has {} elements, expected {}", repeats->size(), x.rank()));
  }
  for (const std::int64_t count : *repeats) {
    if (count < 0) return fail(ErrorKind::input, fmt::format("`repeats` contains {}", count));
  }
  return *repeats;
}

Result<Types> infer_tile(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  RCC_TRY(require_dtype(node, 1, DType::i64, graph));
  RCC_TRY(require_rank(node, 1, 1, graph));
  if (!x.is_ranked) return Types{x};
  if (!known_numbers(*node.operand(1))) {
    return Types{Type(x.dtype, Shape(x.rank(), Dim::unknown()))};
  }
  const Ints repeats = RCC_TRY(tile_repeats(node));
  Type type = x;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    type.dims[i] = RCC_TRY(product(std::array<Dim, 2>{x.dims[i], Dim(repeats[i])}));
  }
  return Types{std::move(type)};
}

// Element i of the result is element i % size of x.
void link_tile(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const Result<Ints> repeats = tile_repeats(node);
  if (!repeats) return;
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    if ((*repeats)[i] == 1) {
      links.push_back({operand_axis(0, i), result_axis(0, i)});
    } else if (types.x->dims[i].is_fixed() && types.x->dims[i].size() > 0) {
      links.push_back({result_axis(0, i), operand_axis(0, i), 1, 0, types.x->dims[i].size()});
    }
  }
}

namespace {

// The edge of a block, squared.
Result<std::int64_t> block_area(const Node& node, const Graph& graph) {
  const std::int64_t edge = node.attribute_int(attr::blocksize);
  if (edge < 1 || edge > (1 << 15)) {
    return fail(ErrorKind::input, fmt::format("blocksize is {}, expected 1 or more", edge));
  }
  const std::string& mode = node.attribute_string(attr::mode);
  if (mode != "DCR" && mode != "CRD") {
    return fail(ErrorKind::input, fmt::format("mode is \"{}\", expected DCR or CRD", mode));
  }
  RCC_TRY(require_rank(node, 0, 4, graph));
  return edge * edge;
}

// `dim` in parts of `divisor`.
Result<Dim> divided(Dim dim, std::int64_t divisor, std::string_view what) {
  if (divisor == 1) return dim;
  if (!dim.is_fixed()) return Dim::unknown();
  if (dim.size() % divisor == 0) return Dim(dim.size() / divisor);
  return fail(ErrorKind::input,
              fmt::format("the {} of {} is not a multiple of {}", what, dim.size(), divisor));
}

}  // namespace

Result<Types> infer_depth_to_space(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const std::int64_t area = RCC_TRY(block_area(node, graph));
  if (!x.is_ranked) return Types{Type(x.dtype, Shape(4, Dim::unknown()))};
  const Dim edge(node.attribute_int(attr::blocksize));
  Type type = x;
  type.dims[1] = RCC_TRY(divided(x.dims[1], area, "number of channels"));
  for (const std::size_t i : {2, 3}) {
    type.dims[i] = RCC_TRY(product(std::array<Dim, 2>{x.dims[i], edge}));
  }
  return Types{std::move(type)};
}

Result<Types> infer_space_to_depth(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const std::int64_t area = RCC_TRY(block_area(node, graph));
  if (!x.is_ranked) return Types{Type(x.dtype, Shape(4, Dim::unknown()))};
  Type type = x;
  type.dims[1] = RCC_TRY(product(std::array<Dim, 2>{x.dims[1], Dim(area)}));
  for (const std::size_t i : {2, 3}) {
    type.dims[i] = RCC_TRY(divided(x.dims[i], node.attribute_int(attr::blocksize), "spatial size"));
  }
  return Types{std::move(type)};
}

namespace {

// `deep` has area times the channels of `flat`: in blocks (CRD) or in rounds (DCR).
void link_depth(const Node& node, AxisRef deep, AxisRef flat, Dim flat_channels,
                std::vector<AxisLink>& links) {
  const std::int64_t edge = node.attribute_int(attr::blocksize);
  if (node.attribute_string(attr::mode) == "CRD") {
    links.push_back({flat, deep, edge * edge});
  } else if (flat_channels.is_fixed() && flat_channels.size() > 0) {
    links.push_back({deep, flat, 1, 0, flat_channels.size()});
  }
}

}  // namespace

void link_depth_to_space(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  links.push_back({operand_axis(0, 0), result_axis(0, 0)});
  link_depth(node, operand_axis(0, 1), result_axis(0, 1), types.y->dims[1], links);
}

void link_space_to_depth(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  links.push_back({operand_axis(0, 0), result_axis(0, 0)});
  link_depth(node, result_axis(0, 1), operand_axis(0, 1), types.x->dims[1], links);
}

Result<Types> infer_trilu(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  RCC_TRY(require_dtype(node, 1, DType::i64, graph));
  RCC_TRY(require_scalar(node, 1, graph));
  if (!x.is_ranked || x.rank() >= 2) return Types{x};
  return fail(ErrorKind::input,
              fmt::format("{} must have rank 2 or more", operand_text(node, 0, graph)));
}

Result<std::size_t> running_axis(const Node& node, std::size_t rank) {
  const std::optional<Ints> axis = known_numbers(*node.operand(1));
  if (!axis || axis->size() != 1) return fail(ErrorKind::input, "`axis` is not a known number");
  return checked_axis(axis->front(), rank);
}

Result<Types> infer_running(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  RCC_TRY(require_scalar(node, 1, graph));
  const DType axis = operand_type(node, 1).dtype;
  if (axis != DType::i64 && axis != DType::i32 && axis != DType::unknown) {
    return fail(ErrorKind::input,
                fmt::format("{} must be i32 or i64", operand_text(node, 1, graph)));
  }
  if (x.is_ranked && known_numbers(*node.operand(1))) RCC_TRY(running_axis(node, x.rank()));
  return Types{x};
}

void link_running(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const Result<std::size_t> fixed = running_axis(node, types.x->rank());
  if (!fixed) return;
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    if (i != *fixed) links.push_back({operand_axis(0, i), result_axis(0, i)});
  }
}

Result<Types> infer_reverse_sequence(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  RCC_TRY(require_dtype(node, 1, DType::i64, graph));
  if (!x.is_ranked) return Types{x};
  const auto batch =
      RCC_TRY(checked_axis(node.attribute_int(attr::batch_axis), x.rank(), "batch_axis"));
  const auto time =
      RCC_TRY(checked_axis(node.attribute_int(attr::time_axis), x.rank(), "time_axis"));
  if (batch == time) return fail(ErrorKind::input, "batch_axis and time_axis are the same");
  RCC_TRY(require_vector(node, 1, x.dims[batch], "sequence", graph));
  return Types{x};
}

void link_reverse_sequence(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const auto batch = checked_axis(node.attribute_int(attr::batch_axis), types.x->rank());
  const auto time = checked_axis(node.attribute_int(attr::time_axis), types.x->rank());
  if (!batch || !time) return;
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    if (i != *time) links.push_back({operand_axis(0, i), result_axis(0, i)});
    const bool has_lengths = node.operand(1)->type().is_ranked;
    if (i == *batch && has_lengths) links.push_back({operand_axis(1, 0), result_axis(0, i)});
  }
}

namespace {

// The number of a scalar operand: of a constant, or an integer that follows from shapes.
std::optional<double> known_scalar(const Value& value) {
  if (value.is_constant() && !value.tensor().is_elided() && is_numeric(value.type().dtype) &&
      value.tensor().element_count() == 1) {
    return value.tensor().at(0);
  }
  if (is_float(value.type().dtype)) return std::nullopt;
  const std::optional<Ints> numbers = known_numbers(value);
  if (!numbers || numbers->size() != 1) return std::nullopt;
  return static_cast<double>(numbers->front());
}

}  // namespace

Result<std::optional<RangeNumbers>> range_numbers(const Node& node) {
  std::array<double, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto number = known_scalar(*node.operand(i));
    if (!number) return std::optional<RangeNumbers>();
    numbers[i] = *number;
  }
  const auto [start, limit, delta] = numbers;
  const double count = std::ceil((limit - start) / delta);
  // Also what is no number.
  if (!(count <= 0x1p62) || delta == 0) {
    return fail(ErrorKind::input, fmt::format("a range from {} to {} in steps of {} has no end",
                                              start, limit, delta));
  }
  return std::optional(RangeNumbers{
      .start = start, .delta = delta, .count = static_cast<std::int64_t>(std::max(count, 0.0))});
}

Result<Types> infer_range(const Node& node, const Graph& graph) {
  const DType dtype = RCC_TRY(common_dtype(node, graph));
  for (std::size_t i = 0; i < 3; ++i) RCC_TRY(require_scalar(node, i, graph));
  const auto numbers = RCC_TRY(range_numbers(node));
  return Types{Type(dtype, {numbers ? Dim(numbers->count) : Dim::unknown()})};
}

Result<Types> infer_size(const Node&, const Graph&) { return Types{Type(DType::i64, {})}; }

Result<Types> infer_eye_like(const Node& node, const Graph& graph) {
  Type type = operand_type(node, 0);
  RCC_TRY(require_rank(node, 0, 2, graph));
  const std::string& name = node.attribute_string(attr::dtype);
  if (name.empty()) return Types{std::move(type)};
  const std::optional<DType> dtype = parse_dtype(name);
  if (!dtype || !is_numeric(*dtype)) {
    return fail(ErrorKind::input, fmt::format("dtype is \"{}\", expected a numeric type", name));
  }
  type.dtype = *dtype;
  return Types{std::move(type)};
}

}  // namespace rcc

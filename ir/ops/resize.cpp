#include "ir/ops/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

constexpr std::size_t kRoi = 1, kScales = 2, kSizes = 3;

std::vector<double> constant_floats(const Value* value) {
  if (!value || !value->is_constant() || value->tensor().is_elided()) return {};
  if (!is_numeric(value->type().dtype)) return {};
  return value->tensor().to_doubles();
}

Result<std::vector<std::size_t>> named_axes(const Node& node, std::size_t rank) {
  std::vector<std::size_t> axes;
  const Ints& list = node.attribute_ints(attr::axes);
  for (std::size_t i = 0; i < rank && list.empty(); ++i) axes.push_back(i);
  for (const std::int64_t axis : list) axes.push_back(RCC_TRY(checked_axis(axis, rank, "axes")));
  RCC_TRY(checked_axes(list, rank));
  return axes;
}

Result<void> require_count(std::string_view name, std::size_t count, std::size_t expected) {
  if (count == expected) return {};
  return fail(ErrorKind::input,
              fmt::format("`{}` has {} elements, expected {}", name, count, expected));
}

// The factor that keeps the proportions of all axes: the least or the greatest of their own.
double common_scale(const Node& node, const std::vector<double>& scales) {
  const bool is_least = node.attribute_string(attr::keep_aspect_ratio_policy) == "not_larger";
  return is_least ? *std::ranges::min_element(scales) : *std::ranges::max_element(scales);
}

Result<bool> apply_sizes(const Node& node, const std::vector<std::size_t>& axes,
                         std::vector<ResizedAxis>& result) {
  const Shape& dims = operand_type(node, 0).dims;
  const std::optional<Ints> sizes = known_numbers(*node.operand(kSizes));
  if (!sizes) return false;
  RCC_TRY(require_count("sizes", sizes->size(), axes.size()));
  std::vector<double> scales;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Dim dim = dims[axes[i]];
    if ((*sizes)[i] < 1 || (*sizes)[i] > (std::int64_t{1} << 31)) {
      return fail(ErrorKind::input, fmt::format("`sizes` contains {}", (*sizes)[i]));
    }
    result[axes[i]].size = (*sizes)[i];
    if (dim == Dim(0)) return fail(ErrorKind::input, "an axis without elements is resized");
    const double from = dim.is_fixed() ? static_cast<double>(dim.size()) : 1;
    scales.push_back(static_cast<double>((*sizes)[i]) / from);
    result[axes[i]].scale = scales.back();
  }
  if (node.attribute_string(attr::keep_aspect_ratio_policy) == "stretch") return true;
  const double scale = common_scale(node, scales);
  for (const std::size_t axis : axes) {
    result[axis].scale = scale;
    result[axis].size = Dim::unknown();
    if (!dims[axis].is_fixed()) continue;
    // Halves go up.
    const double size = std::floor(scale * static_cast<double>(dims[axis].size()) + 0.5);
    result[axis].size = static_cast<std::int64_t>(size);
  }
  return true;
}

Result<bool> apply_scales(const Node& node, const std::vector<std::size_t>& axes,
                          std::vector<ResizedAxis>& result) {
  const Shape& dims = operand_type(node, 0).dims;
  const std::vector<double> scales = constant_floats(node.operand(kScales));
  if (scales.empty()) return false;
  RCC_TRY(require_count("scales", scales.size(), axes.size()));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (!(scales[i] > 0) || scales[i] > 0x1p31) {
      return fail(ErrorKind::input, fmt::format("`scales` contains {}", scales[i]));
    }
    const Dim dim = dims[axes[i]];
    result[axes[i]].scale = scales[i];
    result[axes[i]].size = scales[i] == 1 ? dim : Dim::unknown();
    if (!dim.is_fixed() || dim.size() > (std::int64_t{1} << 31)) continue;
    // In f32, as runtimes multiply.
    const float size = static_cast<float>(dim.size()) * static_cast<float>(scales[i]);
    result[axes[i]].size = static_cast<std::int64_t>(std::floor(size));
  }
  return true;
}

Result<void> apply_region(const Node& node, const std::vector<std::size_t>& axes,
                          std::vector<ResizedAxis>& result) {
  if (node.attribute_string(attr::coordinate_transformation_mode) != "tf_crop_and_resize")
    return {};
  const std::vector<double> region = constant_floats(node.operand(kRoi));
  if (region.empty() && !node.operand(kRoi)) {
    return fail(ErrorKind::input, "tf_crop_and_resize needs a `roi`");
  }
  if (region.empty()) return {};
  RCC_TRY(require_count("roi", region.size(), 2 * axes.size()));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    result[axes[i]].begin = region[i];
    result[axes[i]].end = region[i + axes.size()];
  }
  return {};
}

Result<void> check_word(const Node& node, std::string_view name,
                        std::initializer_list<std::string_view> known) {
  const std::string& word = node.attribute_string(name);
  if (std::ranges::find(known, word) != known.end()) return {};
  return fail(ErrorKind::input,
              fmt::format("{} is \"{}\", expected one of {}", name, word, fmt::join(known, ", ")));
}

}  // namespace

Result<std::optional<std::vector<ResizedAxis>>> resized_axes(const Node& node) {
  const Shape& dims = operand_type(node, 0).dims;
  std::vector<ResizedAxis> result;
  for (const Dim dim : dims) result.push_back({.size = dim});
  const auto axes = RCC_TRY(named_axes(node, dims.size()));
  if (!node.operand(kSizes) && !node.operand(kScales)) {
    return fail(ErrorKind::input, "neither `scales` nor `sizes` is given");
  }
  RCC_TRY(apply_region(node, axes, result));
  const bool is_known = node.operand(kSizes) ? RCC_TRY(apply_sizes(node, axes, result))
                                             : RCC_TRY(apply_scales(node, axes, result));
  if (!is_known) return std::optional<std::vector<ResizedAxis>>();
  return std::optional(std::move(result));
}

Result<Types> infer_resize(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  RCC_TRY(check_word(node, attr::mode, {"nearest", "linear", "cubic"}));
  RCC_TRY(check_word(node, attr::nearest_mode,
                     {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}));
  RCC_TRY(
      check_word(node, attr::keep_aspect_ratio_policy, {"stretch", "not_larger", "not_smaller"}));
  RCC_TRY(check_word(node, attr::coordinate_transformation_mode,
                     {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                      "asymmetric", "tf_crop_and_resize"}));
  RCC_TRY(require_dtype(node, kSizes, DType::i64, graph));
  if (!x.is_ranked) return Types{x};
  const auto axes = RCC_TRY(resized_axes(node));
  Type type = x;
  if (!axes) {
    std::ranges::fill(type.dims, Dim::unknown());
    return Types{std::move(type)};
  }
  for (std::size_t i = 0; i < x.rank(); ++i) type.dims[i] = (*axes)[i].size;
  return Types{std::move(type)};
}

// Axes that keep their size.
void link_resize(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const auto axes = resized_axes(node);
  if (!axes || !*axes) return;
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    const ResizedAxis& axis = (**axes)[i];
    const bool is_whole = axis.begin == 0 && axis.end == 1;
    if (axis.scale == 1 && is_whole) links.push_back({operand_axis(0, i), result_axis(0, i)});
  }
}

bool resize_preserves_zero(const Node& node) {
  return node.attribute_string(attr::coordinate_transformation_mode) != "tf_crop_and_resize" ||
         node.attribute_float(attr::extrapolation_value) == 0;
}

Result<void> resize_resize(Node& node, Graph& graph) {
  const Value* old = node.operand(kSizes);
  const Type& y = node.result()->type();
  // Scales stay true, and computed sizes follow by themselves.
  if (!old || !old->is_constant()) return {};
  Ints sizes = old->tensor().to_ints();
  const auto axes = RCC_TRY(named_axes(node, y.rank()));
  for (std::size_t i = 0; i < axes.size() && i < sizes.size(); ++i) {
    if (y.dims[axes[i]].is_fixed()) sizes[i] = y.dims[axes[i]].size();
  }
  const auto count = static_cast<std::int64_t>(sizes.size());
  const Tensor tensor = Tensor::of<std::int64_t>({count}, sizes);
  if (!tensor.same_contents(old->tensor())) {
    graph.set_operand(node, kSizes, &graph.add_constant(old->name(), tensor));
  }
  return {};
}

}  // namespace rcc

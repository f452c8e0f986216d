#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/shape_rules.h"

// Operators that only rename positions: flatten, reshape, transpose, squeeze, unsqueeze, expand.

namespace rcc {

Result<Types> infer_flatten(const Node& node, const Graph&) {
  const Type& x = operand_type(node, 0);
  if (!x.is_ranked) return Types{Type(x.dtype, {Dim::unknown(), Dim::unknown()})};
  const auto rank = static_cast<std::int64_t>(x.rank());
  std::int64_t axis = node.attribute_int(attr::axis);
  if (axis < -rank || axis > rank) {
    return fail(ErrorKind::input,
                fmt::format("axis is {}, expected a number from {} to {}", axis, -rank, rank));
  }
  if (axis < 0) axis += rank;
  const std::span<const Dim> dims(x.dims);
  const auto middle = static_cast<std::size_t>(axis);
  const Dim rows = RCC_TRY(product(dims.first(middle)));
  const Dim columns = RCC_TRY(product(dims.subspan(middle)));
  return Types{Type(x.dtype, {rows, columns})};
}

namespace {

std::string shape_text(const std::vector<ShapeElement>& elements, const Graph& graph) {
  std::string text = "[";
  for (const ShapeElement& element : elements) {
    if (text.size() > 1) text += ",";
    const std::string size = to_text(Shape{element.size}, graph.symbols());
    text += element.number ? std::to_string(*element.number) : size.substr(1, size.size() - 2);
  }
  return text + "]";
}

// Sizes written as numbers or copied from x; `inferred` is the place of -1.
struct ReshapeTarget {
  Shape shape;
  std::optional<std::size_t> inferred;
};

Result<ReshapeTarget> reshape_target(const Node& node, const std::vector<ShapeElement>& elements) {
  const Type& x = operand_type(node, 0);
  const bool zero_is_zero = node.attribute_int(attr::allowzero) != 0;
  ReshapeTarget target;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const ShapeElement& element = elements[i];
    if (element.number == 0 && !zero_is_zero) {
      if (x.is_ranked && i >= x.rank()) {
        return fail(ErrorKind::input,
                    fmt::format("`shape` copies axis {} of an operand of rank {}", i, x.rank()));
      }
      target.shape.push_back(x.is_ranked ? x.dims[i] : Dim::unknown());
    } else if (element.number == -1) {
      if (target.inferred) return fail(ErrorKind::input, "`shape` contains -1 twice");
      target.inferred = i;
      target.shape.push_back(Dim::unknown());
    } else if (element.number && *element.number < 0) {
      return fail(ErrorKind::input, fmt::format("`shape` contains {}", *element.number));
    } else {
      target.shape.push_back(element.size);
    }
  }
  return target;
}

// Removes from both lists the sizes that are the same symbol.
void cancel_symbols(Shape& a, Shape& b) {
  if (std::ranges::none_of(a, [](Dim dim) { return dim.is_symbol(); })) return;
  for (auto it = a.begin(); it != a.end();) {
    const auto other = it->is_symbol() ? std::ranges::find(b, *it) : b.end();
    if (other == b.end()) {
      ++it;
      continue;
    }
    b.erase(other);
    it = a.erase(it);
  }
}

// The size at -1, when the other sizes and x tell it. Error when it is not whole.
Result<Dim> inferred_size(const Node& node, const ReshapeTarget& target, const Graph& graph) {
  Shape all = operand_type(node, 0).dims;
  Shape rest = target.shape;
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(*target.inferred));
  cancel_symbols(all, rest);
  const Dim others = RCC_TRY(product(rest));
  const auto is_open = [](Dim dim) { return !dim.is_fixed(); };
  const auto open = std::ranges::find_if(all, is_open);
  if (open != all.end() && std::ranges::count_if(all, is_open) == 1) {
    // x.view(-1, 512) of [N,512,1,1] is [N,512].
    const Dim dim = *open;
    all.erase(open);
    return RCC_TRY(product(all)) == others && others != Dim(0) ? dim : Dim::unknown();
  }
  const Dim total = RCC_TRY(product(all));
  if (!total.is_fixed() || !others.is_fixed()) return Dim::unknown();
  if (others.size() == 0 || total.size() % others.size() != 0) {
    return fail(ErrorKind::input,
                fmt::format("{} cannot be reshaped to {}: {} elements do not divide by {}",
                            operand_text(node, 0, graph), to_text(target.shape, graph.symbols()),
                            total.size(), others.size()));
  }
  return Dim(total.size() / others.size());
}

Result<Type> reshape_type(const Node& node, const std::vector<ShapeElement>& elements,
                          const Graph& graph) {
  const Type& x = operand_type(node, 0);
  ReshapeTarget target = RCC_TRY(reshape_target(node, elements));
  if (!x.is_ranked) return Type(x.dtype, std::move(target.shape));
  if (target.inferred) {
    target.shape[*target.inferred] = RCC_TRY(inferred_size(node, target, graph));
    return Type(x.dtype, std::move(target.shape));
  }
  Shape before = x.dims;
  Shape after = target.shape;
  cancel_symbols(before, after);
  const Dim total = RCC_TRY(product(before));
  const Dim wanted = RCC_TRY(product(after));
  if (conflict(total, wanted)) {
    return fail(ErrorKind::input,
                fmt::format("{} has {} elements and cannot be reshaped to {} with {}",
                            operand_text(node, 0, graph), total.size(), shape_text(elements, graph),
                            wanted.size()));
  }
  return Type(x.dtype, std::move(target.shape));
}

}  // namespace

Result<Types> infer_reshape(const Node& node, const Graph& graph) {
  RCC_TRY(require_dtype(node, 1, DType::i64, graph));
  RCC_TRY(require_rank(node, 1, 1, graph));
  const auto elements = shape_elements(*node.operand(1));
  if (!elements) return Types{Type::unranked(operand_type(node, 0).dtype)};
  if (elements->size() > kMaxRank) {
    return fail(ErrorKind::input, fmt::format("a shape of rank {} is more than the limit of {}",
                                              elements->size(), kMaxRank));
  }
  return Types(1, RCC_TRY(reshape_type(node, *elements, graph)));
}

namespace {

// A run of axes of each side with equal element counts.
struct AxisGroup {
  std::size_t x_begin, x_end, y_begin, y_end;
};

// Splits two shapes of one element count into the shortest runs that correspond. Sizes that are not
// numbers correspond only to themselves.
std::vector<AxisGroup> corresponding_axes(const Shape& x, const Shape& y) {
  std::vector<AxisGroup> groups;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < x.size() && j < y.size()) {
    const AxisGroup start{i, i, j, j};
    if (!x[i].is_fixed() || !y[j].is_fixed()) {
      if (x[i] != y[j] || x[i].is_unknown()) break;
      groups.push_back({i, i + 1, j, j + 1});
      ++i, ++j;
      continue;
    }
    // The products are sizes of a checked type, so they do not overflow.
    std::int64_t left = x[i++].size();
    std::int64_t right = y[j++].size();
    while (left != right) {
      const bool grow_left = left < right;
      const Shape& dims = grow_left ? x : y;
      std::size_t& next = grow_left ? i : j;
      if (next >= dims.size() || !dims[next].is_fixed()) return groups;
      (grow_left ? left : right) *= dims[next++].size();
    }
    if (left == 0) return groups;
    groups.push_back({start.x_begin, i, start.y_begin, j});
  }
  return groups;
}

// First axis of the run that is not 1 (or its last), and the number of elements per step along it.
std::pair<std::size_t, std::int64_t> leading_axis(const Shape& dims, std::size_t begin,
                                                  std::size_t end) {
  std::size_t axis = begin;
  while (axis + 1 < end && dims[axis] == Dim(1)) ++axis;
  std::int64_t inner = 1;
  for (std::size_t i = axis + 1; i < end; ++i) inner *= dims[i].size();
  return {axis, inner};
}

}  // namespace

// The slowest axis of a run of axes keeps its meaning: one step along it is a block of elements.
void link_reshape(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const Shape& x = types.x->dims;
  const Shape& y = types.y->dims;
  for (const AxisGroup& group : corresponding_axes(x, y)) {
    const auto [from, x_inner] = leading_axis(x, group.x_begin, group.x_end);
    const auto [to, y_inner] = leading_axis(y, group.y_begin, group.y_end);
    if (x_inner % y_inner == 0) {
      links.push_back({operand_axis(0, from), result_axis(0, to), x_inner / y_inner});
    } else if (y_inner % x_inner == 0) {
      links.push_back({result_axis(0, to), operand_axis(0, from), y_inner / x_inner});
    }
  }
}

namespace {

Result<void> replace_shape_operand(Node& node, Graph& graph, const Ints& sizes) {
  const Value& old = *node.operand(1);
  const Tensor tensor = Tensor::of<std::int64_t>({static_cast<std::int64_t>(sizes.size())}, sizes);
  graph.set_operand(node, 1, &graph.add_constant(old.name(), tensor));
  return {};
}

// Rewrites the numbers of a constant shape to the recorded result; `keeps` tells which stay as
// written.
template <typename Keeps>
Result<void> resize_shape_operand(Node& node, Graph& graph, Keeps keeps) {
  const Value& shape = *node.operand(1);
  const Type& y = node.result()->type();
  // A computed shape follows by itself.
  if (!shape.is_constant()) return {};
  Ints sizes = shape.tensor().to_ints();
  const std::size_t offset = y.rank() - std::min(y.rank(), sizes.size());
  bool changes = false;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const Dim dim = i + offset < y.rank() ? y.dims[i + offset] : Dim::unknown();
    if (keeps(sizes[i]) || !dim.is_fixed() || dim.size() == sizes[i]) continue;
    sizes[i] = dim.size();
    changes = true;
  }
  return changes ? replace_shape_operand(node, graph, sizes) : Result<void>();
}

}  // namespace

Result<void> resize_reshape(Node& node, Graph& graph) {
  return resize_shape_operand(node, graph, [](std::int64_t size) { return size <= 0; });
}

Result<void> resize_expand(Node& node, Graph& graph) {
  return resize_shape_operand(node, graph, [](std::int64_t size) { return size == 1; });
}

namespace {

// perm with its default spelled out. Precondition: checked.
Ints permutation_of(const Node& node, std::size_t rank) {
  Ints perm = node.attribute_ints(attr::perm);
  if (!perm.empty()) return perm;
  perm.resize(rank);
  std::iota(perm.rbegin(), perm.rend(), 0);
  return perm;
}

}  // namespace

Result<Types> infer_transpose(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  if (!x.is_ranked) return Types{x};
  const Ints perm = permutation_of(node, x.rank());
  Ints sorted = perm;
  std::ranges::sort(sorted);
  Ints expected(x.rank());
  std::iota(expected.begin(), expected.end(), 0);
  if (sorted != expected) {
    return fail(ErrorKind::input, fmt::format("perm <{}> is not a permutation of the axes of {}",
                                              fmt::join(perm, ","), operand_text(node, 0, graph)));
  }
  Shape shape;
  for (const std::int64_t axis : perm) shape.push_back(x.dims[static_cast<std::size_t>(axis)]);
  return Types{Type(x.dtype, std::move(shape))};
}

void link_transpose(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const Ints perm = permutation_of(node, types.x->rank());
  for (std::size_t i = 0; i < perm.size(); ++i) {
    links.push_back({operand_axis(0, static_cast<std::size_t>(perm[i])), result_axis(0, i)});
  }
}

namespace {

// For each axis of x whether squeeze removes it; the rank must be known.
Result<std::vector<bool>> squeezed_axes(const Node& node, const Type& x) {
  std::vector<bool> is_removed(x.rank());
  const Ints& list = node.attribute_ints(attr::axes);
  for (const std::size_t axis : RCC_TRY(checked_axes(list, x.rank()))) is_removed[axis] = true;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    if (list.empty()) is_removed[i] = x.dims[i] == Dim(1);
    if (!is_removed[i] || !conflict(x.dims[i], Dim(1))) continue;
    return fail(ErrorKind::input,
                fmt::format("axis {} has size {} and cannot be squeezed", i, x.dims[i].size()));
  }
  return is_removed;
}

}  // namespace

Result<Types> infer_squeeze(const Node& node, const Graph&) {
  const Type& x = operand_type(node, 0);
  // Without a list the rank depends on sizes that may be open.
  const bool is_open = node.attribute_ints(attr::axes).empty() &&
                       std::ranges::any_of(x.dims, [](Dim dim) { return !dim.is_fixed(); });
  if (!x.is_ranked || is_open) return Types{Type::unranked(x.dtype)};
  const std::vector<bool> is_removed = RCC_TRY(squeezed_axes(node, x));
  Shape shape;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    if (!is_removed[i]) shape.push_back(x.dims[i]);
  }
  return Types{Type(x.dtype, std::move(shape))};
}

void link_squeeze(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const auto is_removed = squeezed_axes(node, *types.x);
  if (!is_removed) return;
  std::size_t to = 0;
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    if (!(*is_removed)[i]) links.push_back({operand_axis(0, i), result_axis(0, to++)});
  }
}

Result<Types> infer_unsqueeze(const Node& node, const Graph&) {
  const Type& x = operand_type(node, 0);
  const Ints& list = node.attribute_ints(attr::axes);
  if (!x.is_ranked) return Types{Type::unranked(x.dtype)};
  if (x.rank() + list.size() > kMaxRank) {
    return fail(ErrorKind::input, fmt::format("axes has {} elements", list.size()));
  }
  Shape shape = x.dims;
  for (const std::size_t axis : RCC_TRY(checked_axes(list, x.rank() + list.size()))) {
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), Dim(1));
  }
  return Types{Type(x.dtype, std::move(shape))};
}

void link_unsqueeze(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const auto added = checked_axes(node.attribute_ints(attr::axes), types.y->rank());
  if (!added) return;
  std::size_t from = 0;
  for (std::size_t i = 0; i < types.y->rank(); ++i) {
    if (std::ranges::find(*added, i) != added->end()) continue;
    links.push_back({operand_axis(0, from++), result_axis(0, i)});
  }
}

Result<Types> infer_expand(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  RCC_TRY(require_dtype(node, 1, DType::i64, graph));
  RCC_TRY(require_rank(node, 1, 1, graph));
  const auto elements = shape_elements(*node.operand(1));
  if (!x.is_ranked || !elements) return Types{Type::unranked(x.dtype)};
  Shape wanted;
  for (const ShapeElement& element : *elements) {
    if (element.number && *element.number < 0) {
      return fail(ErrorKind::input, fmt::format("`shape` contains {}", *element.number));
    }
    wanted.push_back(element.size);
  }
  std::optional<Shape> shape = broadcast(x.dims, wanted);
  if (!shape || shape->size() > kMaxRank) {
    return fail(ErrorKind::input,
                fmt::format("{} does not broadcast with {}", operand_text(node, 0, graph),
                            shape_text(*elements, graph)));
  }
  return Types{Type(x.dtype, std::move(*shape))};
}

void link_expand(const Node& node, std::vector<AxisLink>& links) {
  link_operand_by_broadcast(node, 0, links);
}

}  // namespace rcc

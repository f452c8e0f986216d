#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "passes/tensor_expression.h"

namespace rcc {

namespace {

tl::unexpected<std::string> no_value(std::string reason) {
  return tl::unexpected<std::string>(std::move(reason));
}

std::int64_t count_of(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

// The axis counted from the front, or the reason why there is none.
tl::expected<std::size_t, std::string> resolve_axis(std::int64_t axis, std::size_t rank) {
  const auto limit = static_cast<std::int64_t>(rank);
  if (axis < -limit || axis >= limit)
    return no_value(fmt::format("there is no axis {} in a tensor of rank {}", axis, rank));
  return static_cast<std::size_t>(axis < 0 ? axis + limit : axis);
}

template <double (*function)(double)>
DatumResult map_elements(const FunctionCall& call) {
  Datum result = call.arguments[0];
  for (double& element : result.data) element = function(element);
  result.is_sparse = result.is_sparse && function(0) == 0;
  return result;
}

// Folds all elements, or those along `axis`, with `fold` from `start`; `finish` sees their number.
template <typename Fold, typename Finish>
DatumResult reduce(const FunctionCall& call, double start, Fold fold, Finish finish) {
  const Datum& in = call.arguments[0];
  std::size_t outer = 1;
  std::size_t along = in.data.size();
  std::size_t inner = 1;
  Datum result{{}, {}, in.dtype};
  if (const auto named = call.named("axis")) {
    const auto axis = resolve_axis(*named, in.shape.size());
    if (!axis) return no_value(axis.error());
    result.shape = in.shape;
    result.shape.erase(result.shape.begin() + static_cast<long>(*axis));
    along = static_cast<std::size_t>(in.shape[*axis]);
    for (std::size_t i = 0; i < in.shape.size(); ++i)
      if (i != *axis) (i < *axis ? outer : inner) *= static_cast<std::size_t>(in.shape[i]);
  }
  for (std::size_t block = 0; block < outer; ++block) {
    for (std::size_t lane = 0; lane < inner; ++lane) {
      double value = start;
      for (std::size_t i = 0; i < along; ++i)
        value = fold(value, in.data[(block * along + i) * inner + lane]);
      result.data.push_back(finish(value, static_cast<double>(along)));
    }
  }
  return result;
}

double unchanged(double value, double) { return value; }
double add(double a, double b) { return a + b; }
// NaN wins, so that a condition on the extremum of broken numbers does not hold.
double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }
double smaller(double a, double b) { return std::isnan(a) || a < b ? a : b; }

DatumResult sum(const FunctionCall& call) { return reduce(call, 0, add, unchanged); }
DatumResult mean(const FunctionCall& call) {
  return reduce(call, 0, add, [](double value, double count) { return value / count; });
}
DatumResult product(const FunctionCall& call) {
  return reduce(
      call, 1, [](double a, double b) { return a * b; }, unchanged);
}
DatumResult all(const FunctionCall& call) {
  return reduce(
      call, 1, [](double a, double b) { return b != 0 ? a : 0; }, unchanged);
}
DatumResult any(const FunctionCall& call) {
  return reduce(
      call, 0, [](double a, double b) { return b != 0 ? 1 : a; }, unchanged);
}

DatumResult extremum(const FunctionCall& call, double start, double (*choose)(double, double)) {
  if (call.arguments.size() == 2) return combine(call.arguments[0], call.arguments[1], choose);
  return reduce(call, start, choose, unchanged);
}
DatumResult max(const FunctionCall& call) {
  return extremum(call, -std::numeric_limits<double>::infinity(), larger);
}
DatumResult min(const FunctionCall& call) {
  return extremum(call, std::numeric_limits<double>::infinity(), smaller);
}

DatumResult reshape(const FunctionCall& call) {
  Datum result = call.arguments[0];
  const auto count = static_cast<std::int64_t>(result.data.size());
  std::vector<std::int64_t> shape;
  std::int64_t known = 1;
  std::optional<std::size_t> open;
  for (const double size : call.arguments[1].data) {
    if (size == -1 && !open)
      open = shape.size();
    else if (size < 0 || size != std::floor(size) || size > 1e15)
      return no_value(fmt::format("{} is not a size", size));
    else if (size > 0 &&
             known > std::numeric_limits<std::int64_t>::max() / static_cast<std::int64_t>(size))
      return no_value("the result is too large");
    else
      known *= static_cast<std::int64_t>(size);
    shape.push_back(static_cast<std::int64_t>(size));
  }
  if (open && known == 0) return no_value("-1 stands for any size here");
  if (open) shape[*open] = count / known;
  if (count_of(shape) != count)
    return no_value(fmt::format("sizes [{}] cannot become [{}]", fmt::join(result.shape, ","),
                                fmt::join(shape, ",")));
  result.shape = std::move(shape);
  return result;
}

DatumResult transpose(const FunctionCall& call) {
  const Datum& in = call.arguments[0];
  const std::size_t rank = in.shape.size();
  std::vector<std::size_t> order(rank);
  std::iota(order.rbegin(), order.rend(), std::size_t{0});
  if (call.arguments.size() > 1) {
    const auto& wanted = call.arguments[1].data;
    std::vector<bool> seen(rank, false);
    if (wanted.size() != rank) return no_value("the permutation has another rank than its tensor");
    for (std::size_t i = 0; i < rank; ++i) {
      const auto axis = resolve_axis(to_int(wanted[i]), rank);
      if (!axis) return no_value(axis.error());
      if (seen[*axis]) return no_value("the permutation names an axis twice");
      seen[*axis] = true;
      order[i] = *axis;
    }
  }
  std::vector<std::size_t> step(rank, 1);
  for (std::size_t i = rank; i-- > 1;)
    step[i - 1] = step[i] * static_cast<std::size_t>(in.shape[i]);
  Datum result{{}, {}, in.dtype, in.is_sparse};
  for (const std::size_t axis : order) result.shape.push_back(in.shape[axis]);
  std::vector<std::int64_t> index(rank, 0);
  result.data.reserve(in.data.size());
  for (std::size_t n = 0; n < in.data.size(); ++n) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < rank; ++i)
      from += step[order[i]] * static_cast<std::size_t>(index[i]);
    result.data.push_back(in.data[from]);
    for (std::size_t i = rank; i-- > 0;) {
      if (++index[i] < result.shape[i]) break;
      index[i] = 0;
    }
  }
  return result;
}

DatumResult concat(const FunctionCall& call) {
  const Datum& first = call.arguments[0];
  const auto axis = resolve_axis(*call.named("axis"), first.shape.size());
  if (!axis) return no_value(axis.error());
  Datum result{first.shape, {}, first.dtype, true};
  result.shape[*axis] = 0;
  std::size_t outer = 1;
  for (std::size_t i = 0; i < *axis; ++i) outer *= static_cast<std::size_t>(first.shape[i]);
  for (const Datum& part : call.arguments) {
    auto others = part.shape;
    if (others.size() == first.shape.size()) others[*axis] = first.shape[*axis];
    if (others != first.shape)
      return no_value(fmt::format("sizes [{}] and [{}] cannot be joined along axis {}",
                                  fmt::join(first.shape, ","), fmt::join(part.shape, ","), *axis));
    result.shape[*axis] += part.shape[*axis];
    result.is_sparse = result.is_sparse && part.is_sparse;
  }
  for (std::size_t block = 0; block < outer; ++block) {
    for (const Datum& part : call.arguments) {
      const std::size_t length = part.data.size() / outer;
      const auto begin = part.data.begin() + static_cast<long>(block * length);
      result.data.insert(result.data.end(), begin, begin + static_cast<long>(length));
    }
  }
  return result;
}

DatumResult slice(const FunctionCall& call) {
  const Datum& in = call.arguments[0];
  const auto axis = resolve_axis(*call.named("axis"), in.shape.size());
  if (!axis) return no_value(axis.error());
  const std::int64_t size = in.shape[*axis];
  const std::int64_t begin = call.named("begin").value_or(0);
  const std::int64_t end = call.named("end").value_or(size);
  if (begin < 0 || end > size || begin > end)
    return no_value(fmt::format("[{}, {}) is no part of an axis of size {}", begin, end, size));
  std::int64_t outer = 1;
  std::int64_t inner = 1;
  for (std::size_t i = 0; i < in.shape.size(); ++i)
    if (i != *axis) (i < *axis ? outer : inner) *= in.shape[i];
  Datum result{in.shape, {}, in.dtype, in.is_sparse};
  result.shape[*axis] = end - begin;
  for (std::int64_t block = 0; block < outer; ++block) {
    const auto start = in.data.begin() + (block * size + begin) * inner;
    result.data.insert(result.data.end(), start, start + (end - begin) * inner);
  }
  return result;
}

DatumResult full(const FunctionCall& call) {
  std::vector<std::int64_t> shape;
  double count = 1;
  for (const double size : call.arguments[0].data) {
    if (size < 0 || size != std::floor(size))
      return no_value(fmt::format("{} is not a size", size));
    count *= size;
    if (size > 1e9 || count > 1e9) return no_value("the result is too large");
    shape.push_back(static_cast<std::int64_t>(size));
  }
  const Datum& value = call.arguments[1];
  return Datum{shape, std::vector<double>(static_cast<std::size_t>(count), value.data.at(0)),
               value.dtype};
}

DatumResult scale(const FunctionCall& call) {
  const Datum& tensor = call.arguments[0];
  Datum factors = call.arguments[1];
  const auto axis = resolve_axis(*call.named("axis"), tensor.shape.size());
  if (!axis) return no_value(axis.error());
  const std::int64_t size = tensor.shape[*axis];
  if (!factors.is_scalar()) {
    if (factors.shape != std::vector<std::int64_t>{size})
      return no_value(fmt::format("an axis of size {} cannot be scaled by [{}] factors", size,
                                  fmt::join(factors.shape, ",")));
    factors.shape.resize(tensor.shape.size() - *axis, 1);
  }
  DatumResult result = combine(tensor, factors, [](double a, double b) { return a * b; });
  if (result) result->is_sparse = tensor.is_sparse;
  return result;
}

DatumResult select(const FunctionCall& call) {
  const auto& [condition, yes, no] =
      std::tie(call.arguments[0], call.arguments[1], call.arguments[2]);
  // Not by arithmetic: 0 * infinity is no zero.
  DatumResult chosen = combine(yes, no, [](double a, double) { return a; });
  DatumResult other = combine(no, yes, [](double a, double) { return a; });
  if (!chosen) return chosen;
  DatumResult mask = combine(condition, *chosen, [](double a, double) { return a; });
  if (!mask) return mask;
  if (mask->shape != chosen->shape) return no_value("a condition is larger than what it selects");
  for (std::size_t i = 0; i < chosen->data.size(); ++i)
    if (mask->data[i] == 0) chosen->data[i] = other->data[i];
  return chosen;
}

DatumResult range(const FunctionCall& call) {
  constexpr double kMost = 1 << 20;
  const double count = call.arguments[0].data.at(0);
  if (!(count >= 0 && count <= kMost)) return no_value(fmt::format("there is no list of {} numbers", count));
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  return Datum::of_list(numbers);
}

DatumResult gather(const FunctionCall& call) {
  const std::vector<double>& items = call.arguments[0].data;
  Datum result = call.arguments[1];
  for (double& element : result.data) {
    const auto index = resolve_axis(to_int(element), items.size());
    if (!index) return no_value(fmt::format("a list of {} has no element {}", items.size(), element));
    element = items[*index];
  }
  result.dtype = call.arguments[0].dtype;
  return result;
}

// Where each of 0, 1, ... stands in the permutation.
DatumResult inverse(const FunctionCall& call) {
  Datum result = call.arguments[0];
  const std::vector<double> order = result.data;
  std::vector<bool> seen(order.size(), false);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto index = resolve_axis(to_int(order[i]), order.size());
    if (!index || seen[*index])
      return no_value(fmt::format("[{}] is no permutation", fmt::join(order, ",")));
    seen[*index] = true;
    result.data[*index] = static_cast<double>(i);
  }
  return result;
}

DatumResult rank(const FunctionCall& call) {
  const Type& type = call.value(0)->type();
  if (!type.is_ranked)
    return no_value(fmt::format("the rank of %{} is not known", call.value(0)->name()));
  return Datum::of(static_cast<double>(type.rank()));
}

tl::expected<std::int64_t, std::string> fixed_size(const Value& value, std::size_t axis) {
  const Dim dim = value.type().dims[axis];
  if (dim.is_fixed()) return dim.size();
  return no_value(fmt::format("the size of %{} along axis {} is not known", value.name(), axis));
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
  const auto axis =
      resolve_axis(to_int(call.arguments[1].data.at(0)), call.value(0)->type().rank());
  if (!axis) return no_value(axis.error());
  const auto found = fixed_size(*call.value(0), *axis);
  if (!found) return no_value(found.error());
  return Datum::of(static_cast<double>(*found));
}

DatumResult output_axis(const FunctionCall& call) {
  const Node& node =
      *call.bindings.nodes[static_cast<std::size_t>(call.expression.children[0].symbol.node)];
  const auto axes = weight_axes(node);
  if (!axes) return no_value(fmt::format("{} has no weight", node.op().name));
  return Datum::of(axes->output_axis);
}

bool has_same_shape(const Type& a, const Type& b) {
  return a.is_ranked && b.is_ranked && a.dims == b.dims &&
         std::none_of(a.dims.begin(), a.dims.end(), [](Dim dim) { return dim.is_unknown(); });
}

DatumResult same_shape(const FunctionCall& call) {
  return Datum::of(has_same_shape(call.value(0)->type(), call.value(1)->type()) ? 1 : 0);
}
DatumResult same_type(const FunctionCall& call) {
  const Type& a = call.value(0)->type();
  const Type& b = call.value(1)->type();
  return Datum::of(a.dtype != DType::unknown && a.dtype == b.dtype && has_same_shape(a, b) ? 1 : 0);
}
DatumResult is_output(const FunctionCall& call) {
  return Datum::of(call.value(0)->is_output() ? 1 : 0);
}
DatumResult is_constant(const FunctionCall& call) {
  return Datum::of(call.value(0)->is_constant() ? 1 : 0);
}
DatumResult is_present(const FunctionCall& call) { return Datum::of(call.value(0) ? 1 : 0); }

double round_even(double x) { return std::nearbyint(x); }

constexpr std::array kFunctions = {
    ExpressionFunction{"abs", "t", 'e', "", map_elements<std::fabs>, "magnitude of each element"},
    ExpressionFunction{"all", "c", 'c', "", all, "whether every element is true"},
    ExpressionFunction{"any", "c", 'c', "", any, "whether an element is true"},
    ExpressionFunction{"ceil", "t", 'e', "", map_elements<std::ceil>, "next integer above"},
    ExpressionFunction{"concat", "tt*", 't', "axis", concat, "tensors joined along an axis"},
    ExpressionFunction{"exp", "t", 'e', "", map_elements<std::exp>, "e to each element"},
    ExpressionFunction{"floor", "t", 'e', "", map_elements<std::floor>, "next integer below"},
    ExpressionFunction{"full", "ln", 't', "", full, "a tensor of those sizes with one value"},
    ExpressionFunction{"gather", "ll", 'l', "", gather, "the elements of a list at those places"},
    ExpressionFunction{"inverse", "l", 'l', "", inverse, "the permutation that undoes another"},
    ExpressionFunction{"is_constant", "v", 'c', "", is_constant, "whether a value is constant"},
    ExpressionFunction{"is_output", "v", 'c', "", is_output, "whether a value leaves the graph"},
    ExpressionFunction{"is_present", "v", 'c', "", is_present,
                       "whether an optional operand is given"},
    ExpressionFunction{"log", "t", 'e', "", map_elements<std::log>, "natural logarithm"},
    ExpressionFunction{"max", "tt?", 'r', "axis?", max, "largest element, or the larger of two"},
    ExpressionFunction{"mean", "t", 'r', "axis?", mean, "mean of the elements"},
    ExpressionFunction{"min", "tt?", 'r', "axis?", min, "smallest element, or the smaller of two"},
    ExpressionFunction{"output_axis", "m", 'n', "", output_axis,
                       "the axis of a node's weight that runs along its output channels"},
    ExpressionFunction{"product", "t", 'r', "axis?", product, "product of the elements"},
    ExpressionFunction{"range", "n", 'l', "", range, "the list 0, 1, ... of so many numbers"},
    ExpressionFunction{"rank", "v", 'n', "", rank, "number of axes"},
    ExpressionFunction{"reshape", "tl", 't', "", reshape,
                       "the same elements with other sizes; one may be -1"},
    ExpressionFunction{"round", "t", 'e', "", map_elements<round_even>,
                       "nearest integer, half to even"},
    ExpressionFunction{"same_shape", "vv", 'c', "", same_shape,
                       "whether two values surely have equal sizes"},
    ExpressionFunction{"same_type", "vv", 'c', "", same_type,
                       "whether element type and sizes are equal"},
    ExpressionFunction{"scale", "tt", 't', "axis", scale,
                       "a tensor times one factor for each index of an axis"},
    ExpressionFunction{"select", "ctt", 'e', "", select,
                       "the second where the first is true, else the third"},
    ExpressionFunction{"shape", "v", 'l', "", shape, "all sizes"},
    ExpressionFunction{"size", "vn?", 'n', "", size,
                       "the size along an axis, or the number of elements"},
    ExpressionFunction{"slice", "t", 't', "axis begin? end?", slice, "a part along an axis"},
    ExpressionFunction{"sqrt", "t", 'e', "", map_elements<std::sqrt>, "square root"},
    ExpressionFunction{"sum", "t", 'r', "axis?", sum, "sum of the elements"},
    ExpressionFunction{"transpose", "tl?", 't', "", transpose, "axes reordered, or reversed"},
};

}  // namespace

std::span<const ExpressionFunction> expression_functions() { return kFunctions; }

const ExpressionFunction* find_expression_function(std::string_view name) {
  const auto found = std::lower_bound(
      kFunctions.begin(), kFunctions.end(), name,
      [](const ExpressionFunction& function, std::string_view key) { return function.name < key; });
  return found != kFunctions.end() && found->name == name ? &*found : nullptr;
}

const Value* FunctionCall::value(std::size_t index) const {
  return bindings.values[expression.children[index].symbol.index];
}

std::optional<std::int64_t> FunctionCall::named(std::string_view name) const {
  for (const auto& [key, number] : numbers)
    if (key == name) return number;
  return std::nullopt;
}

}  // namespace rcc

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "passes/rules/tensor_functions.h"

namespace rcc::functions {

namespace {

// One factor for each index of an axis, brought to a shape that broadcasts along it.
tl::expected<Datum, std::string> along_axis(const Datum& tensor, Datum factors, std::int64_t named) {
  const auto axis = resolve_axis(named, tensor.shape.size());
  if (!axis) return no_value(axis.error());
  const std::int64_t size = tensor.shape[*axis];
  if (factors.is_scalar()) return factors;
  if (factors.shape != std::vector<std::int64_t>{size})
    return no_value(fmt::format("an axis of size {} cannot be scaled by [{}] factors", size,
                                fmt::join(factors.shape, ",")));
  factors.shape.resize(tensor.shape.size() - *axis, 1);
  return factors;
}

double multiply(double a, double b) { return a * b; }

// Scale and zero point of `quantize` and `dequantize`, so that they broadcast over the tensor.
struct Quantization {
  Datum scale;
  Datum zero;
};
tl::expected<Quantization, std::string> quantization(const FunctionCall& call) {
  const auto axis = call.named("axis");
  const auto fit = [&](const Datum& factors) -> DatumResult {
    return axis ? along_axis(call.arguments[0], factors, *axis) : DatumResult(factors);
  };
  DatumResult scale = fit(call.arguments[1]);
  if (!scale) return no_value(std::move(scale).error());
  DatumResult zero = fit(call.arguments.size() > 2 ? call.arguments[2] : Datum::of(0));
  if (!zero) return no_value(std::move(zero).error());
  return Quantization{std::move(*scale), std::move(*zero)};
}

// Rounds as a tensor of that type would: integers half to even, saturated.
Datum rounded(Datum datum, DType dtype) {
  datum.data = Tensor::from_doubles(dtype, datum.shape, datum.data).to_doubles();
  datum.dtype = dtype;
  return datum;
}

// Element `a` goes before `b`: the larger first, NaN before all, then the earlier one.
struct ByValue {
  const std::vector<double>& data;
  bool operator()(std::size_t a, std::size_t b) const {
    const bool is_nan_a = std::isnan(data[a]);
    const bool is_nan_b = std::isnan(data[b]);
    if (is_nan_a != is_nan_b) return is_nan_a;
    if (!is_nan_a && data[a] != data[b]) return data[a] > data[b];
    return a < b;
  }
};

// Groups of `length` elements along an axis.
struct Groups {
  Slices slices;
  std::size_t length = 1;
};

tl::expected<Groups, std::string> groups_of(const Datum& tensor, std::optional<std::int64_t> named,
                                            std::optional<std::int64_t> length) {
  Groups groups{{1, tensor.data.size(), 1}, tensor.data.size()};
  if (named) {
    const auto axis = resolve_axis(*named, tensor.shape.size());
    if (!axis) return no_value(axis.error());
    groups.slices = slices_along(tensor, *axis);
    groups.length = groups.slices.along;
  }
  if (!length) return groups;
  if (*length < 1 || groups.slices.along % static_cast<std::size_t>(*length) != 0)
    return no_value(fmt::format("{} elements are not made of groups of {}", groups.slices.along,
                                *length));
  groups.length = static_cast<std::size_t>(*length);
  return groups;
}

// Calls visit(indices) for each group, the indices in order.
template <typename Visit>
void for_each_group(const Groups& groups, Visit visit) {
  const auto& [outer, along, inner] = groups.slices;
  std::vector<std::size_t> indices(groups.length);
  for (std::size_t block = 0; block < outer; ++block)
    for (std::size_t first = 0; first < along; first += groups.length)
      for (std::size_t lane = 0; lane < inner; ++lane) {
        for (std::size_t i = 0; i < groups.length; ++i)
          indices[i] = (block * along + first + i) * inner + lane;
        visit(indices);
      }
}

// Moves the `count` elements that go first to the front of `indices`. A group is small, or one
// selection in linear time; nothing is sorted.
void choose(std::vector<std::size_t>& indices, std::size_t count, const std::vector<double>& data) {
  if (count == 0 || count >= indices.size()) return;
  std::nth_element(indices.begin(), indices.begin() + static_cast<long>(count) - 1, indices.end(),
                   ByValue{data});
}

// n of each m elements.
struct PatternOfZeros {
  Groups groups;
  std::int64_t kept = 0;
};

tl::expected<PatternOfZeros, std::string> groups_n_m(const FunctionCall& call) {
  const auto n = to_whole(call.arguments[1].data.at(0));
  const auto m = to_whole(call.arguments[2].data.at(0));
  if (!n) return no_value(n.error());
  if (!m) return no_value(m.error());
  if (*n < 0 || *m < 1 || *n > *m)
    return no_value(fmt::format("{} of {} is no pattern of zeros", *n, *m));
  auto groups = groups_of(call.arguments[0], call.named("axis"), *m);
  if (!groups) return no_value(groups.error());
  return PatternOfZeros{*groups, *n};
}

std::vector<double> magnitudes(const Datum& tensor) {
  std::vector<double> result(tensor.data.size());
  std::transform(tensor.data.begin(), tensor.data.end(), result.begin(),
                 [](double value) { return std::fabs(value); });
  return result;
}

}  // namespace

DatumResult scale(const FunctionCall& call) {
  const Datum& tensor = call.arguments[0];
  const auto factors = along_axis(tensor, call.arguments[1], *call.named("axis"));
  if (!factors) return factors;
  DatumResult result = combine(tensor, *factors, multiply);
  if (result) result->is_sparse = tensor.is_sparse;
  return result;
}

DatumResult select(const FunctionCall& call) {
  const auto& [condition, yes, no] =
      std::tie(call.arguments[0], call.arguments[1], call.arguments[2]);
  const auto first = [](double a, double) { return a; };
  const DatumResult whole = combine(yes, no, first);
  if (!whole) return whole;
  // Each at the sizes of the result; not by arithmetic: 0 * infinity is no zero.
  const DatumResult mask = combine(condition, *whole, first);
  if (!mask) return mask;
  DatumResult chosen = combine(yes, *mask, first);
  const DatumResult other = combine(no, *mask, first);
  if (!chosen || !other) return !chosen ? chosen : other;
  chosen->dtype = whole->dtype;
  for (std::size_t i = 0; i < chosen->data.size(); ++i)
    if (mask->data[i] == 0) chosen->data[i] = other->data[i];
  return chosen;
}

DatumResult pow(const FunctionCall& call) {
  return combine(call.arguments[0], call.arguments[1],
                 [](double a, double b) { return std::pow(a, b); });
}

DatumResult cast(const FunctionCall& call) {
  Datum result = rounded(call.arguments[0], call.expression.children[1].dtype);
  result.is_sparse = call.arguments[0].is_sparse;
  return result;
}

// The sum is made before it is rounded to the type, as QuantizeLinear does.
DatumResult quantize(const FunctionCall& call) {
  const auto by = quantization(call);
  if (!by) return no_value(by.error());
  DatumResult result = combine(call.arguments[0], by->scale,
                               [](double a, double b) { return std::nearbyint(a / b); });
  if (result) result = combine(*result, by->zero, [](double a, double b) { return a + b; });
  if (!result) return result;
  return rounded(std::move(*result), by->zero.dtype == DType::unknown ? DType::u8 : by->zero.dtype);
}

DatumResult dequantize(const FunctionCall& call) {
  const auto by = quantization(call);
  if (!by) return no_value(by.error());
  DatumResult result =
      combine(call.arguments[0], by->zero, [](double a, double b) { return a - b; });
  if (result) result = combine(*result, by->scale, multiply);
  if (result) result->dtype = by->scale.dtype;
  return result;
}

DatumResult top_k_mask(const FunctionCall& call) {
  const Datum& tensor = call.arguments[0];
  const auto groups = groups_of(tensor, call.named("axis"), call.named("group"));
  if (!groups) return no_value(groups.error());
  const auto k = to_whole(call.arguments[1].data.at(0));
  if (!k) return no_value(k.error());
  if (*k < 0) return no_value(fmt::format("there are no {} largest elements", *k));
  const std::size_t count = std::min(static_cast<std::size_t>(*k), groups->length);
  Datum mask{tensor.shape, std::vector<double>(tensor.data.size(), 0)};
  for_each_group(*groups, [&](std::vector<std::size_t>& indices) {
    choose(indices, count, tensor.data);
    for (std::size_t i = 0; i < count; ++i) mask.data[indices[i]] = 1;
  });
  return mask;
}

DatumResult mask_n_m(const FunctionCall& call) {
  const auto pattern = groups_n_m(call);
  if (!pattern) return no_value(pattern.error());
  Datum result = call.arguments[0];
  const auto kept = static_cast<std::size_t>(pattern->kept);
  const std::vector<double> weight = magnitudes(result);
  for_each_group(pattern->groups, [&](std::vector<std::size_t>& indices) {
    choose(indices, kept, weight);
    for (std::size_t i = kept; i < indices.size(); ++i) result.data[indices[i]] = 0;
  });
  return result;
}

DatumResult is_n_m(const FunctionCall& call) {
  const auto pattern = groups_n_m(call);
  if (!pattern) return no_value(pattern.error());
  const Datum& tensor = call.arguments[0];
  bool holds = true;
  for_each_group(pattern->groups, [&](const std::vector<std::size_t>& indices) {
    holds = holds && std::count_if(indices.begin(), indices.end(), [&](std::size_t i) {
                       return tensor.data[i] != 0;
                     }) <= pattern->kept;
  });
  return Datum::of(holds ? 1 : 0);
}

}  // namespace rcc::functions

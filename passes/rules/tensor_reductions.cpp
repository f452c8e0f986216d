#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "passes/rules/tensor_functions.h"

namespace rcc::functions {

namespace {

// Folds all elements, or those along `axis`, with `fold` from `start`; `finish` sees their number.
template <typename Fold, typename Finish>
DatumResult reduce(const FunctionCall& call, double start, Fold fold, Finish finish) {
  const Datum& in = call.arguments[0];
  Slices slices{1, in.data.size(), 1};
  Datum result{{}, {}, in.dtype};
  if (const auto named = call.named("axis")) {
    const auto axis = resolve_axis(*named, in.shape.size());
    if (!axis) return no_value(axis.error());
    result.shape = in.shape;
    result.shape.erase(result.shape.begin() + static_cast<long>(*axis));
    slices = slices_along(in, *axis);
  }
  for (std::size_t block = 0; block < slices.outer; ++block) {
    for (std::size_t lane = 0; lane < slices.inner; ++lane) {
      double value = start;
      for (std::size_t i = 0; i < slices.along; ++i)
        value = fold(value, in.data[(block * slices.along + i) * slices.inner + lane]);
      result.data.push_back(finish(value, static_cast<double>(slices.along)));
    }
  }
  return result;
}

double unchanged(double value, double) { return value; }
double add(double a, double b) { return a + b; }
// NaN wins, so that a condition on the extremum of broken numbers does not hold.
double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }
double smaller(double a, double b) { return std::isnan(a) || a < b ? a : b; }

DatumResult extremum(const FunctionCall& call, double start, double (*choose)(double, double)) {
  if (call.arguments.size() == 2) return combine(call.arguments[0], call.arguments[1], choose);
  return reduce(call, start, choose, unchanged);
}

}  // namespace

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

DatumResult max(const FunctionCall& call) {
  return extremum(call, -std::numeric_limits<double>::infinity(), larger);
}
DatumResult min(const FunctionCall& call) {
  return extremum(call, std::numeric_limits<double>::infinity(), smaller);
}

}  // namespace rcc::functions

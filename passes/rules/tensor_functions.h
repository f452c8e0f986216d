#pragma once

#include <cmath>

#include "passes/rules/tensor_expression.h"

// The functions that expressions of rules may call; FunctionTable documents them. A function that
// has no value says why.
namespace rcc::functions {

inline tl::unexpected<std::string> no_value(std::string reason) {
  return tl::unexpected<std::string>(std::move(reason));
}

// The axis counted from the front, or the reason why there is none.
tl::expected<std::size_t, std::string> resolve_axis(std::int64_t axis, std::size_t rank);
// Likewise, of a number that was computed.
tl::expected<std::size_t, std::string> resolve_axis(double axis, std::size_t rank);

// Where the elements along one axis lie: element (block, i, lane) at (block * along + i) * inner +
// lane. Without an axis all elements are one row.
struct Slices {
  std::size_t outer = 1;
  std::size_t along = 1;
  std::size_t inner = 1;
};
Slices slices_along(const Datum& tensor, std::size_t axis);

template <double (*function)(double)>
DatumResult map_elements(const FunctionCall& call) {
  Datum result = call.arguments[0];
  for (double& element : result.data) element = function(element);
  result.is_sparse = result.is_sparse && function(0) == 0;
  return result;
}

// Reductions (tensor_reductions.cpp).
DatumResult all(const FunctionCall& call);
DatumResult any(const FunctionCall& call);
DatumResult max(const FunctionCall& call);
DatumResult mean(const FunctionCall& call);
DatumResult min(const FunctionCall& call);
DatumResult product(const FunctionCall& call);
DatumResult sum(const FunctionCall& call);

// Sizes and places of elements (tensor_shapes.cpp).
DatumResult concat(const FunctionCall& call);
DatumResult full(const FunctionCall& call);
DatumResult gather(const FunctionCall& call);
DatumResult inverse(const FunctionCall& call);
DatumResult range(const FunctionCall& call);
DatumResult reshape(const FunctionCall& call);
DatumResult slice(const FunctionCall& call);
DatumResult transpose(const FunctionCall& call);

// Element types, factors and masks (tensor_masks.cpp).
DatumResult cast(const FunctionCall& call);
DatumResult dequantize(const FunctionCall& call);
DatumResult is_n_m(const FunctionCall& call);
DatumResult mask_n_m(const FunctionCall& call);
DatumResult pow(const FunctionCall& call);
DatumResult quantize(const FunctionCall& call);
DatumResult scale(const FunctionCall& call);
DatumResult select(const FunctionCall& call);
DatumResult top_k_mask(const FunctionCall& call);

// What is known of values and nodes of the graph (site_functions.cpp).
DatumResult has_range(const FunctionCall& call);
DatumResult input_axis(const FunctionCall& call);
DatumResult is_constant(const FunctionCall& call);
DatumResult is_output(const FunctionCall& call);
DatumResult is_present(const FunctionCall& call);
DatumResult is_sparse(const FunctionCall& call);
DatumResult output_axis(const FunctionCall& call);
DatumResult range_high(const FunctionCall& call);
DatumResult range_low(const FunctionCall& call);
DatumResult rank(const FunctionCall& call);
DatumResult reader_count(const FunctionCall& call);
DatumResult same_shape(const FunctionCall& call);
DatumResult same_type(const FunctionCall& call);
DatumResult selected(const FunctionCall& call);
DatumResult shape(const FunctionCall& call);
DatumResult size(const FunctionCall& call);

}  // namespace rcc::functions

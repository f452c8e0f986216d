#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "passes/rules/tensor_functions.h"

namespace rcc {

namespace {

double round_even(double x) { return std::nearbyint(x); }
double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

constexpr std::array kFunctions = {
    ExpressionFunction{"abs", "t", 'e', "", functions::map_elements<std::fabs>, "magnitude of each element"},
    ExpressionFunction{"all", "c", 'c', "", functions::all, "whether every element is true"},
    ExpressionFunction{"any", "c", 'c', "", functions::any, "whether an element is true"},
    ExpressionFunction{"cast", "td", 's', "", functions::cast,
                       "rounded to an element type: integers half to even, saturated"},
    ExpressionFunction{"ceil", "t", 'e', "", functions::map_elements<std::ceil>, "next integer above"},
    ExpressionFunction{"concat", "tt*", 't', "axis", functions::concat, "tensors joined along an axis"},
    ExpressionFunction{"dequantize", "ttt?", 's', "axis?", functions::dequantize,
                       "(t - zero_point) * scale, as the operator computes it"},
    ExpressionFunction{"exp", "t", 'e', "", functions::map_elements<std::exp>, "e to each element"},
    ExpressionFunction{"floor", "t", 'e', "", functions::map_elements<std::floor>, "next integer below"},
    ExpressionFunction{"full", "ln", 't', "", functions::full, "a tensor of those sizes with one value"},
    ExpressionFunction{"gather", "ll", 'l', "", functions::gather,
                       "the elements of a list at those places"},
    ExpressionFunction{"has_range", "v", 'c', "", functions::has_range,
                       "whether calibrate has seen the value"},
    ExpressionFunction{"input_axis", "m", 'n', "", functions::input_axis,
                       "the axis of a node's weight along which it sums"},
    ExpressionFunction{"inverse", "l", 'l', "", functions::inverse,
                       "the permutation that undoes another"},
    ExpressionFunction{"is_constant", "v", 'c', "", functions::is_constant, "whether a value is constant"},
    ExpressionFunction{"is_n_m", "tnn", 'c', "axis", functions::is_n_m,
                       "whether each m consecutive elements hold at most n that are not zero"},
    ExpressionFunction{"is_output", "v", 'c', "", functions::is_output, "whether a value leaves the graph"},
    ExpressionFunction{"is_present", "v", 'c', "", functions::is_present,
                       "whether an optional operand is given"},
    ExpressionFunction{"is_sparse", "v", 'c', "", functions::is_sparse,
                       "whether the zeros of a constant are there to stay"},
    ExpressionFunction{"log", "t", 'e', "", functions::map_elements<std::log>, "natural logarithm"},
    ExpressionFunction{"mask_n_m", "tnn", 's', "axis", functions::mask_n_m,
                       "of each m consecutive elements the n of largest magnitude, zeros else"},
    ExpressionFunction{"max", "tt?", 'r', "axis?", functions::max, "largest element, or the larger of two"},
    ExpressionFunction{"mean", "t", 'r', "axis?", functions::mean, "mean of the elements"},
    ExpressionFunction{"min", "tt?", 'r', "axis?", functions::min, "smallest element, or the smaller of two"},
    ExpressionFunction{"output_axis", "m", 'n', "", functions::output_axis,
                       "the axis of a node's weight that runs along its output channels"},
    ExpressionFunction{"pow", "tt", 'e', "", functions::pow, "the first to the power of the second"},
    ExpressionFunction{"product", "t", 'r', "axis?", functions::product, "product of the elements"},
    ExpressionFunction{"quantize", "ttt?", 's', "axis?", functions::quantize,
                       "round(t / scale) + zero_point in the type of zero_point, saturated"},
    ExpressionFunction{"range", "n", 'l', "", functions::range,
                       "the list 0, 1, ... of so many numbers"},
    ExpressionFunction{"range_high", "v", 'n', "", functions::range_high,
                       "the largest element that calibrate has seen"},
    ExpressionFunction{"range_low", "v", 'n', "", functions::range_low,
                       "the smallest element that calibrate has seen"},
    ExpressionFunction{"rank", "v", 'n', "", functions::rank, "number of axes"},
    ExpressionFunction{"reader_count", "v", 'n', "", functions::reader_count,
                       "how many operands and outputs of the graph are the value"},
    ExpressionFunction{"reshape", "tl", 't', "", functions::reshape,
                       "the same elements with other sizes; one may be -1"},
    ExpressionFunction{"round", "t", 'e', "", functions::map_elements<round_even>,
                       "nearest integer, half to even"},
    ExpressionFunction{"same_shape", "vv", 'c', "", functions::same_shape,
                       "whether two values surely have equal sizes"},
    ExpressionFunction{"same_type", "vv", 'c', "", functions::same_type,
                       "whether element type and sizes are equal"},
    ExpressionFunction{"scale", "tt", 's', "axis", functions::scale,
                       "a tensor times one factor for each index of an axis"},
    ExpressionFunction{"select", "ctt", 'e', "", functions::select,
                       "the second where the first is true, else the third"},
    ExpressionFunction{"selected", "m", 'c', "", functions::selected,
                       "whether the options `layers` and `exclude` choose the node"},
    ExpressionFunction{"shape", "v", 'l', "", functions::shape, "all sizes"},
    ExpressionFunction{"sign", "t", 'e', "", functions::map_elements<sign>,
                       "-1, 0 or 1 for each element"},
    ExpressionFunction{"size", "vn?", 'n', "", functions::size,
                       "the size along an axis, or the number of elements"},
    ExpressionFunction{"slice", "t", 't', "axis begin? end?", functions::slice, "a part along an axis"},
    ExpressionFunction{"sqrt", "t", 'e', "", functions::map_elements<std::sqrt>, "square root"},
    ExpressionFunction{"sum", "t", 'r', "axis?", functions::sum, "sum of the elements"},
    ExpressionFunction{"top_k_mask", "tn", 'b', "axis? group?", functions::top_k_mask,
                       "which elements are the k largest; the earlier one of equals"},
    ExpressionFunction{"transpose", "tl?", 't', "", functions::transpose, "axes reordered, or reversed"},
};

}  // namespace

FunctionTable::FunctionTable() : rows_(kFunctions.begin(), kFunctions.end()) {}

std::shared_ptr<const FunctionTable> FunctionTable::builtin() {
  static const std::shared_ptr<const FunctionTable> table(new FunctionTable());
  return table;
}

std::shared_ptr<FunctionTable> FunctionTable::extended_builtin() {
  return std::shared_ptr<FunctionTable>(new FunctionTable());
}

Result<void> FunctionTable::add(ExpressionFunction function) {
  const auto refuse = [&](std::string problem) {
    return fail(ErrorKind::usage, fmt::format("function `{}`: {}", function.name, problem));
  };
  const auto is_name_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  if (function.name.empty() || !std::all_of(function.name.begin(), function.name.end(), is_name_part))
    return refuse("a name is made of letters, digits and _");
  if (find(function.name) != nullptr) return refuse("there is one of this name");
  if (function.parameters.find_first_not_of("ntlcvmd?*") != std::string_view::npos)
    return refuse(fmt::format("`{}` are not the letters of parameters", function.parameters));
  const std::size_t mark = function.parameters.find_first_of("?*");
  if (mark == 0 || (mark != std::string_view::npos && mark + 1 != function.parameters.size()))
    return refuse("? and * come last, after the letter they are about");
  if (std::string_view("ntlcbesr").find(function.result) == std::string_view::npos)
    return refuse(fmt::format("`{}` is not the letter of a result", function.result));
  if (function.parameters.empty() && std::string_view("besr").find(function.result) != std::string_view::npos)
    return refuse("its result is of the kind of its first argument, and it has none");
  if (function.evaluate == nullptr) return refuse("it does nothing");
  rows_.push_back(function);
  return {};
}

const ExpressionFunction* FunctionTable::find(std::string_view name) const {
  for (const ExpressionFunction& row : rows_)
    if (row.name == name) return &row;
  return nullptr;
}

std::vector<std::string_view> FunctionTable::names() const {
  std::vector<std::string_view> names;
  for (const ExpressionFunction& row : rows_) names.push_back(row.name);
  std::sort(names.begin(), names.end());
  return names;
}

char ExpressionFunction::letter(std::size_t index) const {
  const std::size_t count = std::min(parameters.find_first_of("?*"), parameters.size());
  return parameters[std::min(index, count - 1)];
}

const Value* FunctionCall::value(std::size_t index) const {
  return bindings.values[expression.children[index].symbol.index];
}

const Node& FunctionCall::node(std::size_t index) const {
  return *bindings.nodes[static_cast<std::size_t>(expression.children[index].symbol.node)];
}

std::optional<std::int64_t> FunctionCall::named(std::string_view name) const {
  for (const auto& [key, number] : numbers)
    if (key == name) return number;
  return std::nullopt;
}

}  // namespace rcc

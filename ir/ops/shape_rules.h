#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ir/graph.h"
#include "ir/shape_inference.h"

// What shape functions share: arithmetic on dims, checks whose messages name the operand as its row
// does, and the contents of values that shapes depend on.

namespace rcc {

// "operand `W` f32[64,3,7,7]", for messages.
std::string operand_text(const Node& node, std::size_t index, const Graph& graph);

// Precondition: operand `index` is present.
const Type& operand_type(const Node& node, std::size_t index);

// The attribute `name` of a node that has been checked, counted from the front.
std::size_t axis_from_front(const Node& node, std::size_t rank, std::string_view name = attr::axis);

// `axis` counted from the front, after a check that it lies in [-rank, rank).
Result<std::size_t> checked_axis(std::int64_t axis, std::size_t rank,
                                 std::string_view what = "axis");
// The same for each of `axes`, which must be distinct; ascending.
Result<std::vector<std::size_t>> checked_axes(std::span<const std::int64_t> axes, std::size_t rank);

// Error unless operand `index` is unranked or has exactly that rank.
Result<void> require_rank(const Node& node, std::size_t index, std::size_t rank,
                          const Graph& graph);
// Error unless the operands' element types agree; absent operands and unknown types are skipped.
// Returns the type.
Result<DType> common_dtype(const Node& node, std::span<const std::size_t> operands,
                           const Graph& graph);
// All operands.
Result<DType> common_dtype(const Node& node, const Graph& graph);
// Error unless operand `index` has that element type, is absent or has an unknown one.
Result<void> require_dtype(const Node& node, std::size_t index, DType dtype, const Graph& graph);
// Error unless the operand is absent, unranked, or of rank 1 with a size compatible with `size`.
// `meaning` completes "one element for each ...".
Result<void> require_vector(const Node& node, std::size_t index, Dim size, std::string_view meaning,
                            const Graph& graph);
// Error unless the operand is absent, unranked or has one element.
Result<void> require_scalar(const Node& node, std::size_t index, const Graph& graph);

// Two numbers that differ.
bool conflict(Dim a, Dim b);
// A number before a symbol before unknown.
Dim more_precise(Dim a, Dim b);
// nullopt when the sizes cannot broadcast.
std::optional<Dim> broadcast(Dim a, Dim b);
std::optional<Shape> broadcast(const Shape& a, const Shape& b);
// Whether `from` can be repeated to `to` without making it larger.
bool broadcasts_to(const Shape& from, const Shape& to);
// Unknown when a factor is, unless all others are 1. Error on overflow.
Result<Dim> product(std::span<const Dim> dims);
Result<Dim> sum(std::span<const Dim> dims);

// One element of an integer value: a number, or a size that the number will be.
struct ShapeElement {
  std::optional<std::int64_t> number;
  Dim size;
};
// The contents of a scalar or vector of integers as far as they follow from constants and from the
// types of values (Shape, Gather, Concat, ... chains). nullopt when not even the length is known.
std::optional<std::vector<ShapeElement>> shape_elements(const Value& value);
// Error when a known element lies outside [-2^62, 2^62], so that sums of two do not overflow.
Result<void> require_small_numbers(const Ints& numbers, std::string_view what);

// At most this rank; more is a sign of a broken model.
inline constexpr std::size_t kMaxRank = 64;

}  // namespace rcc

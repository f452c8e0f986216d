#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "passes/validation/random_choices.h"

namespace rcc {

using Sizes = std::vector<std::int64_t>;

// The row of operand `index`; the last one stands for all further operands.
inline const OperandInfo& operand_row(const OpInfo& op, std::size_t index) {
  return op.operands[std::min(index, op.operands.size() - 1)];
}

// An operand of a node that is being made up.
struct OperandDraft {
  enum class Kind : std::uint8_t { absent, given, free };
  Kind kind = Kind::absent;
  // Of a given operand; its type is static.
  const Value* value = nullptr;

  // Asked of a free operand. `sizes` are by axis; unset: any.
  DType wanted_dtype = DType::unknown;
  bool wants_integer = false;
  bool wants_float = false;
  bool wants_constant = false;
  std::optional<std::size_t> wanted_rank;
  std::vector<std::optional<std::int64_t>> wanted_sizes;
  // Contents that the operand is to have; its type follows.
  std::optional<Tensor> wanted_contents;

  // Chosen for a free operand. Contents only where the operator reads them to find its shape.
  DType dtype = DType::unknown;
  bool has_shape = false;
  Sizes shape;
  std::optional<Tensor> contents;
};

// A node that is being made up: the operator is known, operands and attributes in part.
struct NodeDraft {
  const OpInfo* op = nullptr;
  std::vector<OperandDraft> operands;
  // Decided so far.
  std::vector<NamedAttribute> attributes;
  // Left to choice.
  std::vector<const AttributeInfo*> free_attributes;
  std::size_t result_count = 1;
};

// What the nodes of one graph have in common.
struct SampleStyle {
  DType dtype = DType::f32;
  std::size_t rank = 4;
  // Most axes have one of these, so that equal sizes meet.
  Sizes sizes;
  // All axes do: then an axis taken for another is not refused for its size.
  bool has_equal_sizes = false;
  // Numbers worth trying as attributes and elements, besides the usual ones.
  std::vector<double> numbers;
};

// Chooses what is left of a draft so that the operator's shape function is likely to accept it; the
// caller asks that function, and tries again.
class NodeSampler {
 public:
  NodeSampler(NodeDraft& draft, const SampleStyle& style, RandomChoices& random)
      : draft_(draft), style_(style), random_(random) {}
  void complete();

 private:
  // Shapes that depend on the operator's meaning (node_sampler.cpp).
  void choose_first();
  void choose_others();
  void choose_by_letters();
  void choose_partners();
  void choose_convolution();
  void choose_transposed_convolution();
  void choose_gemm();
  void choose_matmul();
  void choose_concat();
  void choose_per_axis();
  void choose_dtypes();
  DType dtype_for(std::size_t index) const;

  // Operands whose contents decide a shape (node_sampler_parameters.cpp).
  void choose_reshape();
  void choose_expand();
  void choose_slice();
  void choose_pad();
  void choose_gather();
  void choose_constant_of_shape();
  void choose_tile();
  // Lists with an element for each axis; false for an operand of another name.
  bool choose_by_name(std::size_t index, std::string_view name);
  void set_contents(std::size_t index, const Sizes& numbers);
  void set_contents(std::size_t index, Tensor contents);

  // Operands that name elements or count them (node_sampler_indexing.cpp).
  void choose_top_k();
  void choose_one_hot();
  void choose_compress();
  void choose_element_indices();
  void choose_index_tuples();
  void choose_running_axis();
  void choose_sequence_lengths();
  void choose_equal_operands();
  void choose_range();

  // Attributes, by their name (node_sampler_attributes.cpp).
  void choose_attributes();
  AttributeValue choose_attribute(const AttributeInfo& info);
  AttributeValue choose_integer(const AttributeInfo& info);
  AttributeValue choose_real(const AttributeInfo& info);
  AttributeValue choose_string(const AttributeInfo& info);
  AttributeValue choose_ints(const AttributeInfo& info);
  std::int64_t most_above(const AttributeInfo& info);
  Ints choose_axes();
  Ints choose_permutation();
  Ints choose_split();
  std::int64_t choose_group();

  bool is_free(std::size_t index) const;
  bool has(std::size_t index) const;
  // Chosen, or of the given value. Empty for an absent operand.
  Sizes shape_of(std::size_t index) const;
  std::size_t rank_of(std::size_t index) const { return shape_of(index).size(); }
  // The size that is asked of an axis, or `otherwise`.
  std::int64_t wanted(std::size_t index, std::size_t axis, std::int64_t otherwise) const;
  std::int64_t size();
  Sizes random_shape(std::size_t index, std::size_t least_rank);
  // A shape that broadcasts with `reference`, mostly no larger.
  Sizes partner(std::size_t index, const Sizes& reference);
  void set_shape(std::size_t index, Sizes shape);
  const AttributeValue& attribute(std::string_view name) const;
  std::int64_t int_attribute(std::string_view name) const;
  // An axis attribute counted from the front, within `rank`.
  std::size_t axis_attribute(std::size_t rank) const;

  NodeDraft& draft_;
  const SampleStyle& style_;
  RandomChoices& random_;
  bool has_wide_strides_ = false;
};

}  // namespace rcc

#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ir/attribute.h"
#include "ir/support/result.h"
#include "ir/type.h"

namespace rcc {

class Graph;
class Node;
class Value;

// One enumerator per row of op.def, then `opaque`. Rows added to an OpTable at run time have kinds
// from `first_added` upwards and are known by name only.
enum class OpKind : std::uint16_t {
#define RCC_OP(kind, ...) kind,
#include "ir/op.def"
#undef RCC_OP
  opaque,
  first_added,
};

enum class Arity : std::uint8_t { required, optional, variadic };

// What an operand is for. `weight`, `bias` and `statistic` are usually constants.
enum class Role : std::uint8_t { data, weight, bias, statistic, parameter };

struct OperandInfo {
  std::string_view name = {};
  Arity arity = Arity::required;
  Role role = Role::data;
  // A mask that removes channels of the result sets the linked slices of this constant to zero
  // (a bias, gamma and beta of a BatchNorm, the constant of an Add).
  bool cleared_by_mask = false;
};

struct ResultInfo {
  std::string_view name = {};
  Arity arity = Arity::required;
};

struct AttributeInfo {
  std::string_view name = {};
  AttributeType type = AttributeType::integer;
  // The value that absence means. monostate: none; then `is_required` decides.
  AttributeValue default_value = {};
  bool is_required = false;
  // A list whose elements all have this value is the same as the default (strides 1, pads 0), so that
  // the default does not depend on a rank.
  std::optional<std::int64_t> uniform_default = std::nullopt;
  // A string that spells a DType ("" for none); model files may store a number.
  bool is_dtype = false;
};

// Whether setting `value` is the same as leaving the attribute out.
bool is_default(const AttributeInfo& attribute, const AttributeValue& value);

// How the result behaves when every operand slice of a channel is zero.
enum class ZeroBehaviour : std::uint8_t {
  unknown,    // nothing is known: a barrier for channel removal unless the axis ends here
  preserves,  // f(0) = 0
  absorbs,    // one zero operand is enough (Mul)
  depends,    // decided per node by OpInfo::preserves_zero
};

// One axis of an operand or a result of a node.
struct AxisRef {
  enum class Side : std::uint8_t { operand, result } side = Side::operand;
  std::uint16_t index = 0;
  std::uint16_t axis = 0;
  bool operator==(const AxisRef&) const = default;
};

// Elements of two axes that exist or disappear together. Element i of `from` belongs with the
// elements  offset + (i % modulo) * repeat + [0, repeat)  of `to` (modulo 0: no wrap-around).
//   same axis:             the defaults
//   Flatten of C x (H*W):  repeat = H*W
//   Concat:                offset = channels before this operand
//   grouped convolution:   modulo = channels per group
struct AxisLink {
  AxisRef from;
  AxisRef to;
  std::int64_t repeat = 1;
  std::int64_t offset = 0;
  std::int64_t modulo = 0;
};

// Result types from operand types and attributes. Also the place for semantic checks: rank, sizes that
// must agree, attribute ranges. Errors are about the user's model; the caller adds the node.
using InferFunction = Result<std::vector<Type>> (*)(const Node& node, const Graph& graph);
// Results from operands; a missing optional operand is null. Float accumulation in float64.
using InterpretFunction = Result<std::vector<Tensor>> (*)(const Node& node,
                                                          std::span<const Tensor* const> operands);
// Appends links; axes of operands and results that no link names are fixed by this node.
using LinkFunction = void (*)(const Node& node, std::vector<AxisLink>& links);
// Multiply-accumulates of one execution at the recorded types (batch symbols count as 1).
using MacsFunction = std::uint64_t (*)(const Node& node);
using PreservesZeroFunction = bool (*)(const Node& node);
// Brings attributes and shape constants in line after linked axes shrank (group, split sizes, the
// constant of a Reshape). Called before shape inference, when the recorded types of the operands and
// of the results already have the new sizes.
using ResizeFunction = Result<void> (*)(Node& node, Graph& graph);

// A row of the operator table. ONNX semantics at the newest opset the table knows.
struct OpInfo {
  OpKind kind = OpKind::opaque;
  std::string_view name = {};
  // ONNX operator type and domain; empty name: an operator of rcc's own that no file contains.
  std::string_view onnx_name = {};
  std::string_view onnx_domain = {};
  std::vector<OperandInfo> operands = {};
  std::vector<ResultInfo> results = {};
  std::vector<AttributeInfo> attributes = {};

  bool is_elementwise = false;
  bool is_commutative = false;
  // Contracts a data operand with a weight operand: what pruning, quantization and MACs are about.
  bool is_contraction = false;
  // Moves, selects or compares values without arithmetic, so quantization parameters pass through.
  bool keeps_scale = false;
  ZeroBehaviour zero = ZeroBehaviour::unknown;

  // Which axes belong together, in letters: operands separated by ';', "->", results. Axes are
  // separated by spaces; the same letter is the same axis; '.' is the remaining axes, not linked;
  // '*' is the remaining axes, linked one to one with other '*'. Example, a convolution of one group:
  // "n c . ; o c . ; o -> n o .".
  // "broadcast": all operands against the result, aligned at the last axis; operand axes of size 1
  // are not linked. Empty: `link` is used; if that is null too, nothing is linked.
  std::string_view axes = {};

  InferFunction infer = nullptr;
  InterpretFunction interpret = nullptr;
  LinkFunction link = nullptr;
  MacsFunction macs = nullptr;
  PreservesZeroFunction preserves_zero = nullptr;
  ResizeFunction resize = nullptr;
  // One sentence for the generated operator page.
  std::string_view doc = {};

  bool is_opaque() const { return kind == OpKind::opaque; }
  const AttributeInfo* find_attribute(std::string_view attribute) const;
  // Index of the operand with that role, or -1.
  int operand_with_role(Role role) const;
  // At least this many operands must be present, at most that many (-1: variadic).
  int min_operands() const;
  int max_operands() const;
};

// The operators a graph may contain. Rows have stable addresses. Opaque operators have rows of their
// own, which belong to a graph (Graph::opaque_op).
class OpTable {
 public:
  // The rows of op.def.
  static std::shared_ptr<const OpTable> builtin();
  // A copy that can be extended, for tests and extensions.
  static std::shared_ptr<OpTable> extended_builtin();

  // Precondition: the name is new. The row gets the next kind.
  const OpInfo& add(OpInfo row);
  // Precondition: not OpKind::opaque.
  const OpInfo& operator[](OpKind kind) const {
    const auto index = static_cast<std::size_t>(kind);
    return rows_[kind > OpKind::opaque ? index - 1 : index];
  }
  // Null when unknown. "ai.onnx" and "" are one domain.
  const OpInfo* find(std::string_view name) const;
  const OpInfo* find_onnx(std::string_view domain, std::string_view onnx_name) const;
  const std::deque<OpInfo>& rows() const { return rows_; }

 private:
  std::deque<OpInfo> rows_;
  static std::string onnx_key(std::string_view domain, std::string_view onnx_name);

  std::unordered_map<std::string_view, const OpInfo*> by_name_;
  std::unordered_map<std::string, const OpInfo*> by_onnx_name_;
};

// The links of `node` by its row: the `axes` text or the `link` function.
std::vector<AxisLink> axis_links(const Node& node);
// Result of the row's zero behaviour for this node.
bool preserves_zero(const Node& node);
// Axis of `node`'s weight operand that runs along output channels, from the links; nullopt when the
// node has no weight operand or no axis of it is linked to the result.
struct WeightAxes {
  int operand = 1;
  int output_axis = 0;
};
std::optional<WeightAxes> weight_axes(const Node& node);

}  // namespace rcc

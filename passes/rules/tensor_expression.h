#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "ir/graph.h"
#include "passes/rules/rule_lexer.h"

namespace rcc {

// What an expression of a rule is known to be before the rule runs.
struct ExpressionType {
  enum class Kind : std::uint8_t {
    unknown,  // after an error, so that it is reported once
    number,
    truth,
    tensor,
    truths,  // a truth for each element
    list,    // integers or reals: an attribute, a shape
    text,
    none,   // the absent operand
    value,  // a value of the graph that is not constant
  };
  static constexpr std::int64_t kUnknownSize = -1;

  Kind kind = Kind::unknown;
  // Of a tensor, where known.
  std::optional<std::size_t> rank = std::nullopt;
  // Size along each axis when the rank is known and a size is; else empty.
  std::vector<std::int64_t> sizes = {};
  // Of a tensor, where known.
  DType dtype = DType::unknown;
  // The optional operand that may be absent; `or` gives it a default.
  bool is_optional = false;

  bool is_array() const { return kind == Kind::tensor || kind == Kind::list; }
};
std::string_view name_of(ExpressionType::Kind kind);

// What a name in a rule stands for; `index` counts within its kind.
struct Symbol {
  // made: a result of a NodeDefinition.
  enum class Kind : std::uint8_t { unresolved, value, attribute, dim, let, option, made };
  Kind kind = Kind::unresolved;
  std::uint32_t index = 0;
  // The pattern whose result a value is, or -1.
  int node = -1;
  // Of a made node.
  std::uint32_t result = 0;
};

struct Expression;
struct ExpressionFunction;

// One entry of the braces after an operator in a replacement: `name = value` or `..node`.
struct BuildAttribute {
  std::string name;
  TextRange range;
  // Empty for `..node`.
  std::vector<Expression> value;
};

// An operator of a replacement, as the checker resolved it.
struct BuildTarget {
  // Null: the operator of the matched node `like`.
  const OpInfo* op = nullptr;
  int like = -1;
  // Matched node whose attributes are copied, or -1.
  int attributes_of = -1;
  // Operand index of each argument.
  std::vector<int> operands;
};

// A node of the syntax tree of an expression; the checker fills symbol, type and build.
struct Expression {
  enum class Kind : std::uint8_t {
    number,
    text,
    truth,
    none,
    list,
    name,
    member,
    unary,
    binary,
    call,
    // children[0][children[1]]
    index,
  };
  Kind kind = Kind::none;
  TextRange range;
  // Name, called function, operator sign, member, or the value of a text.
  std::string text;
  // Of the argument that names an element type.
  DType dtype = DType::unknown;
  double number = 0;
  // Of a whole number as written; float64 does not hold them all.
  std::optional<std::int64_t> integer = std::nullopt;
  // Elements, operands or arguments.
  std::vector<Expression> children;
  // Names of arguments given by name, beside `children`; empty: by position.
  std::vector<std::string> argument_names;
  bool has_braces = false;
  std::vector<BuildAttribute> attributes;

  Symbol symbol;
  ExpressionType type;
  const ExpressionFunction* function = nullptr;
  // A call that makes a node of the graph, not a number.
  bool is_build = false;
  BuildTarget build;
};

// A number, a tensor or a text at run time. Everything is computed in float64.
struct Datum {
  std::vector<std::int64_t> shape;
  std::vector<double> data;
  // What to round to; unknown for plain numbers, which take the type of what they meet.
  DType dtype = DType::unknown;
  // Exact zeros of the source constants are still exact zeros.
  bool is_sparse = false;
  std::optional<std::string> text = std::nullopt;

  static Datum of(double value) { return {{}, {value}}; }
  static Datum of_list(const std::vector<std::int64_t>& values);
  bool is_scalar() const { return shape.empty(); }
};

// The layers that `selected(y)` holds for, by name or glob as in every pass.
struct LayerSelection {
  // Empty: all.
  std::vector<std::string> layers;
  std::vector<std::string> exclude;
  bool contains(const Node& node) const;
};

// What the names of a rule stand for at one site.
struct Bindings {
  // By pattern; the root is last.
  std::vector<Node*> nodes;
  std::vector<Value*> values;
  std::vector<AttributeValue> attributes;
  std::vector<Dim> dims;
  // A dim is bound when it was seen once.
  std::vector<bool> is_dim_bound;
  std::vector<Datum> lets;
  const std::vector<Datum>* options = nullptr;
  // Null: every layer.
  const LayerSelection* selection = nullptr;
};

// Value of a checked expression, or the reason why it has none at this site: sizes that do not fit,
// a constant without contents.
using DatumResult = tl::expected<Datum, std::string>;
DatumResult evaluate(const Expression& expression, const Bindings& bindings);

// Whether an operand that may be absent is, or each side of `(b or c)`.
bool is_absent(const Expression& expression, const Bindings& bindings);

// A call at run time: its arguments by position, evaluated unless the parameter is a reference.
struct FunctionCall {
  const Expression& expression;
  const Bindings& bindings;
  std::vector<Datum> arguments;
  // The value that argument `index` names; null when it is absent.
  const Value* value(std::size_t index) const;
  // The matched node that argument `index` names.
  const Node& node(std::size_t index) const;
  // The whole number given by name.
  std::optional<std::int64_t> named(std::string_view name) const;

  std::vector<std::pair<std::string_view, std::int64_t>> numbers = {};
};

// A function that expressions may call.
struct ExpressionFunction {
  std::string_view name;
  // One letter for each parameter: n number, t number, list or tensor, l list, c truth or truths,
  // v value of the graph, m matched node, d element type. The last may be followed by ? (may be
  // left out) or * (any number of them, also none).
  std::string_view parameters;
  // n number, t tensor, l list, c truth, b truth for each element; e: a number when all arguments
  // are, else a tensor; s: a tensor of the sizes of the first argument; r: a tensor when `axis` is
  // given, else a number.
  char result = 'n';
  // Numbers given by name, separated by a space; required unless followed by ?.
  std::string_view named;
  DatumResult (*evaluate)(const FunctionCall& call) = nullptr;
  std::string_view help;

  // The letter of the argument at that place.
  char letter(std::size_t index) const;
};

// The functions that rules know by name. Rows have stable addresses and outlive rules that were
// loaded with the table; their texts are literals.
class FunctionTable {
 public:
  static std::shared_ptr<const FunctionTable> builtin();
  // A copy that can be extended: constraints and functions that a module brings along.
  static std::shared_ptr<FunctionTable> extended_builtin();

  // Error when the name is taken or no name, or when the signature uses a letter that does not
  // exist.
  Result<void> add(ExpressionFunction function);
  // Null when unknown.
  const ExpressionFunction* find(std::string_view name) const;
  // Sorted.
  std::vector<std::string_view> names() const;

 private:
  FunctionTable();
  std::deque<ExpressionFunction> rows_;
};

// The wider of two element types; plain numbers take the other's.
DType meet(DType a, DType b);

// What broadcasting and `full` may make, which cannot be seen from the sizes of constants.
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 28;

// Applies `op` to elements that meet by broadcasting; the reason when sizes do not fit, or when the
// result is larger than both and than kMaxElements.
DatumResult combine(const Datum& a, const Datum& b, double (*op)(double, double));

// The integer nearest to `value` within int64; 0 for NaN.
std::int64_t to_int(double value);
// The integer that `value` is, for an axis, a place or a count; the reason when it is none.
tl::expected<std::int64_t, std::string> to_whole(double value);

// Rounds once from float64. `fallback` is the type of plain numbers.
Tensor to_tensor(const Datum& datum, DType fallback);

// The value of a tensor as a datum; the reason when its contents are not known.
DatumResult to_datum(const Tensor& tensor);

// Elements of `tensor` times factors[i], i the index along `axis`: one pass over f32 without a
// float64 copy. nullopt when the type or the sizes ask for the general way.
std::optional<Tensor> scale_directly(const Tensor& tensor, const Datum& factors, std::int64_t axis);

}  // namespace rcc

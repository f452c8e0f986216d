#include "passes/rules/tensor_expression.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "passes/glob.h"

namespace rcc {

namespace {

tl::unexpected<std::string> no_value(std::string reason) {
  return tl::unexpected<std::string>(std::move(reason));
}

std::optional<std::vector<std::int64_t>> broadcast(const std::vector<std::int64_t>& a,
                                                   const std::vector<std::int64_t>& b) {
  std::vector<std::int64_t> result(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) return std::nullopt;
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

// How far an operand moves for a step along each axis of the result; 0 where it is repeated.
std::vector<std::int64_t> broadcast_strides(const std::vector<std::int64_t>& shape,
                                            std::size_t rank) {
  std::vector<std::int64_t> strides(rank, 0);
  std::int64_t step = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::int64_t size = shape[shape.size() - 1 - i];
    if (size != 1) strides[rank - 1 - i] = step;
    step *= size;
  }
  return strides;
}

double modulo(double a, double b) { return a - b * std::floor(a / b); }
double floor_divide(double a, double b) { return std::floor(a / b); }

using Operation = double (*)(double, double);

Operation operation(std::string_view sign) {
  if (sign == "+") return [](double a, double b) { return a + b; };
  if (sign == "-") return [](double a, double b) { return a - b; };
  if (sign == "*") return [](double a, double b) { return a * b; };
  if (sign == "/") return [](double a, double b) { return a / b; };
  if (sign == "//") return floor_divide;
  if (sign == "%") return modulo;
  if (sign == "==") return [](double a, double b) { return a == b ? 1.0 : 0.0; };
  if (sign == "!=") return [](double a, double b) { return a != b ? 1.0 : 0.0; };
  if (sign == "<") return [](double a, double b) { return a < b ? 1.0 : 0.0; };
  if (sign == "<=") return [](double a, double b) { return a <= b ? 1.0 : 0.0; };
  if (sign == ">") return [](double a, double b) { return a > b ? 1.0 : 0.0; };
  if (sign == ">=") return [](double a, double b) { return a >= b ? 1.0 : 0.0; };
  RCC_CHECK(false, "operator {}", sign);
}

bool is_equality(const Expression& expression) {
  return expression.text == "==" || expression.text == "!=";
}

Datum truth(bool value) { return Datum::of(value ? 1 : 0); }

// Texts and lists are equal as a whole.
std::optional<Datum> compare_whole(const Expression& expression, const Datum& a, const Datum& b) {
  if (!is_equality(expression)) return std::nullopt;
  const bool is_negated = expression.text == "!=";
  if (a.text || b.text) return truth((a.text == b.text) != is_negated);
  const bool is_list = expression.children[0].type.kind == ExpressionType::Kind::list &&
                       expression.children[1].type.kind == ExpressionType::Kind::list;
  if (!is_list) return std::nullopt;
  return truth((a.shape == b.shape && a.data == b.data) != is_negated);
}

// Whether float64 tells the number from its neighbours; the largest stands for "all" and is known.
bool is_exact(std::int64_t number) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const auto value = static_cast<double>(number);
  return value < 9223372036854775808.0 ? static_cast<std::int64_t>(value) == number
                                       : number == kMost;
}

tl::unexpected<std::string> too_precise(std::string_view what) {
  return no_value(fmt::format("{} holds whole numbers that float64 does not", what));
}

DatumResult attribute_datum(const AttributeValue& value, std::string_view name) {
  switch (type_of(value)) {
    case AttributeType::integer: {
      const std::int64_t number = std::get<std::int64_t>(value);
      if (!is_exact(number)) return too_precise(fmt::format("attribute {}", name));
      return Datum::of(static_cast<double>(number));
    }
    case AttributeType::real:
      return Datum::of(std::get<float>(value));
    case AttributeType::ints: {
      const Ints& list = std::get<Ints>(value);
      if (!std::all_of(list.begin(), list.end(), is_exact))
        return too_precise(fmt::format("attribute {}", name));
      return Datum::of_list(list);
    }
    case AttributeType::reals: {
      const auto& list = std::get<Floats>(value);
      return Datum{{static_cast<std::int64_t>(list.size())}, {list.begin(), list.end()}};
    }
    case AttributeType::tensor:
      return to_datum(std::get<Tensor>(value));
    case AttributeType::string: {
      Datum text;
      text.text = std::get<std::string>(value);
      return text;
    }
    case AttributeType::none:
    case AttributeType::strings:
    case AttributeType::raw:
      break;
  }
  return no_value(fmt::format("attribute {} has no value to compute with", name));
}

DatumResult evaluate_name(const Expression& expression, const Bindings& bindings) {
  const Symbol symbol = expression.symbol;
  switch (symbol.kind) {
    case Symbol::Kind::value: {
      const Value* value = bindings.values[symbol.index];
      if (value == nullptr) return no_value(fmt::format("{} is absent", expression.text));
      if (!value->is_constant()) return no_value(fmt::format("%{} is not constant", value->name()));
      if (value->tensor().is_elided())
        return no_value(fmt::format("the contents of @{} are not known", value->name()));
      DatumResult datum = to_datum(value->tensor());
      if (!datum) return no_value(fmt::format("@{}: {}", value->name(), datum.error()));
      datum->is_sparse = value->is_sparse();
      return datum;
    }
    case Symbol::Kind::attribute:
      return attribute_datum(bindings.attributes[symbol.index], expression.text);
    case Symbol::Kind::dim: {
      const Dim dim = bindings.dims[symbol.index];
      if (!bindings.is_dim_bound[symbol.index] || !dim.is_fixed())
        return no_value(fmt::format("the size {} is not known", expression.text));
      return Datum::of(static_cast<double>(dim.size()));
    }
    case Symbol::Kind::let:
      return bindings.lets[symbol.index];
    case Symbol::Kind::option:
      return (*bindings.options)[symbol.index];
    case Symbol::Kind::made:
    case Symbol::Kind::unresolved:
      break;
  }
  RCC_CHECK(false, "unresolved name {}", expression.text);
}

DatumResult evaluate_list(const Expression& expression, const Bindings& bindings) {
  Datum list{{static_cast<std::int64_t>(expression.children.size())}, {}};
  for (const Expression& child : expression.children) {
    DatumResult item = evaluate(child, bindings);
    if (!item) return item;
    list.data.push_back(item->data.at(0));
  }
  return list;
}

DatumResult evaluate_unary(const Expression& expression, const Bindings& bindings) {
  DatumResult operand = evaluate(expression.children[0], bindings);
  if (!operand) return operand;
  const bool is_not = expression.text == "not";
  for (double& element : operand->data) element = is_not ? (element == 0 ? 1 : 0) : -element;
  if (is_not) operand->dtype = DType::unknown;
  return operand;
}

DatumResult evaluate_binary(const Expression& expression, const Bindings& bindings) {
  const Expression& left = expression.children[0];
  const bool is_or = expression.text == "or";
  if (is_or && left.type.is_optional)
    return evaluate(expression.children[is_absent(left, bindings) ? 1 : 0], bindings);
  DatumResult a = evaluate(left, bindings);
  if (!a) return a;
  // The second side of `and` and `or` is looked at only when it matters.
  if ((is_or && a->data[0] != 0) || (expression.text == "and" && a->data[0] == 0)) return a;
  DatumResult b = evaluate(expression.children[1], bindings);
  if (!b || is_or || expression.text == "and") return b;
  if (auto whole = compare_whole(expression, *a, *b)) return *whole;
  const bool is_whole_division = expression.text == "//" || expression.text == "%";
  if (is_whole_division && std::count(b->data.begin(), b->data.end(), 0.0) != 0)
    return no_value(fmt::format("`{}` divides by zero", expression.text));
  DatumResult result = combine(*a, *b, operation(expression.text));
  if (!result) return result;
  const bool is_arithmetic = std::string_view("+-*//%").find(expression.text) != std::string::npos;
  if (!is_arithmetic) result->dtype = DType::unknown;
  result->is_sparse = (expression.text == "*" && (a->is_sparse || b->is_sparse)) ||
                      (expression.text == "/" && a->is_sparse);
  return result;
}

DatumResult evaluate_index(const Expression& expression, const Bindings& bindings) {
  DatumResult list = evaluate(expression.children[0], bindings);
  DatumResult index = evaluate(expression.children[1], bindings);
  if (!list) return list;
  if (!index) return index;
  const auto count = static_cast<std::int64_t>(list->data.size());
  const auto wanted = to_whole(index->data.at(0));
  if (!wanted) return no_value(wanted.error());
  if (list->shape.size() != 1 || *wanted < -count || *wanted >= count)
    return no_value(
        fmt::format("there is no element {} among [{}]", *wanted, fmt::join(list->shape, ",")));
  const auto at = static_cast<std::size_t>(*wanted < 0 ? *wanted + count : *wanted);
  return Datum{{}, {list->data[at]}, list->dtype};
}

DatumResult evaluate_call(const Expression& expression, const Bindings& bindings) {
  FunctionCall call{expression, bindings, {}};
  for (std::size_t i = 0; i < expression.children.size(); ++i) {
    const Expression& child = expression.children[i];
    const bool is_named = !expression.argument_names[i].empty();
    const char letter = is_named ? 'n' : expression.function->letter(i);
    const bool is_reference = letter == 'v' || letter == 'm' || letter == 'd';
    DatumResult argument = is_reference ? DatumResult(Datum{}) : evaluate(child, bindings);
    if (!argument) return argument;
    if (!is_named) {
      call.arguments.push_back(std::move(*argument));
      continue;
    }
    const auto number = to_whole(argument->data.at(0));
    if (!number)
      return no_value(fmt::format("{}: {}", expression.argument_names[i], number.error()));
    call.numbers.emplace_back(expression.argument_names[i], *number);
  }
  return expression.function->evaluate(call);
}

}  // namespace

std::string_view name_of(ExpressionType::Kind kind) {
  switch (kind) {
    case ExpressionType::Kind::unknown:
      return "unknown";
    case ExpressionType::Kind::number:
      return "a number";
    case ExpressionType::Kind::truth:
      return "a truth";
    case ExpressionType::Kind::tensor:
      return "a tensor";
    case ExpressionType::Kind::truths:
      return "a truth for each element";
    case ExpressionType::Kind::list:
      return "a list";
    case ExpressionType::Kind::text:
      return "a text";
    case ExpressionType::Kind::none:
      return "`none`";
    case ExpressionType::Kind::value:
      return "a value that is not constant";
  }
  return "unknown";
}

bool is_absent(const Expression& expression, const Bindings& bindings) {
  if (expression.kind == Expression::Kind::binary && expression.type.is_optional)
    return is_absent(expression.children[0], bindings) &&
           is_absent(expression.children[1], bindings);
  return expression.symbol.kind == Symbol::Kind::value &&
         bindings.values[expression.symbol.index] == nullptr;
}

bool LayerSelection::contains(const Node& node) const {
  const auto names = [&](const std::string& glob) { return matches_glob(glob, node.label()); };
  return (layers.empty() || std::any_of(layers.begin(), layers.end(), names)) &&
         std::none_of(exclude.begin(), exclude.end(), names);
}

Datum Datum::of_list(const std::vector<std::int64_t>& values) {
  return {{static_cast<std::int64_t>(values.size())}, {values.begin(), values.end()}};
}

DType meet(DType a, DType b) {
  if (a == DType::unknown) return b;
  if (b == DType::unknown || a == b) return a;
  if (is_float(a) != is_float(b)) return is_float(a) ? a : b;
  if (dtype_bytes(a, 8) == dtype_bytes(b, 8)) return DType::f32;
  return dtype_bytes(a, 8) > dtype_bytes(b, 8) ? a : b;
}

DatumResult combine(const Datum& a, const Datum& b, double (*op)(double, double)) {
  auto shape = broadcast(a.shape, b.shape);
  if (!shape)
    return no_value(fmt::format("sizes [{}] and [{}] do not fit", fmt::join(a.shape, ","),
                                fmt::join(b.shape, ",")));
  const auto most =
      std::max(kMaxElements, static_cast<std::int64_t>(std::max(a.data.size(), b.data.size())));
  std::int64_t count = 1;
  for (const std::int64_t size : *shape) {
    if (size != 0 && count > most / size) return no_value("the result is too large");
    count *= size;
  }
  Datum result{std::move(*shape), {}, meet(a.dtype, b.dtype)};
  result.data.resize(static_cast<std::size_t>(count));
  const std::size_t rank = result.shape.size();
  const auto a_step = broadcast_strides(a.shape, rank);
  const auto b_step = broadcast_strides(b.shape, rank);
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t at_a = 0;
  std::int64_t at_b = 0;
  for (double& element : result.data) {
    element = op(a.data[static_cast<std::size_t>(at_a)], b.data[static_cast<std::size_t>(at_b)]);
    for (std::size_t axis = rank; axis-- > 0;) {
      at_a += a_step[axis];
      at_b += b_step[axis];
      if (++index[axis] < result.shape[axis]) break;
      at_a -= a_step[axis] * result.shape[axis];
      at_b -= b_step[axis] * result.shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

DatumResult to_datum(const Tensor& tensor) {
  if (tensor.is_elided()) return no_value("the contents of a constant are not known");
  if (!is_float(tensor.dtype()) && !is_integer(tensor.dtype()) && tensor.dtype() != DType::boolean)
    return no_value(fmt::format("a constant of {} is not a number", dtype_name(tensor.dtype())));
  Datum datum{tensor.shape(), tensor.to_doubles(), tensor.dtype()};
  const bool has_64_bits = tensor.dtype() == DType::i64 || tensor.dtype() == DType::u64;
  if (has_64_bits && !to_tensor(datum, tensor.dtype()).same_contents(tensor))
    return too_precise("a constant");
  return datum;
}

DatumResult evaluate(const Expression& expression, const Bindings& bindings) {
  switch (expression.kind) {
    case Expression::Kind::number:
    case Expression::Kind::truth:
      return Datum::of(expression.number);
    case Expression::Kind::text: {
      Datum text;
      text.text = expression.text;
      return text;
    }
    case Expression::Kind::list:
      return evaluate_list(expression, bindings);
    case Expression::Kind::name:
      return evaluate_name(expression, bindings);
    case Expression::Kind::member: {
      const int node = expression.children[0].symbol.node;
      return attribute_datum(
          bindings.nodes[static_cast<std::size_t>(node)]->attribute(expression.text),
          expression.text);
    }
    case Expression::Kind::unary:
      return evaluate_unary(expression, bindings);
    case Expression::Kind::binary:
      return evaluate_binary(expression, bindings);
    case Expression::Kind::call:
      return evaluate_call(expression, bindings);
    case Expression::Kind::index:
      return evaluate_index(expression, bindings);
    case Expression::Kind::none:
      break;
  }
  RCC_CHECK(false, "expression without a value");
}

std::int64_t to_int(double value) {
  constexpr double kLimit = 9.2e18;
  if (std::isnan(value)) return 0;
  return static_cast<std::int64_t>(std::nearbyint(std::clamp(value, -kLimit, kLimit)));
}

tl::expected<std::int64_t, std::string> to_whole(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  if (value != std::floor(value)) return no_value(fmt::format("{} is not a whole number", value));
  if (value < -kLimit || value >= kLimit)
    return no_value(fmt::format("{} does not fit in 64 bits", value));
  return static_cast<std::int64_t>(value);
}

Tensor to_tensor(const Datum& datum, DType fallback) {
  const DType dtype = datum.dtype == DType::unknown ? fallback : datum.dtype;
  return Tensor::from_doubles(dtype, datum.shape, datum.data);
}

std::optional<Tensor> scale_directly(const Tensor& tensor, const Datum& factors,
                                     std::int64_t axis) {
  const auto& shape = tensor.shape();
  const auto rank = static_cast<std::int64_t>(shape.size());
  if (axis < 0) axis += rank;
  if (tensor.dtype() != DType::f32 || tensor.is_elided() || axis < 0 || axis >= rank ||
      factors.shape.size() != 1 || factors.shape[0] != shape[static_cast<std::size_t>(axis)])
    return std::nullopt;
  std::int64_t outer = 1;
  std::int64_t inner = 1;
  for (std::int64_t i = 0; i < rank; ++i)
    (i < axis ? outer : inner) *= i == axis ? 1 : shape[static_cast<std::size_t>(i)];
  Tensor result = Tensor::allocate(DType::f32, shape);
  const auto from = tensor.elements<float>();
  const auto to = result.mutable_elements<float>();
  std::size_t at = 0;
  for (std::int64_t block = 0; block < outer; ++block) {
    for (const double factor : factors.data)
      for (std::int64_t i = 0; i < inner; ++i, ++at)
        to[at] = static_cast<float>(static_cast<double>(from[at]) * factor);
  }
  return result;
}

}  // namespace rcc

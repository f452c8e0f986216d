#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "passes/rules/rule_checker.h"

namespace rcc {

namespace {

using Kind = ExpressionType::Kind;
using Sizes = std::vector<std::int64_t>;
constexpr std::int64_t kUnknown = ExpressionType::kUnknownSize;

// nullopt: the rank is not known. A number has none, a list one axis.
std::optional<Sizes> sizes_of(const ExpressionType& type) {
  if (type.kind == Kind::number || type.kind == Kind::truth) return Sizes();
  if (!type.sizes.empty()) return type.sizes;
  if (type.kind == Kind::list) return Sizes{kUnknown};
  if (type.rank) return Sizes(*type.rank, kUnknown);
  return std::nullopt;
}

ExpressionType of_sizes(Kind kind, std::optional<Sizes> sizes) {
  ExpressionType type{kind};
  if (!sizes) return type;
  type.rank = sizes->size();
  const auto is_known = [](std::int64_t size) { return size != kUnknown; };
  if (std::any_of(sizes->begin(), sizes->end(), is_known)) type.sizes = std::move(*sizes);
  return type;
}

bool is_number(std::int64_t size) { return size >= 0; }

std::int64_t broadcast_size(std::int64_t a, std::int64_t b) {
  if (a == b || b == 1) return a;
  // A size that is not known may be 1, or what the other is.
  return a == 1 ? b : kUnknown;
}

std::optional<Sizes> broadcast(const ExpressionType& a, const ExpressionType& b) {
  const auto x = sizes_of(a);
  const auto y = sizes_of(b);
  if (!x || !y) return std::nullopt;
  Sizes result(std::max(x->size(), y->size()), 1);
  for (std::size_t i = 1; i <= result.size(); ++i)
    result[result.size() - i] = broadcast_size(i <= x->size() ? (*x)[x->size() - i] : 1,
                                               i <= y->size() ? (*y)[y->size() - i] : 1);
  return result;
}

std::optional<std::int64_t> literal_int(const Expression& expression) {
  return expression.kind == Expression::Kind::number ? expression.integer : std::nullopt;
}

// The argument given by name, when it is a number as written.
std::optional<std::int64_t> literal_argument(const Expression& call, std::string_view name) {
  for (std::size_t i = 0; i < call.children.size(); ++i)
    if (call.argument_names[i] == name) return literal_int(call.children[i]);
  return std::nullopt;
}

std::optional<std::size_t> literal_axis(const Expression& call, std::size_t rank) {
  const auto axis = literal_argument(call, "axis");
  if (!axis) return std::nullopt;
  const auto limit = static_cast<std::int64_t>(rank);
  if (*axis < -limit || *axis >= limit) return std::nullopt;
  return static_cast<std::size_t>(*axis < 0 ? *axis + limit : *axis);
}

// A size as the rule writes it, for `reshape` and `full`.
std::int64_t written_size(const Expression& item) {
  if (const auto number = literal_int(item)) return *number >= 0 ? *number : kUnknown;
  if (item.symbol.kind == Symbol::Kind::dim) return -2 - static_cast<std::int64_t>(item.symbol.index);
  return kUnknown;
}

std::optional<Sizes> written_sizes(const Expression& list) {
  if (list.kind != Expression::Kind::list) return std::nullopt;
  Sizes sizes;
  for (const Expression& item : list.children) sizes.push_back(written_size(item));
  return sizes;
}

std::optional<Sizes> transposed(const Expression& call, std::size_t positional) {
  auto sizes = sizes_of(call.children[0].type);
  if (!sizes) return std::nullopt;
  if (positional == 1) {
    std::reverse(sizes->begin(), sizes->end());
    return sizes;
  }
  const Expression& order = call.children[1];
  if (order.kind != Expression::Kind::list || order.children.size() != sizes->size())
    return Sizes(sizes->size(), kUnknown);
  Sizes result;
  for (const Expression& item : order.children) {
    const auto axis = literal_int(item);
    const bool is_good = axis && *axis >= 0 && *axis < static_cast<std::int64_t>(sizes->size());
    result.push_back(is_good ? (*sizes)[static_cast<std::size_t>(*axis)] : kUnknown);
  }
  return result;
}

std::optional<Sizes> joined(const Expression& call, std::size_t positional) {
  auto sizes = sizes_of(call.children[0].type);
  if (!sizes) return std::nullopt;
  const auto axis = literal_axis(call, sizes->size());
  if (!axis) return Sizes(sizes->size(), kUnknown);
  for (std::size_t i = 1; i < positional; ++i) {
    const auto other = sizes_of(call.children[i].type);
    std::int64_t& sum = (*sizes)[*axis];
    const bool is_known = other && other->size() == sizes->size() && is_number(sum) &&
                          is_number((*other)[*axis]);
    sum = is_known ? sum + (*other)[*axis] : kUnknown;
  }
  return sizes;
}

// Sizes of a tensor after `axis` is gone or, for `slice`, cut.
std::optional<Sizes> without_axis(const Expression& call) {
  auto sizes = sizes_of(call.children[0].type);
  if (!sizes || sizes->empty()) return std::nullopt;
  if (const auto axis = literal_axis(call, sizes->size()))
    sizes->erase(sizes->begin() + static_cast<long>(*axis));
  else
    return Sizes(sizes->size() - 1, kUnknown);
  return sizes;
}

std::optional<Sizes> sliced(const Expression& call) {
  auto sizes = sizes_of(call.children[0].type);
  if (!sizes) return std::nullopt;
  const auto axis = literal_axis(call, sizes->size());
  if (!axis) return Sizes(sizes->size(), kUnknown);
  const auto end = literal_argument(call, "end");
  const std::int64_t begin = literal_argument(call, "begin").value_or(0);
  (*sizes)[*axis] = end && *end >= begin ? *end - begin : kUnknown;
  return sizes;
}

}  // namespace

std::string RuleChecker::sizes_text(const std::vector<std::int64_t>& sizes) const {
  std::string text;
  for (const std::int64_t size : sizes) {
    text += text.empty() ? "[" : ",";
    text += is_number(size)    ? std::to_string(size)
            : size == kUnknown ? "?"
                               : rule_.dim_names[static_cast<std::size_t>(-2 - size)];
  }
  return text.empty() ? "[]" : text + "]";
}

ExpressionType RuleChecker::broadcast_type(Kind kind, const ExpressionType& a,
                                           const ExpressionType& b) const {
  return of_sizes(kind, broadcast(a, b));
}

void RuleChecker::check_broadcast(const Expression& whole, const ExpressionType& a,
                                  const ExpressionType& b) {
  const auto x = sizes_of(a);
  const auto y = sizes_of(b);
  if (!x || !y) return;
  for (std::size_t i = 1; i <= std::min(x->size(), y->size()); ++i) {
    const std::int64_t p = (*x)[x->size() - i];
    const std::int64_t q = (*y)[y->size() - i];
    if (!is_number(p) || !is_number(q) || p == q || p == 1 || q == 1) continue;
    errors_.add(whole.range,
                fmt::format("sizes {} and {} do not fit", sizes_text(*x), sizes_text(*y)),
                "sizes meet at the last axis; `reshape` makes room for others");
    return;
  }
}

void RuleChecker::check_scale(const Expression& call) {
  const auto sizes = sizes_of(call.children[0].type);
  const auto factors = sizes_of(call.children[1].type);
  if (!sizes || !factors || factors->empty()) return;
  if (factors->size() > 1) {
    errors_.add(call.children[1].range,
                fmt::format("factors of `scale` have one axis, not {}", factors->size()));
    return;
  }
  const auto axis = literal_axis(call, sizes->size());
  if (!axis || !is_number((*sizes)[*axis]) || !is_number(factors->front())) return;
  if ((*sizes)[*axis] != factors->front())
    errors_.add(call.children[1].range,
                fmt::format("an axis of size {} cannot be scaled by {} factors", (*sizes)[*axis],
                            factors->front()));
}

ExpressionType RuleChecker::call_type(const Expression& expression, std::size_t positional) {
  const auto& arguments = expression.children;
  const std::string_view name = expression.text;
  switch (expression.function->result) {
    case 'n':
      return {Kind::number};
    case 'c':
      return {Kind::truth};
    case 'l':
      return {Kind::list};
    case 'b':
      return of_sizes(Kind::truths, sizes_of(arguments[0].type));
    case 's': {
      if (name == "scale") check_scale(expression);
      ExpressionType type = of_sizes(Kind::tensor, sizes_of(arguments[0].type));
      if (name == "cast") type.dtype = arguments[1].dtype;
      if (name == "cast" && arguments[0].type.kind == Kind::number) type.kind = Kind::number;
      return type;
    }
    case 't':
      if (name == "reshape") return of_sizes(Kind::tensor, written_sizes(arguments[1]));
      if (name == "full") return of_sizes(Kind::tensor, written_sizes(arguments[0]));
      if (name == "transpose") return of_sizes(Kind::tensor, transposed(expression, positional));
      if (name == "concat") return of_sizes(Kind::tensor, joined(expression, positional));
      if (name == "slice") return of_sizes(Kind::tensor, sliced(expression));
      return {Kind::tensor};
    case 'r':
      if (positional == 1 && expression.argument_names.size() == 1) return {Kind::number};
      if (positional == 1) return of_sizes(Kind::tensor, without_axis(expression));
      if (arguments.size() > positional)
        errors_.add(expression.range, fmt::format("`{}` of two tensors has no `axis`", name));
      break;
    default:
      break;
  }
  ExpressionType type{Kind::number, 0};
  for (std::size_t i = 0; i < positional; ++i) {
    if (arguments[i].type.kind == Kind::number || arguments[i].type.kind == Kind::truth) continue;
    check_broadcast(expression, type, arguments[i].type);
    type = broadcast_type(Kind::tensor, type, arguments[i].type);
  }
  return type;
}

}  // namespace rcc

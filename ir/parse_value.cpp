#include "ir/parse_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "ir/support/number_text.h"

namespace rcc {

namespace {

constexpr std::size_t kMostRank = 64;
constexpr std::size_t kMostShown = 40;

std::string_view shortened(std::string_view text) {
  return text.size() <= kMostShown ? text : text.substr(0, kMostShown);
}

}  // namespace

// --- errors -----------------------------------------------------------------------------------

bool ParseErrors::report(const Token& token, std::string message, std::string help) {
  if (is_full()) return false;
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  diagnostic.span = lexer_.span(token);
  diagnostic.help = std::move(help);
  error_.diagnostics.push_back(std::move(diagnostic));
  if (is_full()) error_.diagnostics.back().notes.emplace_back("more problems are not shown");
  return false;
}

bool ParseErrors::report(const Token& token, Error error) {
  Diagnostic& first = error.diagnostics.front();
  report(token, std::move(first.message), std::move(first.help));
  return false;
}

bool ParseErrors::report_limit(const Token& token, std::string message) {
  error_.kind = ErrorKind::limit;
  return report(token, std::move(message));
}

bool ParseErrors::report_expected(std::string_view expected, std::string help) {
  const Token& token = lexer_.peek();
  if (token.kind == TokenKind::invalid) return report(token, std::string(lexer_.problem()));
  const std::string found = token.kind == TokenKind::end
                                ? "the end of the text"
                                : fmt::format("`{}`", shortened(token.text));
  return report(token, fmt::format("expected {}, found {}", expected, found), std::move(help));
}

Result<std::shared_ptr<const MappedFile>> WeightsFiles::open(const std::string& name) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 44;
  const auto found = files_.find(name);
  if (found != files_.end()) return found->second;
  const std::filesystem::path& base = base_.empty() ? std::filesystem::path(".") : base_;
  auto file = RCC_TRY(MappedFile::open_below(base, name, kMostBytes));
  files_.emplace(name, file);
  return file;
}

// --- tokens -----------------------------------------------------------------------------------

bool ValueParser::expect(std::string_view punctuation) {
  if (lexer_.take_if(punctuation)) return true;
  return errors_.report_expected(fmt::format("`{}`", punctuation));
}

std::optional<std::string> ValueParser::text_of(const Token& token) {
  const bool is_string = token.kind == TokenKind::string;
  const std::string_view body = is_string ? token.text : token.text.substr(1);
  Unquoted unquoted;
  if (body.starts_with('"'))
    unquoted = unquote(body);
  else
    unquoted.text = body;
  if (!unquoted.bad_escape.empty()) {
    errors_.report({TokenKind::invalid, token.line, unquoted.bad_escape},
                   fmt::format("unknown escape `{}`", unquoted.bad_escape),
                   R"(the escapes are \" \\ \n \r \t and \xNN)");
    return std::nullopt;
  }
  if (!is_string && unquoted.text.size() > kMostNameBytes) {
    errors_.report_limit(token, fmt::format("name of {} bytes; at most {} are allowed",
                                            unquoted.text.size(), kMostNameBytes));
    return std::nullopt;
  }
  return std::move(unquoted.text);
}

std::optional<std::string> ValueParser::string() {
  if (lexer_.peek().kind != TokenKind::string) {
    errors_.report_expected("a string");
    return std::nullopt;
  }
  return text_of(lexer_.take());
}

namespace {

bool has_integer_form(std::string_view number) {
  return std::none_of(number.begin(), number.end(),
                      [](char c) { return c == '.' || c == 'e' || c == 'E'; });
}

}  // namespace

std::optional<std::int64_t> ValueParser::integer() {
  const bool is_negative = lexer_.take_if("-");
  const Token& token = lexer_.peek();
  if (token.kind != TokenKind::number || !has_integer_form(token.text)) {
    errors_.report_expected("an integer");
    return std::nullopt;
  }
  const std::string negative = is_negative ? "-" + std::string(token.text) : std::string();
  const std::string_view text = is_negative ? std::string_view(negative) : token.text;
  const std::optional<std::int64_t> value = parse_int(text);
  if (!value) {
    errors_.report(token, fmt::format("{} does not fit 64 bits", shortened(text)));
    return std::nullopt;
  }
  lexer_.take();
  return value;
}

namespace {

// A number, inf or nan, with its sign, at the token ahead. The text is empty when there is none.
struct RealText {
  std::string text;
  Token token;
  bool is_integer = false;
};

RealText take_real(Lexer& lexer) {
  RealText real;
  const bool is_negative = lexer.take_if("-");
  real.token = lexer.peek();
  const bool is_number = real.token.kind == TokenKind::number;
  if (!is_number && !real.token.is("inf") && !real.token.is("nan")) return real;
  lexer.take();
  real.is_integer = is_number && has_integer_form(real.token.text);
  real.text = is_negative ? "-" : "";
  real.text += real.token.text;
  return real;
}

template <typename T>
std::optional<T> parse_real(std::string_view text) {
  if (text == "nan" || text == "-nan") return std::numeric_limits<T>::quiet_NaN();
  if constexpr (std::is_same_v<T, float>) return parse_float(text);
  return parse_double(text);
}

template <typename T>
std::optional<T> read_real(Lexer& lexer, ParseErrors& errors) {
  const RealText real = take_real(lexer);
  if (real.text.empty()) {
    errors.report_expected("a number");
    return std::nullopt;
  }
  const std::optional<T> value = parse_real<T>(real.text);
  if (!value)
    errors.report(real.token, fmt::format("{} is out of the range of {}", shortened(real.text),
                                          std::is_same_v<T, float> ? "f32" : "f64"));
  return value;
}

}  // namespace

std::optional<float> ValueParser::real() { return read_real<float>(lexer_, errors_); }
std::optional<double> ValueParser::wide_real() { return read_real<double>(lexer_, errors_); }

// --- types ------------------------------------------------------------------------------------

std::optional<Dim> ValueParser::dim(SymbolTable& symbols) {
  const Token token = lexer_.peek();
  if (token.kind == TokenKind::number) {
    const std::optional<std::int64_t> size = integer();
    return size ? std::optional<Dim>(*size) : std::nullopt;
  }
  if (token.kind == TokenKind::identifier) {
    lexer_.take();
    return symbols.intern(token.text);
  }
  if (token.kind == TokenKind::string) {
    const std::optional<std::string> name = string();
    return name ? std::optional<Dim>(symbols.intern(*name)) : std::nullopt;
  }
  if (lexer_.take_if("?")) return Dim::unknown();
  if (token.is("-"))
    errors_.report(token, "a size cannot be negative", "write ? for an unknown size");
  else
    errors_.report_expected("a size", "a size is a number, a symbol like N, or ?");
  return std::nullopt;
}

std::optional<Type> ValueParser::type(SymbolTable& symbols) {
  const Token token = lexer_.peek();
  Type type;
  if (lexer_.take_if("?")) {
    if (!lexer_.peek().is("[")) return type;
  } else {
    const std::optional<DType> dtype = parse_dtype(token.text);
    if (!dtype) {
      errors_.report_expected("a type", "a type looks like f32[N,3] or i64[]");
      return std::nullopt;
    }
    lexer_.take();
    type.dtype = *dtype;
  }
  if (!lexer_.take_if("[")) {
    errors_.report_expected("`[`", fmt::format("write {}[] for a scalar", token.text));
    return std::nullopt;
  }
  if (lexer_.take_if("*"))
    return expect("]") ? std::optional(Type::unranked(type.dtype)) : std::nullopt;
  type.is_ranked = true;
  type.dims.reserve(4);
  while (!lexer_.take_if("]")) {
    if (!type.dims.empty() && !lexer_.take_if(",")) {
      errors_.report_expected("`,` or `]`");
      return std::nullopt;
    }
    const Token at = lexer_.peek();
    const std::optional<Dim> size = dim(symbols);
    if (!size) return std::nullopt;
    type.dims.push_back(*size);
    if (type.rank() > kMostRank) {
      errors_.report_limit(at, fmt::format("more than {} dimensions", kMostRank));
      return std::nullopt;
    }
  }
  return type;
}

bool ValueParser::range(std::optional<Range>& range) {
  if (!lexer_.take_if("range")) return true;
  if (!expect("(")) return false;
  const std::optional<float> low = real();
  if (!low || !expect(",")) return false;
  const std::optional<float> high = real();
  if (!high || !expect(")")) return false;
  range = Range{*low, *high};
  return true;
}

// --- attributes -------------------------------------------------------------------------------

std::string_view attribute_type_name(AttributeType type) {
  switch (type) {
    case AttributeType::none:
      return "nothing";
    case AttributeType::integer:
      return "an integer";
    case AttributeType::real:
      return "a number";
    case AttributeType::string:
      return "a string";
    case AttributeType::ints:
      return "a list of integers";
    case AttributeType::reals:
      return "a list of numbers";
    case AttributeType::strings:
      return "a list of strings";
    case AttributeType::tensor:
      return "a tensor";
    case AttributeType::raw:
      return "raw bytes";
  }
  return "nothing";
}

std::optional<AttributeValue> ValueParser::number(AttributeType wanted) {
  const RealText real = take_real(lexer_);
  if (real.text.empty()) {
    errors_.report_expected("a number");
    return std::nullopt;
  }
  if (real.is_integer && wanted != AttributeType::real) {
    if (const auto value = parse_int(real.text)) return AttributeValue(*value);
    errors_.report(real.token, fmt::format("{} does not fit 64 bits", shortened(real.text)));
    return std::nullopt;
  }
  if (const auto value = parse_real<float>(real.text)) return AttributeValue(*value);
  errors_.report(real.token, fmt::format("{} is out of the range of f32", shortened(real.text)));
  return std::nullopt;
}

namespace {

template <typename T>
std::optional<AttributeValue> as_attribute(std::optional<std::vector<T>> values) {
  if (!values) return std::nullopt;
  return AttributeValue(std::move(*values));
}

}  // namespace

std::optional<AttributeValue> ValueParser::list(AttributeType wanted) {
  if (wanted == AttributeType::strings)
    return as_attribute(elements<std::string>([this] { return string(); }));
  if (wanted == AttributeType::ints)
    return as_attribute(elements<std::int64_t>([this] { return integer(); }));
  if (wanted == AttributeType::reals)
    return as_attribute(elements<float>([this] { return real(); }));
  // Not given away by the operator, so the first element decides.
  const Token open = lexer_.take();
  if (lexer_.peek().is(">")) {
    errors_.report(open, "the type of an empty list is not known here",
                   "write ints<>, floats<> or strings<>");
    return std::nullopt;
  }
  if (lexer_.peek().kind == TokenKind::string)
    return as_attribute(rest<std::string>({}, [this] { return string(); }));
  const std::optional<AttributeValue> first = number(AttributeType::none);
  if (!first) return std::nullopt;
  if (const float* value = std::get_if<float>(&*first))
    return as_attribute(rest<float>({*value}, [this] { return real(); }));
  return as_attribute(
      rest<std::int64_t>({std::get<std::int64_t>(*first)}, [this] { return integer(); }));
}

std::optional<AttributeValue> ValueParser::word(AttributeType wanted) {
  const Token token = lexer_.peek();
  if (token.is("inf") || token.is("nan")) return number(wanted);
  if (token.is("raw")) {
    std::optional<std::string> bytes = raw_bytes();
    if (!bytes) return std::nullopt;
    return AttributeValue(RawAttribute{std::move(*bytes)});
  }
  for (const auto& [name, type] :
       {std::pair("ints", AttributeType::ints), std::pair("floats", AttributeType::reals),
        std::pair("strings", AttributeType::strings)})
    if (lexer_.take_if(name)) return list(type);
  if (!parse_dtype(token.text)) {
    errors_.report_expected("an attribute value");
    return std::nullopt;
  }
  SymbolTable symbols;
  const std::optional<Type> tensor_type = type(symbols);
  if (!tensor_type) return std::nullopt;
  std::optional<Tensor> tensor = payload(*tensor_type, token);
  if (!tensor) return std::nullopt;
  return AttributeValue(std::move(*tensor));
}

std::optional<AttributeValue> ValueParser::attribute(AttributeType wanted) {
  const Token token = lexer_.peek();
  std::optional<AttributeValue> value;
  const bool is_list = token.is("<");
  const bool wants_list = wanted == AttributeType::ints || wanted == AttributeType::reals ||
                          wanted == AttributeType::strings;
  if (token.kind == TokenKind::identifier) {
    value = word(wanted);
  } else if (token.kind == TokenKind::string) {
    std::optional<std::string> text = string();
    if (text) value = AttributeValue(std::move(*text));
  } else if (token.kind == TokenKind::number || token.is("-")) {
    value = number(wanted);
  } else if (is_list && (wants_list || wanted == AttributeType::none)) {
    value = list(wanted);
  } else if (!is_list) {
    errors_.report_expected("an attribute value");
  }
  if (is_list && !wants_list && wanted != AttributeType::none) {
    errors_.report(token, fmt::format("expected {}, found a list", attribute_type_name(wanted)));
    return std::nullopt;
  }
  if (!value || wanted == AttributeType::none || type_of(*value) == wanted) return value;
  errors_.report(token, fmt::format("expected {}, found {}", attribute_type_name(wanted),
                                    attribute_type_name(type_of(*value))));
  return std::nullopt;
}

}  // namespace rcc

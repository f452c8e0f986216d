// Payloads of constants: literals, raw bytes, places in weights files.
#include <fmt/format.h>

#include <limits>

#include "ir/parse_value.h"
#include "ir/support/base64.h"
#include "ir/support/number_text.h"

namespace rcc {

namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

std::string plural(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

bool ValueParser::check_count(std::size_t found, const std::vector<std::int64_t>& shape,
                              DType dtype, const Token& at) {
  const std::int64_t wanted = *checked_element_count(shape);
  if (static_cast<std::int64_t>(found) == wanted) return true;
  const Type type(dtype, Shape(shape.begin(), shape.end()));
  return errors_.report(at, fmt::format("{} given for {}, which has {}",
                                        plural(static_cast<std::int64_t>(found), "element"),
                                        to_text(type, SymbolTable()), plural(wanted, "element")));
}

template <typename T>
std::optional<Tensor> ValueParser::real_literal(DType dtype, const std::vector<std::int64_t>& shape,
                                                const Token& at) {
  const auto values = elements<double>([this]() -> std::optional<double> {
    if constexpr (std::is_same_v<T, float>) {
      const std::optional<float> value = real();
      return value ? std::optional<double>(*value) : std::nullopt;
    } else {
      return wide_real();
    }
  });
  if (!values || !check_count(values->size(), shape, dtype, at)) return std::nullopt;
  return Tensor::from_doubles(dtype, shape, *values);
}

// Any integer from the lowest of i64 to the highest of u64, as its 64 bits.
std::optional<std::int64_t> ValueParser::element(DType dtype) {
  const Token token = lexer_.peek();
  if (dtype == DType::u64 && token.kind == TokenKind::number) {
    if (const std::optional<std::uint64_t> value = parse_uint(token.text)) {
      lexer_.take();
      return static_cast<std::int64_t>(*value);
    }
  }
  const std::optional<std::int64_t> value = integer();
  if (!value || dtype == DType::i64) return value;
  const auto bits = static_cast<int>(dtype_bytes(dtype, 2) * 4);
  const bool is_unsigned = dtype == DType::u4 || dtype == DType::u8 || dtype == DType::u16 ||
                           dtype == DType::u32 || dtype == DType::u64;
  const std::int64_t low = is_unsigned ? 0 : -(std::int64_t{1} << (bits - 1));
  const std::int64_t high = dtype == DType::u64
                                ? std::numeric_limits<std::int64_t>::max()
                                : (std::int64_t{1} << (is_unsigned ? bits : bits - 1)) - 1;
  if (*value >= low && *value <= high) return value;
  errors_.report(token, fmt::format("{} does not fit {}", *value, dtype_name(dtype)));
  return std::nullopt;
}

std::optional<Tensor> ValueParser::integer_literal(DType dtype,
                                                   const std::vector<std::int64_t>& shape,
                                                   const Token& at) {
  const auto values = elements<std::int64_t>([this, dtype] { return element(dtype); });
  if (!values || !check_count(values->size(), shape, dtype, at)) return std::nullopt;
  if (dtype == DType::i64) return Tensor::of(shape, *values);
  if (dtype == DType::u64)
    return Tensor::of(shape, std::vector<std::uint64_t>(values->begin(), values->end()));
  return Tensor::from_doubles(dtype, shape, std::vector<double>(values->begin(), values->end()));
}

std::optional<Tensor> ValueParser::literal(DType dtype, std::vector<std::int64_t> shape,
                                           const Token& at) {
  if (is_integer(dtype)) return integer_literal(dtype, shape, at);
  if (dtype == DType::f64) return real_literal<double>(dtype, shape, at);
  if (is_float(dtype)) return real_literal<float>(dtype, shape, at);
  if (dtype == DType::boolean) {
    const auto values = elements<std::uint8_t>([this]() -> std::optional<std::uint8_t> {
      if (lexer_.take_if("true")) return 1;
      if (lexer_.take_if("false")) return 0;
      errors_.report_expected("true or false");
      return std::nullopt;
    });
    if (!values || !check_count(values->size(), shape, dtype, at)) return std::nullopt;
    return Tensor::of(std::move(shape), std::vector<bool>(values->begin(), values->end()));
  }
  if (dtype == DType::string) {
    auto values = elements<std::string>([this] { return string(); });
    if (!values || !check_count(values->size(), shape, dtype, at)) return std::nullopt;
    return Tensor::of_strings(std::move(shape), std::move(*values));
  }
  errors_.report(at, fmt::format("{} has no literals", dtype_name(dtype)),
                 "write the bytes as raw\"base64\"");
  return std::nullopt;
}

std::optional<std::string> ValueParser::raw_bytes() {
  lexer_.take();
  const Token token = lexer_.peek();
  const std::optional<std::string> text = string();
  if (!text) return std::nullopt;
  std::optional<std::string> bytes = from_base64(*text);
  if (!bytes) errors_.report(token, "not base64");
  return bytes;
}

std::optional<Tensor> ValueParser::raw(DType dtype, std::vector<std::int64_t> shape) {
  const Token token = lexer_.peek();
  const std::optional<std::string> bytes = raw_bytes();
  if (!bytes) return std::nullopt;
  const auto count = static_cast<std::uint64_t>(*checked_element_count(shape));
  if (dtype == DType::string || bytes->size() != dtype_bytes(dtype, count)) {
    errors_.report(
        token, fmt::format("{} bytes given, {} needed", bytes->size(), dtype_bytes(dtype, count)));
    return std::nullopt;
  }
  Tensor tensor = Tensor::allocate(dtype, std::move(shape));
  const std::span<std::byte> to = tensor.mutable_bytes();
  std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(to.data()));
  return tensor;
}

std::optional<Tensor> ValueParser::file(DType dtype, std::vector<std::int64_t> shape) {
  lexer_.take();
  if (!expect("(")) return std::nullopt;
  const Token name_token = lexer_.peek();
  const std::optional<std::string> name = string();
  if (!name || !expect(",")) return std::nullopt;
  const Token offset_token = lexer_.peek();
  const std::optional<std::int64_t> offset = integer();
  if (!offset || !expect(")")) return std::nullopt;
  if (dtype == DType::string) {
    errors_.report(name_token, "strings are not kept in weights files");
    return std::nullopt;
  }
  Result<std::shared_ptr<const MappedFile>> opened = files_.open(*name);
  if (!opened) {
    errors_.report(name_token, std::move(opened).error());
    return std::nullopt;
  }
  const std::span<const std::byte> bytes = (*opened)->bytes();
  const std::uint64_t needed =
      dtype_bytes(dtype, static_cast<std::uint64_t>(*checked_element_count(shape)));
  const auto begin = static_cast<std::uint64_t>(*offset);
  if (*offset < 0 || begin > bytes.size() || needed > bytes.size() - begin) {
    errors_.report(offset_token, fmt::format("{} bytes at {} are not in the file of {} bytes",
                                             needed, *offset, bytes.size()));
    return std::nullopt;
  }
  return Tensor::mapped(dtype, std::move(shape), *opened, bytes.subspan(begin, needed));
}

std::optional<Tensor> ValueParser::payload(const Type& type, const Token& at) {
  if (!type.is_static() || type.dtype == DType::unknown) {
    errors_.report(at, "a constant needs an element type and sizes that are numbers");
    return std::nullopt;
  }
  const std::optional<std::int64_t> count = type.element_count();
  if (!count || *count > kMostElements) {
    errors_.report_limit(at, "more than 2^40 elements");
    return std::nullopt;
  }
  std::vector<std::int64_t> shape;
  for (const Dim dim : type.dims) shape.push_back(dim.size());
  const Token token = lexer_.peek();
  if (token.is("<")) return literal(type.dtype, std::move(shape), token);
  if (token.is("raw")) return raw(type.dtype, std::move(shape));
  if (token.is("file")) return file(type.dtype, std::move(shape));
  return Tensor::elided(type.dtype, std::move(shape));
}

}  // namespace rcc

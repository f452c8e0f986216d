#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/attribute.h"
#include "ir/graph.h"
#include "ir/lexer.h"

namespace rcc {

// What was found wrong in one text; at most kMost problems.
class ParseErrors {
 public:
  static constexpr std::size_t kMost = 20;

  explicit ParseErrors(const Lexer& lexer) : lexer_(lexer) {}

  // Returns false, so that `return errors.report(...)` leaves a parser function.
  bool report(const Token& token, std::string message, std::string help = {});
  // The same for a problem that `error` describes.
  bool report(const Token& token, Error error);
  bool report_limit(const Token& token, std::string message);
  // "expected ..., found `token`"; says what is wrong with the token itself if it is invalid.
  bool report_expected(std::string_view expected, std::string help = {});

  bool is_full() const { return error_.diagnostics.size() >= kMost; }
  std::vector<Diagnostic>& diagnostics() { return error_.diagnostics; }
  Error take() && { return std::move(error_); }

 private:
  const Lexer& lexer_;
  Error error_;
};

// Maps each weights file that a text names once.
class WeightsFiles {
 public:
  explicit WeightsFiles(std::filesystem::path base) : base_(std::move(base)) {}
  Result<std::shared_ptr<const MappedFile>> open(const std::string& name);

 private:
  std::filesystem::path base_;
  std::map<std::string, std::shared_ptr<const MappedFile>> files_;
};

// Reads types, tensors and attribute values. Each function reports what is wrong and returns false
// or nullopt then.
class ValueParser {
 public:
  static constexpr std::size_t kMostNameBytes = 4096;

  ValueParser(Lexer& lexer, ParseErrors& errors, std::filesystem::path base)
      : lexer_(lexer), errors_(errors), files_(std::move(base)) {}

  bool expect(std::string_view punctuation);
  // A string token's text.
  std::optional<std::string> string();
  // What `token`, a name or a string token, stands for.
  std::optional<std::string> text_of(const Token& token);
  std::optional<std::int64_t> integer();
  std::optional<Type> type(SymbolTable& symbols);
  // Nullopt inside when no range follows.
  bool range(std::optional<Range>& range);
  // What follows the type of a constant: a literal, raw bytes, a place in a weights file or
  // nothing.
  std::optional<Tensor> payload(const Type& type, const Token& at);
  // `wanted`: the type by the operator's row; none: any.
  std::optional<AttributeValue> attribute(AttributeType wanted);
  std::optional<std::string> raw_bytes();

 private:
  std::optional<Dim> dim(SymbolTable& symbols);
  std::optional<float> real();
  std::optional<double> wide_real();
  std::optional<std::int64_t> element(DType dtype);
  std::optional<AttributeValue> number(AttributeType wanted);
  std::optional<AttributeValue> list(AttributeType wanted);
  std::optional<AttributeValue> word(AttributeType wanted);
  // A list in <>, each element by `read`; the rest of one whose first elements are `values`.
  template <typename T, typename Read>
  std::optional<std::vector<T>> elements(const Read& read);
  template <typename T, typename Read>
  std::optional<std::vector<T>> rest(std::vector<T> values, const Read& read);
  std::optional<Tensor> literal(DType dtype, std::vector<std::int64_t> shape, const Token& at);
  std::optional<Tensor> raw(DType dtype, std::vector<std::int64_t> shape);
  std::optional<Tensor> file(DType dtype, std::vector<std::int64_t> shape);
  template <typename T>
  std::optional<Tensor> real_literal(DType dtype, const std::vector<std::int64_t>& shape,
                                     const Token& at);
  std::optional<Tensor> integer_literal(DType dtype, const std::vector<std::int64_t>& shape,
                                        const Token& at);
  bool check_count(std::size_t found, const std::vector<std::int64_t>& shape, DType dtype,
                   const Token& at);

  Lexer& lexer_;
  ParseErrors& errors_;
  WeightsFiles files_;
};

std::string_view attribute_type_name(AttributeType type);

template <typename T, typename Read>
std::optional<std::vector<T>> ValueParser::elements(const Read& read) {
  constexpr std::size_t kUsual = 4;
  if (!expect("<")) return std::nullopt;
  std::vector<T> values;
  values.reserve(kUsual);
  return rest<T>(std::move(values), read);
}

template <typename T, typename Read>
std::optional<std::vector<T>> ValueParser::rest(std::vector<T> values, const Read& read) {
  while (!lexer_.take_if(">")) {
    if (!values.empty() && !lexer_.take_if(",")) {
      errors_.report_expected("`,` or `>`");
      return std::nullopt;
    }
    std::optional<T> value = read();
    if (!value) return std::nullopt;
    values.push_back(std::move(*value));
  }
  return values;
}

}  // namespace rcc

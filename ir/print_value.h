#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "ir/attribute.h"
#include "ir/graph.h"
#include "ir/text.h"

namespace rcc {

// The payloads that go into a weights file, and where. Equal handles share their bytes.
class PayloadLayout {
 public:
  static constexpr std::uint64_t kAlignment = 64;

  // Where the payload begins. Precondition: neither elided nor strings.
  std::uint64_t place(const Tensor& tensor);
  bool is_empty() const { return tensors_.empty(); }
  Result<void> write(const std::filesystem::path& path) const;

 private:
  std::vector<std::pair<std::uint64_t, Tensor>> tensors_;
  std::unordered_map<const void*, std::pair<std::uint64_t, std::uint64_t>> places_;
  std::uint64_t end_ = 0;
};

// Appends values to the text of a graph.
class ValuePrinter {
 public:
  // `layout` is null when big payloads are left out.
  ValuePrinter(std::string& out, const PrintOptions& options, const SymbolTable& symbols,
               PayloadLayout* layout)
      : out_(out), options_(options), symbols_(symbols), layout_(layout) {}

  void print(const Type& type) { append_text(out_, type, symbols_); }
  void print(const Range& range);
  // What follows the type of a constant.
  void print_payload(const Tensor& tensor);
  // `info`: the attribute's row, null for opaque operators.
  void print(const AttributeValue& value, const AttributeInfo* info);
  void print_int(std::int64_t value);
  void print_raw(std::string_view bytes);

 private:
  void print_literal(const Tensor& tensor);
  void print_stats(const Tensor& tensor);

  std::string& out_;
  const PrintOptions& options_;
  const SymbolTable& symbols_;
  PayloadLayout* layout_;
};

}  // namespace rcc

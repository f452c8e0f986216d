#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/support/inline_vector.h"

namespace rcc {

// Element types, spelled as in the text form. `unknown` is a value whose type no one stated (a
// result of an opaque operator, a sequence); it prints as `?`.
enum class DType : std::uint8_t {
  unknown,
  f32,
  f64,
  f16,
  bf16,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
  boolean,
  string,
  complex64,
  complex128,
  f8e4m3fn,
  f8e4m3fnuz,
  f8e5m2,
  f8e5m2fnuz,
  i4,
  u4,
  f4e2m1,
};

std::string_view dtype_name(DType dtype);
std::optional<DType> parse_dtype(std::string_view name);
// Size of `count` elements; sub-byte types are packed, two to a byte. 0 for string and unknown.
std::uint64_t dtype_bytes(DType dtype, std::uint64_t count);
bool is_float(DType dtype);
bool is_integer(DType dtype);

// A size along one axis: a number, a named symbol (`N`) or unknown (`?`). Two equal symbols of one
// graph are the same size; two unknowns need not be.
class Dim {
 public:
  Dim() = default;
  Dim(std::int64_t size) : code_(size) {}
  static Dim unknown() { return Dim(); }
  // `symbol`: index into the graph's SymbolTable.
  static Dim symbol(std::uint32_t symbol) { return Dim(-2 - static_cast<std::int64_t>(symbol)); }

  bool is_fixed() const { return code_ >= 0; }
  bool is_symbol() const { return code_ <= -2; }
  bool is_unknown() const { return code_ == -1; }
  // Precondition: is_fixed().
  std::int64_t size() const { return code_; }
  // Precondition: is_symbol().
  std::uint32_t symbol() const { return static_cast<std::uint32_t>(-2 - code_); }
  // Same number or same symbol. Unknown equals unknown here: this compares descriptions, not sizes.
  bool operator==(const Dim&) const = default;

 private:
  std::int64_t code_ = -1;
};

// Of activations and weights, as a rule: no more than four axes.
using Shape = InlineVector<Dim, 4>;

// Type of a value: element type and, when the rank is known, the size along each axis.
struct Type {
  DType dtype = DType::unknown;
  bool is_ranked = false;
  Shape dims;

  Type() = default;
  Type(DType element, Shape shape) : dtype(element), is_ranked(true), dims(std::move(shape)) {}
  static Type unranked(DType element) {
    Type type;
    type.dtype = element;
    return type;
  }
  std::size_t rank() const { return dims.size(); }
  // Every dim is a number.
  bool is_static() const;
  // Product of the dims when static; nullopt when not or when it overflows int64.
  std::optional<std::int64_t> element_count() const;
  bool operator==(const Type&) const = default;
};

// Whether a value could have both types: what both state (element type, rank, sizes) is the same. A
// symbol may stand for any size.
bool is_compatible(const Type& a, const Type& b);

// Names of symbolic dims; one per graph.
class SymbolTable {
 public:
  Dim intern(std::string_view name);
  std::string_view name(Dim symbol) const { return names_[symbol.symbol()]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
  std::map<std::string, std::uint32_t, std::less<>> index_;
};

// "f32[N,3,224,224]", "f32[]" for a scalar, "f32[*]" when the rank is unknown, "?" when nothing is.
std::string to_text(const Type& type, const SymbolTable& symbols);
void append_text(std::string& out, const Type& type, const SymbolTable& symbols);
// "[N,3,224,224]".
std::string to_text(const Shape& shape, const SymbolTable& symbols);

}  // namespace rcc

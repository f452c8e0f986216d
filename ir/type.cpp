#include "ir/type.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "ir/quote.h"

namespace rcc {

namespace {

struct DTypeRow {
  std::string_view name;
  std::uint8_t bits;
  bool is_float;
  bool is_integer;
};

// In the order of DType.
constexpr std::array<DTypeRow, 24> kDTypes{{
    {"?", 0, false, false},
    {"f32", 32, true, false},
    {"f64", 64, true, false},
    {"f16", 16, true, false},
    {"bf16", 16, true, false},
    {"i8", 8, false, true},
    {"i16", 16, false, true},
    {"i32", 32, false, true},
    {"i64", 64, false, true},
    {"u8", 8, false, true},
    {"u16", 16, false, true},
    {"u32", 32, false, true},
    {"u64", 64, false, true},
    {"bool", 8, false, false},
    {"string", 0, false, false},
    {"complex64", 64, false, false},
    {"complex128", 128, false, false},
    {"f8e4m3fn", 8, true, false},
    {"f8e4m3fnuz", 8, true, false},
    {"f8e5m2", 8, true, false},
    {"f8e5m2fnuz", 8, true, false},
    {"i4", 4, false, true},
    {"u4", 4, false, true},
    {"f4e2m1", 4, true, false},
}};

const DTypeRow& row(DType dtype) { return kDTypes[static_cast<std::size_t>(dtype)]; }

void append_number(std::string& out, std::int64_t number) {
  std::array<char, 20> buffer;
  out.append(buffer.data(),
             std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr);
}

void append_shape(std::string& out, const Shape& shape, const SymbolTable& symbols) {
  out += '[';
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) out += ',';
    if (shape[i].is_fixed())
      append_number(out, shape[i].size());
    else if (shape[i].is_symbol())
      append_identifier(out, symbols.name(shape[i]));
    else
      out += '?';
  }
  out += ']';
}

}  // namespace

std::string_view dtype_name(DType dtype) { return row(dtype).name; }

std::optional<DType> parse_dtype(std::string_view name) {
  for (std::size_t i = 1; i < kDTypes.size(); ++i)
    if (kDTypes[i].name == name) return static_cast<DType>(i);
  return std::nullopt;
}

std::uint64_t dtype_bytes(DType dtype, std::uint64_t count) {
  const std::uint64_t bits = row(dtype).bits;
  return bits == 4 ? count / 2 + count % 2 : count * (bits / 8);
}

bool is_float(DType dtype) { return row(dtype).is_float; }
bool is_integer(DType dtype) { return row(dtype).is_integer; }

bool Type::is_static() const {
  if (!is_ranked) return false;
  for (const Dim dim : dims)
    if (!dim.is_fixed()) return false;
  return true;
}

std::optional<std::int64_t> Type::element_count() const {
  if (!is_ranked) return std::nullopt;
  std::int64_t count = 1;
  bool overflows = false;
  bool is_empty = false;
  for (const Dim dim : dims) {
    if (!dim.is_fixed()) return std::nullopt;
    is_empty = is_empty || dim.size() == 0;
    overflows = __builtin_mul_overflow(count, dim.size(), &count) || overflows;
  }
  // A zero makes the product zero, however large the other sizes are.
  if (is_empty) return 0;
  if (overflows) return std::nullopt;
  return count;
}

bool is_compatible(const Type& a, const Type& b) {
  if (a.dtype != b.dtype && a.dtype != DType::unknown && b.dtype != DType::unknown) return false;
  if (!a.is_ranked || !b.is_ranked) return true;
  return a.rank() == b.rank() &&
         std::equal(a.dims.begin(), a.dims.end(), b.dims.begin(),
                    [](Dim x, Dim y) { return x == y || !x.is_fixed() || !y.is_fixed(); });
}

Dim SymbolTable::intern(std::string_view name) {
  const auto found = index_.find(name);
  if (found != index_.end()) return Dim::symbol(found->second);
  const auto index = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back(name);
  index_.emplace(names_.back(), index);
  return Dim::symbol(index);
}

std::string to_text(const Shape& shape, const SymbolTable& symbols) {
  std::string out;
  append_shape(out, shape, symbols);
  return out;
}

void append_text(std::string& out, const Type& type, const SymbolTable& symbols) {
  out += dtype_name(type.dtype);
  if (type.is_ranked)
    append_shape(out, type.dims, symbols);
  else if (type.dtype != DType::unknown)
    out += "[*]";
}

std::string to_text(const Type& type, const SymbolTable& symbols) {
  std::string out;
  append_text(out, type, symbols);
  return out;
}

}  // namespace rcc

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "ir/support/file.h"
#include "ir/support/hash.h"
#include "ir/support/result.h"
#include "ir/type.h"

namespace rcc {

// Elements at any alignment (payloads in real files are rarely aligned); loads go through memcpy,
// which compiles to one unaligned load.
template <typename T>
class ElementView {
 public:
  ElementView(const std::byte* data, std::size_t size) : data_(data), size_(size) {}
  std::size_t size() const { return size_; }
  T operator[](std::size_t index) const {
    // A byte of a file may hold any number, a bool only two.
    using Stored = std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>;
    Stored value;
    std::memcpy(&value, data_ + index * sizeof(T), sizeof(T));
    return static_cast<T>(value);
  }
  const std::byte* bytes() const { return data_; }

 private:
  const std::byte* data_;
  std::size_t size_;
};

// C++ type of a DType that has one: float, double, (u)int8..64_t, bool for boolean.
// f16 and bf16 are read through Tensor::to_doubles.
template <typename T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>)
    return DType::f32;
  else if constexpr (std::is_same_v<T, double>)
    return DType::f64;
  else if constexpr (std::is_same_v<T, bool>)
    return DType::boolean;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return DType::i8;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return DType::i16;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return DType::i32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return DType::i64;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return DType::u8;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return DType::u16;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return DType::u32;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return DType::u64;
  else
    static_assert(!sizeof(T), "no element type of tensors");
}

// Product of the sizes; nullopt when a size is negative or the product exceeds int64.
std::optional<std::int64_t> checked_element_count(std::span<const std::int64_t> shape);

// Whether elements of this type are real numbers, so that to_doubles and from_doubles apply: all
// but unknown, string and the complex types.
bool is_numeric(DType dtype);

// An immutable, shared, row-major array. Copies share the payload, which is owned memory or a part
// of a mapped file. Its type is always static. A tensor whose payload was left out of a text form
// is `elided`: it has a type but no bytes.
class Tensor {
 public:
  // An elided f32 scalar.
  Tensor() = default;

  // Allocates; contents are uninitialised. Fill through mutable_bytes()/mutable_elements() before
  // sharing.
  static Tensor allocate(DType dtype, std::vector<std::int64_t> shape);
  static Tensor elided(DType dtype, std::vector<std::int64_t> shape);
  // A part of a mapped file. Precondition: `bytes` lies in the mapping and has the size of the
  // type.
  static Tensor mapped(DType dtype, std::vector<std::int64_t> shape,
                       std::shared_ptr<const MappedFile> file, std::span<const std::byte> bytes);
  // Strings are kept apart; shape as given.
  static Tensor of_strings(std::vector<std::int64_t> shape, std::vector<std::string> values);

  // Copies `values`; T decides the dtype.
  template <typename T>
  static Tensor of(std::vector<std::int64_t> shape, const std::vector<T>& values);
  template <typename T>
  static Tensor scalar(T value) {
    return of<T>({}, {value});
  }
  // Rounds `values` to `dtype`, half to even. Integers and floats without infinity saturate, NaN
  // becomes the integer 0. Precondition: is_numeric(dtype).
  static Tensor from_doubles(DType dtype, std::vector<std::int64_t> shape,
                             std::span<const double> values);

  DType dtype() const { return dtype_; }
  const std::vector<std::int64_t>& shape() const { return shape_; }
  std::size_t rank() const { return shape_.size(); }
  std::int64_t element_count() const { return count_; }
  std::uint64_t size_bytes() const {
    return dtype_bytes(dtype_, static_cast<std::uint64_t>(count_));
  }
  Type type() const;
  bool is_elided() const { return data_ == nullptr && count_ > 0 && !strings_; }

  // Precondition for all reads: not elided.
  std::span<const std::byte> bytes() const;
  // Precondition: T matches dtype.
  template <typename T>
  ElementView<T> elements() const {
    RCC_CHECK(dtype_of<T>() == dtype_, "tensor of {}", dtype_name(dtype_));
    return {bytes().data(), static_cast<std::size_t>(count_)};
  }
  const std::vector<std::string>& strings() const { return *strings_; }
  // Widened to float64. Precondition: is_numeric(dtype()). Allocates 8 bytes an element.
  std::vector<double> to_doubles() const;
  // One element, widened.
  double at(std::int64_t index) const;
  // Integer tensors (shapes, axes, pads). Allocates.
  std::vector<std::int64_t> to_ints() const;

  // Same payload, other shape. Precondition: equal element count.
  Tensor reshaped(std::vector<std::int64_t> shape) const;

  // Writable bytes when this handle is the only owner of memory of its own; else a copy is made
  // first, so that other handles never see the change.
  std::span<std::byte> mutable_bytes();
  // Aligned, writable elements. Precondition: T matches dtype.
  template <typename T>
  std::span<T> mutable_elements() {
    RCC_CHECK(dtype_of<T>() == dtype_, "tensor of {}", dtype_name(dtype_));
    const auto bytes = mutable_bytes();
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

  // Digest of dtype, shape and contents; computed on each call, never on its own.
  Digest digest() const;
  // Same payload by identity, or equal bytes, with the same type. An elided tensor equals none.
  bool same_contents(const Tensor& other) const;
  // Identity of the payload: equal for handles that share it. Null when elided.
  const void* payload_identity() const { return data_; }

 private:
  Tensor(DType dtype, std::vector<std::int64_t> shape);

  DType dtype_ = DType::f32;
  std::vector<std::int64_t> shape_;
  std::int64_t count_ = 1;
  // Keeps the payload alive: the mapped file, or an owned block.
  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
  bool is_writable_ = false;
  std::shared_ptr<const std::vector<std::string>> strings_;
};

}  // namespace rcc

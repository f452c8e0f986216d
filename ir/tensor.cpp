#include "ir/tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <new>

#include "ir/float_format.h"

namespace rcc {

static_assert(std::endian::native == std::endian::little,
              "payloads are little-endian, as in files");

namespace {

// A cache line, and enough for every vector instruction.
constexpr std::align_val_t kAlignment{64};

std::shared_ptr<void> allocate_block(std::uint64_t bytes) {
  return {::operator new(bytes, kAlignment),
          [](void* block) { ::operator delete(block, kAlignment); }};
}

// Calls `action` with a value of the C++ type of `dtype`, where it has one.
template <typename Action>
bool dispatch(DType dtype, const Action& action) {
  switch (dtype) {
    case DType::f32:
      return action(float{}), true;
    case DType::f64:
      return action(double{}), true;
    case DType::boolean:
      return action(bool{}), true;
    case DType::i8:
      return action(std::int8_t{}), true;
    case DType::i16:
      return action(std::int16_t{}), true;
    case DType::i32:
      return action(std::int32_t{}), true;
    case DType::i64:
      return action(std::int64_t{}), true;
    case DType::u8:
      return action(std::uint8_t{}), true;
    case DType::u16:
      return action(std::uint16_t{}), true;
    case DType::u32:
      return action(std::uint32_t{}), true;
    case DType::u64:
      return action(std::uint64_t{}), true;
    default:
      return false;
  }
}

// Bits of element `index` of a type of 4, 8 or 16 bits.
std::uint32_t narrow_bits(DType dtype, std::span<const std::byte> bytes, std::size_t index) {
  if (dtype_bytes(dtype, 2) == 1) {
    const auto pair = std::to_integer<std::uint32_t>(bytes[index / 2]);
    return index % 2 == 0 ? pair & 15 : pair >> 4;
  }
  if (dtype_bytes(dtype, 1) == 1) return std::to_integer<std::uint32_t>(bytes[index]);
  return ElementView<std::uint16_t>(bytes.data(), bytes.size() / 2)[index];
}

// Precondition: the other nibble of a 4-bit pair is zero when index is even.
void put_narrow_bits(DType dtype, std::span<std::byte> bytes, std::size_t index,
                     std::uint32_t bits) {
  if (dtype_bytes(dtype, 2) == 1) {
    if (index % 2 == 0)
      bytes[index / 2] = std::byte(bits & 15);
    else
      bytes[index / 2] |= std::byte((bits & 15) << 4);
  } else if (dtype_bytes(dtype, 1) == 1) {
    bytes[index] = std::byte(bits);
  } else {
    const auto stored = static_cast<std::uint16_t>(bits);
    std::memcpy(bytes.data() + index * 2, &stored, 2);
  }
}

double decode_narrow(DType dtype, std::uint32_t bits) {
  if (dtype == DType::u4) return bits;
  if (dtype == DType::i4) return bits < 8 ? bits : static_cast<double>(bits) - 16;
  return float_format(dtype)->decode(bits);
}

std::uint32_t encode_narrow(DType dtype, double value) {
  if (dtype != DType::i4 && dtype != DType::u4) return float_format(dtype)->encode(value);
  if (std::isnan(value)) return 0;
  const double low = dtype == DType::i4 ? -8 : 0;
  const double high = dtype == DType::i4 ? 7 : 15;
  return static_cast<std::uint32_t>(
      static_cast<std::int32_t>(std::clamp(std::nearbyint(value), low, high)));
}

template <typename T>
T round_to(double value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    if (std::isnan(value)) return 0;
    const double rounded = std::nearbyint(value);
    // The first number above the range is a power of two, hence exact, also for 64 bits.
    const double limit = std::ldexp(1.0, std::numeric_limits<T>::digits);
    if (rounded >= limit) return std::numeric_limits<T>::max();
    const double lowest = std::is_signed_v<T> ? -limit : 0;
    return rounded < lowest ? std::numeric_limits<T>::min() : static_cast<T>(rounded);
  }
}

}  // namespace

std::optional<std::int64_t> checked_element_count(std::span<const std::int64_t> shape) {
  for (const std::int64_t size : shape)
    if (size < 0) return std::nullopt;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t count = 1;
  for (const std::int64_t size : shape)
    if (__builtin_mul_overflow(count, size, &count)) return std::nullopt;
  return count;
}

bool is_numeric(DType dtype) {
  return is_float(dtype) || is_integer(dtype) || dtype == DType::boolean;
}

Tensor::Tensor(DType dtype, std::vector<std::int64_t> shape)
    : dtype_(dtype), shape_(std::move(shape)) {
  const std::optional<std::int64_t> count = checked_element_count(shape_);
  RCC_CHECK(dtype != DType::unknown, "a tensor needs an element type");
  RCC_CHECK(count.has_value(), "{} sizes", shape_.size());
  count_ = *count;
}

Tensor Tensor::allocate(DType dtype, std::vector<std::int64_t> shape) {
  Tensor tensor(dtype, std::move(shape));
  RCC_CHECK(dtype != DType::string);
  if (tensor.count_ > 0) {
    const std::shared_ptr<void> block = allocate_block(tensor.size_bytes());
    tensor.data_ = static_cast<const std::byte*>(block.get());
    tensor.owner_ = block;
    tensor.is_writable_ = true;
  }
  return tensor;
}

Tensor Tensor::elided(DType dtype, std::vector<std::int64_t> shape) {
  Tensor tensor(dtype, std::move(shape));
  if (dtype == DType::string && tensor.count_ == 0) return of_strings(tensor.shape_, {});
  return tensor;
}

Tensor Tensor::mapped(DType dtype, std::vector<std::int64_t> shape,
                      std::shared_ptr<const MappedFile> file, std::span<const std::byte> bytes) {
  Tensor tensor(dtype, std::move(shape));
  RCC_CHECK(dtype != DType::string);
  RCC_CHECK(bytes.size() == tensor.size_bytes(), "{} bytes given, {} needed", bytes.size(),
            tensor.size_bytes());
  if (tensor.count_ > 0) {
    tensor.data_ = bytes.data();
    tensor.owner_ = std::move(file);
  }
  return tensor;
}

Tensor Tensor::of_strings(std::vector<std::int64_t> shape, std::vector<std::string> values) {
  Tensor tensor(DType::string, std::move(shape));
  RCC_CHECK(static_cast<std::int64_t>(values.size()) == tensor.count_);
  tensor.strings_ = std::make_shared<const std::vector<std::string>>(std::move(values));
  return tensor;
}

template <typename T>
Tensor Tensor::of(std::vector<std::int64_t> shape, const std::vector<T>& values) {
  Tensor tensor = allocate(dtype_of<T>(), std::move(shape));
  RCC_CHECK(static_cast<std::int64_t>(values.size()) == tensor.count_, "{} values for {} elements",
            values.size(), tensor.count_);
  std::copy(values.begin(), values.end(), tensor.mutable_elements<T>().begin());
  return tensor;
}

template Tensor Tensor::of(std::vector<std::int64_t>, const std::vector<float>&);
template Tensor Tensor::of(std::vector<std::int64_t>, const std::vector<double>&);
template Tensor Tensor::of(std::vector<std::int64_t>, const std::vector<bool>&);
template Tensor Tensor::of(std::vector<std::int64_t>, const std::vector<std::int8_t>&);
template Tensor Tensor::of(std::vector<std::int64_t>, const std::vector<std::int16_t>&);
template Tensor Tensor::of(std::vector<std::int64_t>, const std::vector<std::int32_t>&);
template Tensor Tensor::of(std::vector<std::int64_t>, const std::vector<std::int64_t>&);
template Tensor Tensor::of(std::vector<std::int64_t>, const std::vector<std::uint8_t>&);
template Tensor Tensor::of(std::vector<std::int64_t>, const std::vector<std::uint16_t>&);
template Tensor Tensor::of(std::vector<std::int64_t>, const std::vector<std::uint32_t>&);
template Tensor Tensor::of(std::vector<std::int64_t>, const std::vector<std::uint64_t>&);

Tensor Tensor::from_doubles(DType dtype, std::vector<std::int64_t> shape,
                            std::span<const double> values) {
  RCC_CHECK(is_numeric(dtype), "numbers as {}", dtype_name(dtype));
  Tensor tensor = allocate(dtype, std::move(shape));
  RCC_CHECK(static_cast<std::int64_t>(values.size()) == tensor.count_);
  const std::span<std::byte> bytes = tensor.mutable_bytes();
  const bool is_wide = dispatch(dtype, [&](auto zero) {
    using T = decltype(zero);
    T* out = reinterpret_cast<T*>(bytes.data());
    for (std::size_t i = 0; i < values.size(); ++i) out[i] = round_to<T>(values[i]);
  });
  if (!is_wide)
    for (std::size_t i = 0; i < values.size(); ++i)
      put_narrow_bits(dtype, bytes, i, encode_narrow(dtype, values[i]));
  return tensor;
}

Type Tensor::type() const { return {dtype_, Shape(shape_.begin(), shape_.end())}; }

std::span<const std::byte> Tensor::bytes() const {
  RCC_CHECK(!is_elided(), "payload of an elided tensor");
  return {data_, data_ == nullptr ? 0 : static_cast<std::size_t>(size_bytes())};
}

std::vector<double> Tensor::to_doubles() const {
  RCC_CHECK(is_numeric(dtype_), "numbers of {}", dtype_name(dtype_));
  const std::span<const std::byte> data = bytes();
  std::vector<double> out;
  out.reserve(static_cast<std::size_t>(count_));
  const bool is_wide = dispatch(dtype_, [&](auto zero) {
    const auto view = elements<decltype(zero)>();
    for (std::size_t i = 0; i < view.size(); ++i) out.push_back(static_cast<double>(view[i]));
  });
  if (!is_wide)
    for (std::size_t i = 0; i < static_cast<std::size_t>(count_); ++i)
      out.push_back(decode_narrow(dtype_, narrow_bits(dtype_, data, i)));
  return out;
}

double Tensor::at(std::int64_t index) const {
  RCC_CHECK(is_numeric(dtype_), "numbers of {}", dtype_name(dtype_));
  RCC_CHECK(index >= 0 && index < count_, "element {} of {}", index, count_);
  const auto i = static_cast<std::size_t>(index);
  double value = 0;
  const bool is_wide = dispatch(
      dtype_, [&](auto zero) { value = static_cast<double>(elements<decltype(zero)>()[i]); });
  return is_wide ? value : decode_narrow(dtype_, narrow_bits(dtype_, bytes(), i));
}

std::vector<std::int64_t> Tensor::to_ints() const {
  RCC_CHECK(is_integer(dtype_) || dtype_ == DType::boolean, "integers of {}", dtype_name(dtype_));
  const std::span<const std::byte> data = bytes();
  std::vector<std::int64_t> out;
  out.reserve(static_cast<std::size_t>(count_));
  const bool is_wide = dispatch(dtype_, [&](auto zero) {
    const auto view = elements<decltype(zero)>();
    for (std::size_t i = 0; i < view.size(); ++i) out.push_back(static_cast<std::int64_t>(view[i]));
  });
  if (!is_wide)
    for (std::size_t i = 0; i < static_cast<std::size_t>(count_); ++i)
      out.push_back(static_cast<std::int64_t>(decode_narrow(dtype_, narrow_bits(dtype_, data, i))));
  return out;
}

Tensor Tensor::reshaped(std::vector<std::int64_t> shape) const {
  Tensor copy = *this;
  RCC_CHECK(checked_element_count(shape) == count_);
  copy.shape_ = std::move(shape);
  return copy;
}

std::span<std::byte> Tensor::mutable_bytes() {
  const std::span<const std::byte> old = bytes();
  if (old.empty()) return {};
  if (!is_writable_ || owner_.use_count() != 1) {
    Tensor copy = allocate(dtype_, shape_);
    std::memcpy(const_cast<std::byte*>(copy.data_), old.data(), old.size());
    *this = std::move(copy);
  }
  // The block was allocated here and is no one else's.
  return {const_cast<std::byte*>(data_), old.size()};
}

Digest Tensor::digest() const {
  Hasher hasher;
  hasher.add(dtype_name(dtype_)).add(static_cast<std::uint64_t>(shape_.size()));
  for (const std::int64_t size : shape_) hasher.add(static_cast<std::uint64_t>(size));
  if (strings_ != nullptr) {
    for (const std::string& text : *strings_) hasher.add(text);
  } else {
    hasher.add(bytes());
  }
  return hasher.digest();
}

bool Tensor::same_contents(const Tensor& other) const {
  if (is_elided() || other.is_elided()) return false;
  if (dtype_ != other.dtype_ || shape_ != other.shape_) return false;
  if (strings_ != nullptr) return strings_ == other.strings_ || *strings_ == *other.strings_;
  return data_ == other.data_ || std::memcmp(data_, other.data_, bytes().size()) == 0;
}

}  // namespace rcc

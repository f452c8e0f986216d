#include "ir/ops/compute.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace rcc {

Sizes sizes_of(const Type& type) {
  RCC_CHECK(type.is_static());
  Sizes sizes;
  for (const Dim dim : type.dims) sizes.push_back(dim.size());
  return sizes;
}

Sizes result_sizes(const Node& node, std::size_t index) {
  return sizes_of(node.result(index)->type());
}

std::int64_t element_count(std::span<const std::int64_t> sizes) {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) count *= size;
  return count;
}

Sizes row_major_strides(std::span<const std::int64_t> sizes) {
  Sizes strides(sizes.size(), 1);
  for (std::size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * sizes[i];
  return strides;
}

Sizes broadcast_strides(std::span<const std::int64_t> sizes, std::span<const std::int64_t> result) {
  const Sizes own = row_major_strides(sizes);
  Sizes strides(result.size(), 0);
  const std::size_t offset = result.size() - sizes.size();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] != 1) strides[i + offset] = own[i];
  }
  return strides;
}

Result<void> check_result_size(const Type& type) {
  // 2 GiB while it is computed in float64.
  constexpr std::int64_t kMostElements = std::int64_t{1} << 28;
  const auto count = type.is_static() ? type.element_count() : std::nullopt;
  if (!count) return fail(ErrorKind::input, "the size of a result is not known");
  if (*count <= kMostElements) return {};
  return fail(ErrorKind::limit,
              fmt::format("a result of {} elements is too big for the interpreter", *count));
}

Result<void> require_numbers(const Tensor& tensor) {
  if (is_numeric(tensor.dtype())) return {};
  return fail(ErrorKind::input,
              fmt::format("elements of type {} are not numbers", dtype_name(tensor.dtype())));
}

namespace {

template <typename T>
Tensor wrapped(DType dtype, Sizes sizes, std::span<const std::int64_t> values) {
  Tensor tensor = Tensor::allocate(dtype, std::move(sizes));
  const std::span<T> out = tensor.mutable_elements<T>();
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = static_cast<T>(values[i]);
  return tensor;
}

}  // namespace

namespace {

Tensor wrapped_to_4_bits(DType dtype, Sizes sizes, std::span<const std::int64_t> values) {
  const std::int64_t low = dtype == DType::i4 ? -8 : 0;
  std::vector<double> kept;
  for (const std::int64_t value : values) {
    const std::int64_t bits = value & 15;
    kept.push_back(static_cast<double>(bits - low < 16 ? bits : bits - 16));
  }
  return Tensor::from_doubles(dtype, std::move(sizes), kept);
}

}  // namespace

Tensor from_integers(DType dtype, Sizes sizes, std::span<const std::int64_t> values) {
  switch (dtype) {
    case DType::boolean:
      return wrapped<bool>(dtype, std::move(sizes), values);
    case DType::i8:
      return wrapped<std::int8_t>(dtype, std::move(sizes), values);
    case DType::u8:
      return wrapped<std::uint8_t>(dtype, std::move(sizes), values);
    case DType::i16:
      return wrapped<std::int16_t>(dtype, std::move(sizes), values);
    case DType::u16:
      return wrapped<std::uint16_t>(dtype, std::move(sizes), values);
    case DType::i32:
      return wrapped<std::int32_t>(dtype, std::move(sizes), values);
    case DType::u32:
      return wrapped<std::uint32_t>(dtype, std::move(sizes), values);
    case DType::i64:
      return wrapped<std::int64_t>(dtype, std::move(sizes), values);
    case DType::u64:
      return wrapped<std::uint64_t>(dtype, std::move(sizes), values);
    default:
      return wrapped_to_4_bits(dtype, std::move(sizes), values);
  }
}

RowWalk::RowWalk(Sizes sizes, std::vector<Sizes> strides)
    : sizes_(std::move(sizes)), strides_(std::move(strides)) {
  is_done_ = std::ranges::find(sizes_, 0) != sizes_.end();
  offsets_.assign(strides_.size(), 0);
  steps_.assign(strides_.size(), 0);
  if (!sizes_.empty()) {
    row_size_ = sizes_.back();
    for (std::size_t i = 0; i < strides_.size(); ++i) steps_[i] = strides_[i].back();
    sizes_.pop_back();
  }
  position_.assign(sizes_.size(), 0);
}

void RowWalk::next() {
  for (std::size_t axis = sizes_.size(); axis-- > 0;) {
    const bool wraps = ++position_[axis] == sizes_[axis];
    for (std::size_t i = 0; i < strides_.size(); ++i) {
      offsets_[i] += strides_[i][axis] * (wraps ? 1 - sizes_[axis] : 1);
    }
    if (!wraps) return;
    position_[axis] = 0;
  }
  is_done_ = true;
}

Result<std::size_t> movable_bytes(const Tensor& tensor) {
  if (tensor.dtype() == DType::string) {
    return fail(ErrorKind::input, "the interpreter does not move strings");
  }
  return dtype_bytes(tensor.dtype(), 2) / 2;
}

namespace {

// Moves bytes of elements of a fixed size known at compile time where that is common.
void copy_row(std::byte* out, const std::byte* from, std::int64_t count, std::int64_t step,
              std::size_t bytes) {
  if (step == 1) {
    std::memcpy(out, from, static_cast<std::size_t>(count) * bytes);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(out + i * static_cast<std::int64_t>(bytes),
                from + i * step * static_cast<std::int64_t>(bytes), bytes);
  }
}

// 4-bit elements, a byte each.
Tensor unpacked(const Tensor& x) {
  return Tensor::from_doubles(DType::f32, x.shape(), x.to_doubles());
}
Tensor packed(const Tensor& x, DType dtype) {
  return Tensor::from_doubles(dtype, x.shape(), x.to_doubles());
}

}  // namespace

Result<Tensor> copy_strided(const Tensor& x, const Sizes& sizes, const Sizes& strides) {
  const std::size_t bytes = RCC_TRY(movable_bytes(x));
  if (bytes == 0) return packed(RCC_TRY(copy_strided(unpacked(x), sizes, strides)), x.dtype());
  Tensor y = Tensor::allocate(x.dtype(), sizes);
  std::byte* out = y.mutable_bytes().data();
  const std::byte* from = x.bytes().data();
  for (RowWalk walk(sizes, {strides}); !walk.is_done(); walk.next()) {
    copy_row(out, from + walk.offset(0) * static_cast<std::int64_t>(bytes), walk.row_size(),
             walk.step(0), bytes);
    out += static_cast<std::size_t>(walk.row_size()) * bytes;
  }
  return y;
}

namespace {

struct Selection {
  const std::vector<Sizes>& sources;
  Sizes strides;
  const std::byte* from;
  const std::byte* fill;
  std::size_t bytes;
};

// The last axis, from the row at `offset`; negative: outside of x.
std::byte* select_row(const Selection& selection, std::int64_t offset, std::byte* out) {
  static const Sizes kOne = {0};
  const Sizes& row = selection.sources.empty() ? kOne : selection.sources.back();
  for (const std::int64_t source : row) {
    const bool is_inside = offset >= 0 && source >= 0;
    const std::byte* from =
        is_inside ? selection.from + (offset + source) * static_cast<std::int64_t>(selection.bytes)
                  : selection.fill;
    std::memcpy(out, from, selection.bytes);
    out += selection.bytes;
  }
  return out;
}

}  // namespace

Result<Tensor> select_elements(const Tensor& x, const std::vector<Sizes>& sources,
                               const Tensor* fill) {
  const std::size_t bytes = RCC_TRY(movable_bytes(x));
  if (bytes == 0) {
    const Tensor wide = fill ? unpacked(*fill) : Tensor();
    return packed(RCC_TRY(select_elements(unpacked(x), sources, fill ? &wide : nullptr)),
                  x.dtype());
  }
  Sizes sizes;
  for (const Sizes& axis : sources) sizes.push_back(static_cast<std::int64_t>(axis.size()));
  Tensor y = Tensor::allocate(x.dtype(), sizes);
  if (y.element_count() == 0) return y;
  const std::vector<std::byte> zeros(bytes);
  const Selection selection{.sources = sources,
                            .strides = row_major_strides(x.shape()),
                            .from = x.bytes().data(),
                            .fill = fill ? fill->bytes().data() : zeros.data(),
                            .bytes = bytes};
  std::byte* out = y.mutable_bytes().data();
  const std::size_t outer = sources.empty() ? 0 : sources.size() - 1;
  std::vector<std::size_t> position(outer, 0);
  while (true) {
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < outer && offset >= 0; ++i) {
      const std::int64_t source = sources[i][position[i]];
      offset = source < 0 ? -1 : offset + source * selection.strides[i];
    }
    out = select_row(selection, offset, out);
    std::size_t axis = outer;
    while (axis > 0 && ++position[axis - 1] == sources[axis - 1].size()) position[--axis] = 0;
    if (axis == 0) return y;
  }
}

}  // namespace rcc

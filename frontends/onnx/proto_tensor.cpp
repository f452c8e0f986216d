#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <limits>
#include <utility>

#include "frontends/onnx/proto.h"

namespace rcc {

namespace {

static_assert(std::endian::native == std::endian::little, "payloads are little-endian");

using onnx::TensorProto;

constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;

constexpr auto kDTypes = std::to_array<std::pair<int, DType>>({
    {TensorProto::FLOAT, DType::f32},
    {TensorProto::UINT8, DType::u8},
    {TensorProto::INT8, DType::i8},
    {TensorProto::UINT16, DType::u16},
    {TensorProto::INT16, DType::i16},
    {TensorProto::INT32, DType::i32},
    {TensorProto::INT64, DType::i64},
    {TensorProto::STRING, DType::string},
    {TensorProto::BOOL, DType::boolean},
    {TensorProto::FLOAT16, DType::f16},
    {TensorProto::DOUBLE, DType::f64},
    {TensorProto::UINT32, DType::u32},
    {TensorProto::UINT64, DType::u64},
    {TensorProto::COMPLEX64, DType::complex64},
    {TensorProto::COMPLEX128, DType::complex128},
    {TensorProto::BFLOAT16, DType::bf16},
    {TensorProto::FLOAT8E4M3FN, DType::f8e4m3fn},
    {TensorProto::FLOAT8E4M3FNUZ, DType::f8e4m3fnuz},
    {TensorProto::FLOAT8E5M2, DType::f8e5m2},
    {TensorProto::FLOAT8E5M2FNUZ, DType::f8e5m2fnuz},
    {TensorProto::UINT4, DType::u4},
    {TensorProto::INT4, DType::i4},
    {TensorProto::FLOAT4E2M1, DType::f4e2m1},
});

Result<std::vector<std::int64_t>> read_shape(const TensorProto& proto) {
  if (static_cast<std::size_t>(proto.dims_size()) > kMaxRank)
    return fail(ErrorKind::limit,
                fmt::format("has {} dimensions; at most {} are supported", proto.dims_size(), kMaxRank));
  std::int64_t count = 1;
  bool is_too_big = false;
  for (const std::int64_t dim : proto.dims()) {
    if (dim < 0) return fail(ErrorKind::input, fmt::format("has a negative size {}", dim));
    is_too_big |= __builtin_mul_overflow(count, dim, &count) || count > kMaxElements;
  }
  // A zero after an overflow makes an empty tensor, but no honest writer makes one like that.
  if (is_too_big) return fail(ErrorKind::limit, "has more than 2^40 elements");
  return std::vector<std::int64_t>(proto.dims().begin(), proto.dims().end());
}

std::uint64_t product(const std::vector<std::int64_t>& shape) {
  std::uint64_t count = 1;
  for (const std::int64_t dim : shape) count *= static_cast<std::uint64_t>(dim);
  return count;
}

struct TensorForm {
  DType dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t count;
  std::uint64_t bytes;
};

Result<void> check_size(const TensorForm& form, std::uint64_t bytes) {
  if (bytes == form.bytes) return {};
  return fail(ErrorKind::input,
              fmt::format("holds {} bytes, but {} elements of {} take {}", bytes, form.count,
                          dtype_name(form.dtype), form.bytes));
}

Result<Tensor> mapped_part(const TensorForm& form, const std::shared_ptr<const MappedFile>& file,
                           Extent extent) {
  RCC_TRY(check_size(form, extent.size));
  if (extent.size == 0) return Tensor::allocate(form.dtype, form.shape);
  return Tensor::mapped(form.dtype, form.shape, file,
                        file->bytes().subspan(extent.offset, extent.size));
}

Result<Tensor> owned(const TensorForm& form, const void* data, std::uint64_t size) {
  RCC_TRY(check_size(form, size));
  Tensor tensor = Tensor::allocate(form.dtype, form.shape);
  if (size > 0) std::memcpy(tensor.mutable_bytes().data(), data, size);
  return tensor;
}

Result<std::uint64_t> read_decimal(std::string_view key, std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return fail(ErrorKind::input,
              fmt::format("the {} `{}` of its external data is not a decimal number", key, text));
}

struct ExternalPart {
  std::string location;
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> length;
};

Result<ExternalPart> read_external_part(const TensorProto& proto) {
  ExternalPart part;
  bool has_location = false;
  const auto set_once = [](std::optional<std::uint64_t>& field, std::string_view key,
                           std::string_view text) -> Result<void> {
    if (field) return fail(ErrorKind::input, fmt::format("gives its {} twice", key));
    field = RCC_TRY(read_decimal(key, text));
    return {};
  };
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") {
      if (std::exchange(has_location, true))
        return fail(ErrorKind::input, "gives its location twice");
      part.location = entry.value();
    } else if (entry.key() == "offset") {
      RCC_TRY(set_once(part.offset, "offset", entry.value()));
    } else if (entry.key() == "length") {
      RCC_TRY(set_once(part.length, "length", entry.value()));
    }
  }
  if (!has_location) return fail(ErrorKind::input, "has external data without a location");
  return part;
}

Result<Tensor> read_external(const TensorForm& form, const TensorProto& proto,
                             TensorSource& source) {
  const ExternalPart part = RCC_TRY(read_external_part(proto));
  const auto file = RCC_TRY(source.external(part.location));
  const std::uint64_t available = file->bytes().size();
  const std::uint64_t offset = part.offset.value_or(0);
  if (offset > available)
    return fail(ErrorKind::input,
                fmt::format("starts at byte {} of `{}`, which has {}", offset, part.location,
                            available));
  const std::uint64_t length = part.length.value_or(std::min(available - offset, form.bytes));
  if (length > available - offset)
    return fail(ErrorKind::input,
                fmt::format("needs bytes {} to {} of `{}`, which has {}", offset,
                            static_cast<double>(offset) + static_cast<double>(length),
                            part.location, available));
  return mapped_part(form, file, {offset, length});
}

// The typed field that holds elements of `dtype`, and how many of its entries `count` elements take.
enum class TypedField : std::uint8_t { float_data, int32_data, int64_data, double_data, uint64_data };

TypedField typed_field(DType dtype) {
  switch (dtype) {
    case DType::f32:
    case DType::complex64: return TypedField::float_data;
    case DType::f64:
    case DType::complex128: return TypedField::double_data;
    case DType::i64: return TypedField::int64_data;
    case DType::u32:
    case DType::u64: return TypedField::uint64_data;
    default: return TypedField::int32_data;
  }
}

// Entries narrowed to the element's size; int32_data holds bit patterns of small floats, so both
// signed and unsigned readings that fit are accepted.
template <typename Element, typename Entries>
Result<Tensor> narrowed(const TensorForm& form, const Entries& entries) {
  RCC_TRY(check_size(form, static_cast<std::uint64_t>(entries.size()) * sizeof(Element)));
  Tensor tensor = Tensor::allocate(form.dtype, form.shape);
  const auto bytes = tensor.mutable_bytes();
  using Signed = std::make_signed_t<Element>;
  using Unsigned = std::make_unsigned_t<Element>;
  constexpr std::int64_t low = std::is_signed_v<Element> ? std::numeric_limits<Signed>::min() : 0;
  constexpr std::uint64_t high = std::is_signed_v<Element>
                                     ? static_cast<std::uint64_t>(std::numeric_limits<Signed>::max())
                                     : std::numeric_limits<Unsigned>::max();
  for (int index = 0; index < entries.size(); ++index) {
    const auto entry = entries[index];
    if (std::cmp_less(entry, low) || std::cmp_greater(entry, high))
      return fail(ErrorKind::input, fmt::format("has the entry {}, which {} cannot hold", entry,
                                                dtype_name(form.dtype)));
    const Element element = static_cast<Element>(entry);
    std::memcpy(bytes.data() + static_cast<std::size_t>(index) * sizeof(Element), &element,
                sizeof(Element));
  }
  return tensor;
}

Result<Tensor> read_int32_data(const TensorForm& form, const TensorProto& proto) {
  switch (form.dtype) {
    case DType::i32: return narrowed<std::int32_t>(form, proto.int32_data());
    case DType::i16: return narrowed<std::int16_t>(form, proto.int32_data());
    case DType::i8: return narrowed<std::int8_t>(form, proto.int32_data());
    case DType::u16:
    case DType::f16:
    case DType::bf16: return narrowed<std::uint16_t>(form, proto.int32_data());
    default: return narrowed<std::uint8_t>(form, proto.int32_data());
  }
}

Result<Tensor> read_typed(const TensorForm& form, const TensorProto& proto) {
  switch (typed_field(form.dtype)) {
    case TypedField::float_data:
      return owned(form, proto.float_data().data(),
                   static_cast<std::uint64_t>(proto.float_data_size()) * sizeof(float));
    case TypedField::double_data:
      return owned(form, proto.double_data().data(),
                   static_cast<std::uint64_t>(proto.double_data_size()) * sizeof(double));
    case TypedField::int64_data:
      return owned(form, proto.int64_data().data(),
                   static_cast<std::uint64_t>(proto.int64_data_size()) * sizeof(std::int64_t));
    case TypedField::uint64_data:
      return form.dtype == DType::u32 ? narrowed<std::uint32_t>(form, proto.uint64_data())
                                      : narrowed<std::uint64_t>(form, proto.uint64_data());
    case TypedField::int32_data: return read_int32_data(form, proto);
  }
  RCC_CHECK(false);
}

Result<Tensor> read_strings(const TensorForm& form, const TensorProto& proto, bool has_raw) {
  if (has_raw) return fail(ErrorKind::input, "has strings as raw data");
  if (static_cast<std::uint64_t>(proto.string_data_size()) != form.count)
    return fail(ErrorKind::input, fmt::format("has {} strings for {} elements",
                                              proto.string_data_size(), form.count));
  return Tensor::of_strings(form.shape, {proto.string_data().begin(), proto.string_data().end()});
}

// How many of the fields that may hold the elements do hold some.
int typed_fields_in_use(const TensorProto& proto) {
  return (proto.float_data_size() > 0) + (proto.int32_data_size() > 0) +
         (proto.int64_data_size() > 0) + (proto.double_data_size() > 0) +
         (proto.uint64_data_size() > 0) + (proto.string_data_size() > 0);
}

Result<TensorForm> read_form(const TensorProto& proto) {
  const std::optional<DType> dtype = dtype_from_onnx(proto.data_type());
  if (!dtype)
    return fail(ErrorKind::input, fmt::format("has element type {}, which rcc does not support",
                                              onnx_dtype_name(proto.data_type())));
  TensorForm form{.dtype = *dtype, .shape = RCC_TRY(read_shape(proto)), .count = 0, .bytes = 0};
  form.count = product(form.shape);
  form.bytes = dtype_bytes(form.dtype, form.count);
  return form;
}

Result<Tensor> read_payload(const TensorProto& proto, std::optional<Extent> payload,
                            TensorSource& source) {
  const TensorForm form = RCC_TRY(read_form(proto));
  const bool has_raw = payload || proto.has_raw_data();
  const int typed = typed_fields_in_use(proto);
  if (proto.has_segment()) return fail(ErrorKind::input, "is one segment of a split tensor");
  if (proto.data_location() == TensorProto::EXTERNAL) {
    if (has_raw || typed > 0)
      return fail(ErrorKind::input, "has both external data and data in the file");
    if (form.dtype == DType::string) return fail(ErrorKind::input, "has strings as external data");
    return read_external(form, proto, source);
  }
  if (typed > 1 || (has_raw && typed > 0 && (payload || !proto.raw_data().empty())))
    return fail(ErrorKind::input, "has its data in two fields");
  if (form.dtype == DType::string) return read_strings(form, proto, has_raw);
  if (payload) return mapped_part(form, source.model(), *payload);
  if (has_raw && typed == 0) return owned(form, proto.raw_data().data(), proto.raw_data().size());
  return read_typed(form, proto);
}

}  // namespace

std::optional<DType> dtype_from_onnx(int data_type) {
  for (const auto& [code, dtype] : kDTypes)
    if (code == data_type) return dtype;
  return std::nullopt;
}

int dtype_to_onnx(DType dtype) {
  for (const auto& [code, known] : kDTypes)
    if (known == dtype) return code;
  return TensorProto::UNDEFINED;
}

std::string onnx_dtype_name(int data_type) {
  if (!onnx::TensorProto_DataType_IsValid(data_type)) return std::to_string(data_type);
  return onnx::TensorProto_DataType_Name(static_cast<onnx::TensorProto_DataType>(data_type));
}

Result<Tensor> read_tensor(const TensorProto& proto, std::optional<Extent> payload,
                           TensorSource& source) {
  Result<Tensor> tensor = read_payload(proto, payload, source);
  if (tensor) return tensor;
  Error error = std::move(tensor).error();
  Diagnostic& first = error.diagnostics.front();
  first.message = fmt::format("tensor `{}`: {}", proto.name(), first.message);
  return fail(std::move(error));
}

void write_tensor_header(const Tensor& tensor, std::string_view name, TensorProto& out) {
  for (const std::int64_t dim : tensor.shape()) out.add_dims(dim);
  out.set_data_type(dtype_to_onnx(tensor.dtype()));
  if (!name.empty()) out.set_name(std::string(name));
  if (tensor.dtype() != DType::string) return;
  for (const std::string& text : tensor.strings()) out.add_string_data(text);
}

}  // namespace rcc

#include "tools/rcc_opt/npy.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "ir/support/file.h"
#include "ir/support/number_text.h"

namespace rcc {

namespace {

struct TypeCode {
  DType dtype;
  std::string_view code;
};
constexpr std::array<TypeCode, 12> kTypeCodes{{{DType::f32, "<f4"},
                                               {DType::f64, "<f8"},
                                               {DType::f16, "<f2"},
                                               {DType::i8, "|i1"},
                                               {DType::i16, "<i2"},
                                               {DType::i32, "<i4"},
                                               {DType::i64, "<i8"},
                                               {DType::u8, "|u1"},
                                               {DType::u16, "<u2"},
                                               {DType::u32, "<u4"},
                                               {DType::u64, "<u8"},
                                               {DType::boolean, "|b1"}}};

// Magic, version 1.0, and two bytes of header length.
constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
constexpr std::size_t kPrefix = 10;
// The data starts at a multiple of this.
constexpr std::size_t kAlignment = 64;
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 33;

// What follows `'key': ` in the header, which is the text of a Python dictionary.
std::string_view entry(std::string_view header, std::string_view key) {
  const std::string quoted_key = fmt::format("'{}':", key);
  const std::size_t at = header.find(quoted_key);
  if (at == std::string_view::npos) return {};
  std::string_view rest = header.substr(at + quoted_key.size());
  const std::size_t begin = rest.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view() : rest.substr(begin);
}

// "(2, 3)" or "(2,)".
std::optional<std::vector<std::int64_t>> parse_shape(std::string_view text) {
  const std::size_t end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos) return std::nullopt;
  text = text.substr(1, end - 1);
  std::vector<std::int64_t> shape;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto size = parse_int(text.substr(0, comma));
    if (!size || *size < 0) return std::nullopt;
    shape.push_back(*size);
    text.remove_prefix(std::min(comma + 1, text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  return shape;
}

tl::unexpected<Error> bad_file(const std::filesystem::path& path, std::string_view what) {
  return fail(ErrorKind::input,
              {.message = fmt::format("not a .npy file that can be read: {}", what),
               .place = path.string()});
}

std::optional<DType> parse_type(std::string_view text) {
  for (const auto& [dtype, code] : kTypeCodes)
    if (text.starts_with(fmt::format("'{}'", code))) return dtype;
  return std::nullopt;
}

}  // namespace

Result<Tensor> read_npy(const std::filesystem::path& path) {
  const auto file = RCC_TRY(MappedFile::open(path, kMaxBytes));
  const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()),
                              file->bytes().size());
  if (text.size() < kPrefix || !text.starts_with(kMagic))
    return bad_file(path, "no header of version 1.0");
  const std::size_t length =
      static_cast<unsigned char>(text[8]) + 256U * static_cast<unsigned char>(text[9]);
  if (text.size() < kPrefix + length) return bad_file(path, "the header is cut off");
  const std::string_view header = text.substr(kPrefix, length);
  const std::optional<DType> dtype = parse_type(entry(header, "descr"));
  if (!dtype) return bad_file(path, "its element type is not supported");
  if (!entry(header, "fortran_order").starts_with("False"))
    return bad_file(path, "it is in Fortran order");
  auto shape = parse_shape(entry(header, "shape"));
  if (!shape) return bad_file(path, "it has no shape");
  const auto count = Type(*dtype, Shape(shape->begin(), shape->end())).element_count();
  const std::string_view payload = text.substr(kPrefix + length);
  if (!count || static_cast<std::uint64_t>(*count) > kMaxBytes ||
      dtype_bytes(*dtype, static_cast<std::uint64_t>(*count)) != payload.size())
    return bad_file(path, "its size does not fit its shape");
  Tensor tensor = Tensor::allocate(*dtype, std::move(*shape));
  if (!payload.empty()) std::memcpy(tensor.mutable_bytes().data(), payload.data(), payload.size());
  return tensor;
}

Result<void> write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  std::string_view descr;
  for (const auto& [dtype, code] : kTypeCodes)
    if (dtype == tensor.dtype()) descr = code;
  if (descr.empty())
    return fail(ErrorKind::input,
                fmt::format("a .npy file cannot hold {}", dtype_name(tensor.dtype())));
  std::string shape;
  for (const std::int64_t size : tensor.shape()) shape += fmt::format("{}, ", size);
  if (tensor.rank() > 1) shape.resize(shape.size() - 2);
  if (tensor.rank() == 1) shape.resize(shape.size() - 1);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, shape);
  while ((kPrefix + header.size() + 1) % kAlignment != 0) header += ' ';
  header += '\n';
  std::string start(kMagic);
  start += static_cast<char>(header.size() % 256);
  start += static_cast<char>(header.size() / 256);
  return write_atomic(path, [&](FileSink& sink) -> Result<void> {
    RCC_TRY(sink.write(start + header));
    return tensor.element_count() == 0 ? Result<void>() : sink.write(tensor.bytes());
  });
}

}  // namespace rcc

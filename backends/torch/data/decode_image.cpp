#include "backends/torch/data/decode_image.h"

#include <array>
#include <string_view>

namespace rcc {

namespace {

using namespace std::string_view_literals;

struct Format {
  std::string_view start;
  std::string_view name;
};

// What data sets contain under the name of an image.
constexpr std::array kOtherFormats{Format{"GIF8"sv, "a GIF image"},
                                   Format{"RIFF"sv, "a WebP image"},
                                   Format{"BM"sv, "a BMP image"},
                                   Format{"II*\0"sv, "a TIFF image"},
                                   Format{"MM\0*"sv, "a TIFF image"},
                                   Format{"\x00\x00\x00\x0cJXL"sv, "a JPEG XL image"},
                                   Format{"\x00\x00\x00\x0cjP"sv, "a JPEG 2000 image"},
                                   Format{"\x1f\x8b"sv, "a gzip archive"},
                                   Format{"PK"sv, "a zip archive"},
                                   Format{"<"sv, "an HTML or XML text"},
                                   Format{"version https://git-lfs"sv, "a git-lfs pointer"}};

std::string_view other_format(std::string_view file) {
  for (const Format& format : kOtherFormats)
    if (file.starts_with(format.start)) return format.name;
  return {};
}

}  // namespace

Result<void> check_image_size(std::uint64_t width, std::uint64_t height) {
  // Each side first, so that the product cannot overflow.
  if (width == 0 || height == 0 || width > kMaxImagePixels || height > kMaxImagePixels ||
      width * height > kMaxImagePixels)
    return fail(ErrorKind::limit,
                fmt::format("an image of {} x {} pixels; at most {} million are decoded", width,
                            height, kMaxImagePixels / 1000000),
                "shrink or remove the file");
  return {};
}

Result<Image> decode_image(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (text.empty()) return fail(ErrorKind::input, "an empty file", "restore or remove it");
  if (text.starts_with("\xff\xd8"sv)) return decode_jpeg(file);
  if (text.starts_with("\x89PNG\r\n\x1a\n"sv)) return decode_png(file);
  const std::string_view format = other_format(text);
  return fail(ErrorKind::input,
              format.empty() ? "neither a JPEG nor a PNG image"
                             : fmt::format("{}, neither JPEG nor PNG", format),
              "convert the file to JPEG or PNG, or remove it");
}

}  // namespace rcc

#include <csetjmp>
#include <cstdio>

#include <png.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "backends/torch/data/decode_image.h"

namespace rcc {

namespace {

// libpng reports errors by a call that must not return: it jumps back to run_guarded. So the steps
// below hold nothing that needs a destructor.
struct PngReader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::jmp_buf escape;
  std::array<char, 128> message{};
  bool ended_early = false;
  std::span<const std::byte> unread;
  png_bytepp rows = nullptr;

  PngReader() = default;
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
};

[[noreturn]] void stop(png_structp png, png_const_charp message) {
  auto& reader = *static_cast<PngReader*>(png_get_error_ptr(png));
  std::snprintf(reader.message.data(), reader.message.size(), "%s", message);
  std::longjmp(reader.escape, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep target, std::size_t size) {
  auto& reader = *static_cast<PngReader*>(png_get_io_ptr(png));
  if (size > reader.unread.size()) {
    reader.ended_early = true;
    png_error(png, "end of file");
  }
  std::memcpy(target, reader.unread.data(), size);
  reader.unread = reader.unread.subspan(size);
}

bool run_guarded(PngReader& reader, void (*step)(PngReader&)) {
  if (setjmp(reader.escape) != 0) return false;
  step(reader);
  return true;
}

void read_header(PngReader& reader) {
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, stop, ignore_warning);
  reader.info = reader.png == nullptr ? nullptr : png_create_info_struct(reader.png);
  if (reader.info == nullptr) {
    std::snprintf(reader.message.data(), reader.message.size(), "not enough memory");
    std::longjmp(reader.escape, 1);
  }
  png_set_read_fn(reader.png, &reader, read_bytes);
  png_read_info(reader.png, reader.info);
}

// Asks for 8 bits a sample, interleaved: gray or RGB, with alpha where the file has transparency.
void set_transforms(PngReader& reader) {
  png_set_expand(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
}

void read_pixels(PngReader& reader) {
  png_read_image(reader.png, reader.rows);
  png_read_end(reader.png, nullptr);
}

tl::unexpected<Error> fail_damaged(const PngReader& reader) {
  return fail(ErrorKind::input,
              reader.ended_early ? "the PNG data end too early"
                                 : fmt::format("damaged PNG data: {}", reader.message.data()),
              "restore or remove the file");
}

// Whether there is an animation control chunk before the pixels.
bool is_animated(std::span<const std::byte> file) {
  constexpr std::size_t kSignatureBytes = 8;
  constexpr std::size_t kChunkOverhead = 12;
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  std::size_t at = kSignatureBytes;
  while (text.size() - at >= kChunkOverhead) {
    const std::string_view type = text.substr(at + 4, 4);
    if (type == "acTL") return true;
    if (type == "IDAT") return false;
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i)
      length = length << 8 | static_cast<unsigned char>(text[at + i]);
    if (length > text.size() - at - kChunkOverhead) return false;
    at += kChunkOverhead + length;
  }
  return false;
}

// Interleaved rows to planes; the alpha channel, if there is one, must be opaque and is left out.
Result<Image> take_planes(ImageShape shape, std::size_t file_channels,
                          const std::vector<std::uint8_t>& interleaved) {
  Image image;
  image.shape = shape;
  image.pixels.resize(shape.size());
  for (std::size_t i = 0; i < shape.plane(); ++i) {
    const std::uint8_t* pixel = interleaved.data() + i * file_channels;
    if (file_channels > shape.channels && pixel[shape.channels] != 0xFF)
      return fail(ErrorKind::input, "an image with transparent pixels",
                  "put it on a background: what lies behind them would be a guess");
    for (std::size_t c = 0; c < shape.channels; ++c) image.pixels[c * shape.plane() + i] = pixel[c];
  }
  return image;
}

}  // namespace

Result<Image> decode_png(std::span<const std::byte> file) {
  PngReader reader;
  reader.unread = file;
  if (!run_guarded(reader, read_header)) return fail_damaged(reader);
  const std::uint32_t width = png_get_image_width(reader.png, reader.info);
  const std::uint32_t height = png_get_image_height(reader.png, reader.info);
  RCC_TRY(check_image_size(width, height));
  if (png_get_bit_depth(reader.png, reader.info) == 16)
    return fail(ErrorKind::input, "an image of 16 bits a sample",
                "convert the file to 8 bits a sample");
  if (is_animated(file))
    return fail(ErrorKind::input, "an animated image", "keep one of its frames");

  if (!run_guarded(reader, set_transforms)) return fail_damaged(reader);
  const std::size_t channels = png_get_channels(reader.png, reader.info);
  const std::size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
  RCC_CHECK(row_bytes == channels * width, "{} bytes a row", row_bytes);
  std::vector<std::uint8_t> interleaved(row_bytes * height);
  std::vector<png_bytep> rows(height);
  for (std::size_t y = 0; y < height; ++y) rows[y] = interleaved.data() + y * row_bytes;
  reader.rows = rows.data();
  if (!run_guarded(reader, read_pixels)) return fail_damaged(reader);
  return take_planes({channels <= 2 ? 1U : 3U, height, width}, channels, interleaved);
}

}  // namespace rcc

#include "test/unit/encode_image.h"

#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>
#include <png.h>

#include <array>

namespace rcc {

namespace {

void append(png_structp png, png_bytep bytes, std::size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<char*>(bytes), size);
}

class PngWriter {
 public:
  PngWriter() { png_set_write_fn(png_, &bytes_, append, nullptr); }
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  png_structp png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info_ = png_create_info_struct(png_);
  std::string bytes_;
};

}  // namespace

std::string encode_png(const PngFile& file) {
  PngWriter writer;
  png_structp png = writer.png_;
  png_set_IHDR(png, writer.info_, file.width, file.height, file.bit_depth, file.color_type,
               file.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!file.palette.empty()) {
    std::vector<png_color> colors;
    for (std::size_t i = 0; i + 2 < file.palette.size(); i += 3)
      colors.push_back({file.palette[i], file.palette[i + 1], file.palette[i + 2]});
    png_set_PLTE(png, writer.info_, colors.data(), static_cast<int>(colors.size()));
  }
  if (!file.palette_alpha.empty())
    png_set_tRNS(png, writer.info_, file.palette_alpha.data(),
                 static_cast<int>(file.palette_alpha.size()), nullptr);
  png_write_info(png, writer.info_);
  if (file.animated) {
    const std::array<png_byte, 8> one_frame{0, 0, 0, 1, 0, 0, 0, 0};
    png_write_chunk(png, reinterpret_cast<png_const_bytep>("acTL"), one_frame.data(),
                    one_frame.size());
  }
  const std::size_t row_bytes = file.rows.size() / file.height;
  std::vector<std::uint8_t> rows = file.rows;
  std::vector<png_bytep> pointers;
  for (std::size_t y = 0; y < file.height; ++y) pointers.push_back(rows.data() + y * row_bytes);
  png_write_image(png, pointers.data());
  png_write_end(png, nullptr);
  return writer.bytes_;
}

std::string png_bomb(std::uint32_t width, std::uint32_t height) {
  PngWriter writer;
  png_set_IHDR(writer.png_, writer.info_, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer.png_, writer.info_);
  const std::array<png_byte, 4> data{};
  png_write_chunk(writer.png_, reinterpret_cast<png_const_bytep>("IDAT"), data.data(), data.size());
  return writer.bytes_;
}

std::string encode_jpeg(const JpegFile& file) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = file.width;
  info.image_height = file.height;
  info.input_components = file.components;
  info.in_color_space = file.components == 1   ? JCS_GRAYSCALE
                        : file.components == 3 ? JCS_RGB
                                               : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  const std::array<jpeg_scan_info, 2> scans{
      {{1, {0, 0, 0, 0}, 0, 0, 0, 0}, {1, {0, 0, 0, 0}, 1, 63, 0, 0}}};
  if (file.progressive) {
    info.scan_info = scans.data();
    info.num_scans = scans.size();
  }
  jpeg_start_compress(&info, TRUE);
  if (file.exif_orientation != 0) {
    // One directory entry: tag 0x0112, type SHORT, count 1, the value.
    const std::uint8_t value = file.exif_orientation;
    const std::vector<std::uint8_t> big{'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0,     0, 8,
                                        0,   1,   1,   18,  0, 3, 0,   0,   0, 1,  0, value, 0, 0};
    const std::vector<std::uint8_t> little{'E', 'x', 'i', 'f', 0,     0, 'I', 'I', 42, 0,
                                           8,   0,   0,   0,   1,     0, 18,  1,   3,  0,
                                           1,   0,   0,   0,   value, 0, 0,   0};
    const auto& segment = file.exif_is_little_endian ? little : big;
    jpeg_write_marker(&info, JPEG_APP0 + 1, segment.data(), static_cast<unsigned>(segment.size()));
  }
  std::vector<std::uint8_t> pixels = file.pixels;
  const std::size_t row_bytes = file.width * static_cast<std::size_t>(file.components);
  for (std::size_t y = 0; y < file.height; ++y) {
    JSAMPROW row = pixels.data() + y * row_bytes;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string bytes(reinterpret_cast<char*>(buffer), size);
  std::free(buffer);
  return bytes;
}

}  // namespace rcc

#pragma once

#include <cstdint>
#include <string>
#include <vector>

// Image files for tests, as bytes.

namespace rcc {

struct PngFile {
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  // PNG_COLOR_TYPE_* of libpng.
  int color_type = 0;
  int bit_depth = 8;
  // Rows as the file packs them.
  std::vector<std::uint8_t> rows;
  // Red, green, blue of each entry.
  std::vector<std::uint8_t> palette;
  std::vector<std::uint8_t> palette_alpha;
  bool interlaced = false;
  bool animated = false;
};

std::string encode_png(const PngFile& file);

// A header of this size and too few pixels.
std::string png_bomb(std::uint32_t width, std::uint32_t height);

struct JpegFile {
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  // 1 gray, 3 RGB, 4 CMYK; interleaved.
  int components = 1;
  std::vector<std::uint8_t> pixels;
  // 0: no EXIF segment.
  std::uint8_t exif_orientation = 0;
  bool exif_is_little_endian = false;
  // Two scans at full precision; only for gray.
  bool progressive = false;
};

// At quality 100, so that a flat 8 x 8 block keeps its gray exactly.
std::string encode_jpeg(const JpegFile& file);

}  // namespace rcc

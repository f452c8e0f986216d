#include "backends/torch/data/decode_image.h"

#include <gtest/gtest.h>
#include <png.h>

#include "test/unit/encode_image.h"

namespace rcc {
namespace {

using Pixels = std::vector<std::uint8_t>;

Result<Image> decode(std::string_view file) { return decode_image(std::as_bytes(std::span(file))); }

std::string message(std::string_view file) {
  const auto image = decode(file);
  if (image) return "decoded";
  EXPECT_FALSE(image.error().diagnostics.front().help.empty());
  return image.error().message();
}

// Every shorter file must be an error; how the last one is told.
void expect_truncations_fail(const std::string& file, std::string_view last) {
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_NE(message(file.substr(0, size)), "decoded") << size;
  EXPECT_EQ(message(file.substr(0, file.size() - 1)), last);
}

// Whatever a damaged file gives, it must not crash; most damage is noticed.
std::size_t count_decoded_bit_flips(const std::string& file) {
  std::size_t decoded = 0;
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    std::string damaged = file;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    decoded += decode(damaged) ? 1 : 0;
  }
  return decoded;
}

PngFile rgb_png() {
  PngFile file;
  file.width = 2;
  file.height = 2;
  file.color_type = PNG_COLOR_TYPE_RGB;
  file.rows = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  return file;
}

// Two flat blocks: gray 100 and gray 200.
JpegFile gray_jpeg() {
  JpegFile file;
  file.width = 16;
  file.height = 8;
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 16; ++x) file.pixels.push_back(x < 8 ? 100 : 200);
  return file;
}

TEST(DecodePng, SeparatesThePlanes) {
  for (const bool interlaced : {false, true}) {
    PngFile file = rgb_png();
    file.interlaced = interlaced;
    const auto image = decode(encode_png(file));
    ASSERT_TRUE(image);
    EXPECT_EQ(image->shape, (ImageShape{3, 2, 2}));
    EXPECT_EQ(image->pixels, (Pixels{1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12}));
  }
}

TEST(DecodePng, ExpandsFewBitsAndPalettes) {
  PngFile gray;
  gray.width = 4;
  gray.color_type = PNG_COLOR_TYPE_GRAY;
  gray.bit_depth = 2;
  // 0, 1, 2, 3 of at most 3.
  gray.rows = {0b00011011};
  EXPECT_EQ(decode(encode_png(gray))->pixels, (Pixels{0, 85, 170, 255}));

  PngFile indexed;
  indexed.width = 3;
  indexed.color_type = PNG_COLOR_TYPE_PALETTE;
  indexed.palette = {10, 20, 30, 40, 50, 60};
  indexed.rows = {1, 0, 1};
  const auto image = decode(encode_png(indexed));
  ASSERT_TRUE(image);
  EXPECT_EQ(image->shape, (ImageShape{3, 1, 3}));
  EXPECT_EQ(image->pixels, (Pixels{40, 10, 40, 50, 20, 50, 60, 30, 60}));
}

TEST(DecodePng, LeavesOutAlphaOnlyWhereItIsOpaque) {
  PngFile file;
  file.width = 2;
  file.color_type = PNG_COLOR_TYPE_RGB_ALPHA;
  file.rows = {1, 2, 3, 255, 4, 5, 6, 255};
  EXPECT_EQ(decode(encode_png(file))->pixels, (Pixels{1, 4, 2, 5, 3, 6}));
  file.rows.back() = 254;
  EXPECT_EQ(message(encode_png(file)), "an image with transparent pixels");

  file.color_type = PNG_COLOR_TYPE_GRAY_ALPHA;
  file.rows = {9, 255, 8, 255};
  EXPECT_EQ(decode(encode_png(file))->pixels, (Pixels{9, 8}));

  file.color_type = PNG_COLOR_TYPE_PALETTE;
  file.palette = {10, 20, 30, 40, 50, 60};
  file.palette_alpha = {0};
  file.rows = {1, 1};
  EXPECT_EQ(decode(encode_png(file))->pixels, (Pixels{40, 40, 50, 50, 60, 60}));
  file.rows = {1, 0};
  EXPECT_EQ(message(encode_png(file)), "an image with transparent pixels");
}

TEST(DecodePng, RefusesWhatWouldLoseSomething) {
  PngFile deep;
  deep.bit_depth = 16;
  deep.rows = {1, 0};
  EXPECT_EQ(message(encode_png(deep)), "an image of 16 bits a sample");
  PngFile animated = rgb_png();
  animated.animated = true;
  EXPECT_EQ(message(encode_png(animated)), "an animated image");
}

TEST(DecodePng, ChecksTheSizeBeforeDecoding) {
  const auto image = decode(png_bomb(50000, 50000));
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().kind, ErrorKind::limit);
  EXPECT_EQ(image.error().message(),
            "an image of 50000 x 50000 pixels; at most 67 million are decoded");
  // 8192 x 8192 is the most; so this one fails for its missing pixels.
  EXPECT_EQ(message(png_bomb(8192, 8193)),
            "an image of 8192 x 8193 pixels; at most 67 million are decoded");
  EXPECT_NE(message(png_bomb(8192, 8192)).find("PNG data"), std::string::npos);
}

TEST(DecodePng, NoticesDamage) {
  const std::string file = encode_png(rgb_png());
  expect_truncations_fail(file, "the PNG data end too early");
  // A flip in the length of a chunk that ends the file early, or in its checksum, is an error too.
  EXPECT_EQ(count_decoded_bit_flips(file), 0U);
}

TEST(DecodeJpeg, KeepsFlatBlocks) {
  const auto image = decode(encode_jpeg(gray_jpeg()));
  ASSERT_TRUE(image);
  EXPECT_EQ(image->shape, (ImageShape{1, 8, 16}));
  EXPECT_EQ(image->pixels, gray_jpeg().pixels);
}

// Red is Y = 76.2, Cb = 85.0, Cr = 255.5, stored as 76, 85, 255. Back: R = 76 + 1.402 * 127 =
// 254.05, G = 76 + 0.344 * 43 - 0.714 * 127 = 0.1, B = 76 - 1.772 * 43 = -0.2.
TEST(DecodeJpeg, ConvertsColours) {
  JpegFile file;
  file.width = 8;
  file.height = 8;
  file.components = 3;
  for (int i = 0; i < 64; ++i) file.pixels.insert(file.pixels.end(), {255, 0, 0});
  const auto image = decode(encode_jpeg(file));
  ASSERT_TRUE(image);
  Pixels expected(3 * 64, 0);
  std::fill_n(expected.begin(), 64, 254);
  EXPECT_EQ(image->shape, (ImageShape{3, 8, 8}));
  EXPECT_EQ(image->pixels, expected);
}

TEST(DecodeJpeg, RefusesCmyk) {
  JpegFile file;
  file.components = 4;
  file.pixels = {1, 2, 3, 4};
  EXPECT_EQ(message(encode_jpeg(file)), "a CMYK image; its colours depend on a printer");
}

TEST(DecodeJpeg, ChecksTheSizeBeforeDecoding) {
  std::string file = encode_jpeg(gray_jpeg());
  // Start of frame: marker, length, precision, then height and width.
  const std::size_t frame = file.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  file.replace(frame + 5, 4, "\xea\x60\xea\x60");
  EXPECT_EQ(message(file), "an image of 60000 x 60000 pixels; at most 67 million are decoded");
}

TEST(DecodeJpeg, NoticesAnEarlyEnd) {
  expect_truncations_fail(encode_jpeg(gray_jpeg()), "the JPEG data end too early");
}

TEST(DecodeJpeg, SurvivesBitFlips) {
  const std::string file = encode_jpeg(gray_jpeg());
  // Tables and unused header bits can change without notice.
  EXPECT_LT(count_decoded_bit_flips(file), file.size() * 8);
}

// Every repetition of a scan is a pass over the whole image.
TEST(DecodeJpeg, LimitsTheNumberOfScans) {
  JpegFile source = gray_jpeg();
  source.progressive = true;
  const std::string file = encode_jpeg(source);
  ASSERT_TRUE(decode(file));
  const std::size_t scan = file.rfind("\xff\xda");
  const std::string last = file.substr(scan, file.size() - 2 - scan);
  std::string bomb = file.substr(0, scan);
  for (int i = 0; i < 600; ++i) bomb += last;
  bomb += "\xff\xd9";
  EXPECT_EQ(message(bomb), "damaged JPEG data: more than 500 scans");
}

TEST(DecodeJpeg, TellsAnExifRotation) {
  JpegFile file = gray_jpeg();
  EXPECT_FALSE(decode(encode_jpeg(file))->asks_for_rotation);
  for (const bool little : {false, true}) {
    file.exif_is_little_endian = little;
    file.exif_orientation = 6;
    EXPECT_TRUE(decode(encode_jpeg(file))->asks_for_rotation);
    EXPECT_EQ(decode(encode_jpeg(file))->shape, (ImageShape{1, 8, 16}));
    file.exif_orientation = 1;
    EXPECT_FALSE(decode(encode_jpeg(file))->asks_for_rotation);
  }
}

TEST(DecodeImage, NamesOtherFormats) {
  EXPECT_EQ(message(""), "an empty file");
  EXPECT_EQ(message("GIF89a"), "a GIF image, neither JPEG nor PNG");
  EXPECT_EQ(message("<!DOCTYPE html>"), "an HTML or XML text, neither JPEG nor PNG");
  EXPECT_EQ(message("version https://git-lfs.github.com/spec/v1"),
            "a git-lfs pointer, neither JPEG nor PNG");
  EXPECT_EQ(message("hello"), "neither a JPEG nor a PNG image");
}

}  // namespace
}  // namespace rcc

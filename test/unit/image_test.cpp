#include "backends/torch/data/image.h"

#include <gtest/gtest.h>

#include <numeric>

namespace rcc {
namespace {

using Pixels = std::vector<std::uint8_t>;

Image gray(std::uint32_t height, std::uint32_t width, Pixels pixels) {
  Image image;
  image.shape = {1, height, width};
  image.pixels = std::move(pixels);
  return image;
}

Pixels resized(const Image& image, std::uint32_t height, std::uint32_t width) {
  const Image result = resize_bilinear(image, height, width);
  EXPECT_EQ(result.shape, (ImageShape{image.shape.channels, height, width}));
  return result.pixels;
}

// Output centres in source coordinates: 0.25, 0.75, 1.25, 1.75; the source centres are 0.5 and 1.5.
// 0.75 is a quarter of the way: 0.75 * 0 + 0.25 * 100 = 25. The ends lie outside and repeat.
TEST(ResizeBilinear, EnlargesWithHalfPixelCentres) {
  EXPECT_EQ(resized(gray(1, 2, {0, 100}), 1, 4), (Pixels{0, 25, 75, 100}));
  EXPECT_EQ(resized(gray(2, 1, {0, 100}), 4, 1), (Pixels{0, 25, 75, 100}));
}

// Scale 2, so the triangle reaches 2 to each side. Around 1.0: weights 0.75, 0.75, 0.25 over 1.75,
// that is (3 * 0 + 3 * 70 + 140) / 7 = 50; around 3.0: (70 + 3 * 140 + 3 * 210) / 7 = 160.
// Without antialiasing it would be 35 and 175.
TEST(ResizeBilinear, ShrinksWithAWiderTriangle) {
  EXPECT_EQ(resized(gray(1, 4, {0, 70, 140, 210}), 1, 2), (Pixels{50, 160}));
  EXPECT_EQ(resized(gray(4, 1, {0, 70, 140, 210}), 2, 1), (Pixels{50, 160}));
}

// PIL 11: Image.fromarray((numpy.arange(20) ** 2 % 251).astype("uint8").reshape(4, 5))
//      .resize((3, 7), Image.BILINEAR)
TEST(ResizeBilinear, AgreesWithPil) {
  Pixels pixels(20);
  for (unsigned i = 0; i < 20; ++i) pixels[i] = static_cast<std::uint8_t>(i * i % 251);
  EXPECT_EQ(resized(gray(4, 5, pixels), 7, 3),
            (Pixels{0,   4,   13,  11,  20,  35, 28,  46,  70, 70, 97,
                    129, 111, 136, 178, 123, 76, 126, 131, 38, 94}));
}

TEST(ResizeBilinear, KeepsPlanesApart) {
  Image image;
  image.shape = {3, 1, 2};
  image.pixels = {0, 100, 50, 50, 200, 0};
  EXPECT_EQ(resized(image, 1, 4), (Pixels{0, 25, 75, 100, 50, 50, 50, 50, 200, 150, 50, 0}));
}

TEST(ResizeBilinear, KeepsFlatAndUnchangedImages) {
  EXPECT_EQ(resized(gray(3, 3, Pixels(9, 255)), 7, 2), Pixels(14, 255));
  EXPECT_EQ(resized(gray(2, 2, {1, 2, 3, 4}), 2, 2), (Pixels{1, 2, 3, 4}));
}

// (19595 * 255 + 32768) / 65536 = 76.7, and likewise 150.2 and 29.6, rounded down.
TEST(ConvertChannels, TurnsColoursIntoLuma) {
  Image image;
  image.shape = {3, 1, 4};
  image.pixels = {255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255};
  const Image converted = convert_channels(image, Channels::gray);
  EXPECT_EQ(converted.shape, (ImageShape{1, 1, 4}));
  EXPECT_EQ(converted.pixels, (Pixels{76, 150, 29, 255}));
}

TEST(ConvertChannels, RepeatsGray) {
  const Image converted = convert_channels(gray(1, 2, {7, 9}), Channels::rgb);
  EXPECT_EQ(converted.shape, (ImageShape{3, 1, 2}));
  EXPECT_EQ(converted.pixels, (Pixels{7, 9, 7, 9, 7, 9}));
}

TEST(ConvertChannels, LeavesWhatFitsAlone) {
  EXPECT_EQ(convert_channels(gray(1, 2, {7, 9}), Channels::gray).pixels, (Pixels{7, 9}));
}

}  // namespace
}  // namespace rcc

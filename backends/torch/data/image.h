#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rcc {

struct ImageShape {
  std::uint32_t channels = 0;
  std::uint32_t height = 0;
  std::uint32_t width = 0;

  std::size_t plane() const { return std::size_t{height} * width; }
  std::size_t size() const { return channels * plane(); }
  bool operator==(const ImageShape&) const = default;
};

enum class Channels : std::uint8_t { gray, rgb };
inline std::uint32_t channel_count(Channels channels) { return channels == Channels::gray ? 1 : 3; }

// Eight bits a sample, one plane per channel (CHW): gray, or red, green, blue.
struct Image {
  ImageShape shape;
  std::vector<std::uint8_t> pixels;
  // The file asks for a rotation or reflection (EXIF), which is not carried out: neither do the
  // usual training pipelines.
  bool asks_for_rotation = false;
};

// Gray becomes three equal planes; colours become luma, 0.299 R + 0.587 G + 0.114 B in 16-bit fixed
// point, as PIL converts to "L".
Image convert_channels(Image image, Channels channels);

// Bilinear with half-pixel centres, along the rows and then along the columns. When shrinking it is
// antialiased: the triangle widens with the scale, so that every source pixel counts. Bit for bit
// what BILINEAR of PIL 11, and so torchvision's Resize, gives; PIL 13 takes the columns first for
// some sizes, which changes a few pixels by 1.
Image resize_bilinear(Image image, std::uint32_t height, std::uint32_t width);

}  // namespace rcc

#include "backends/torch/data/image.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rcc {

namespace {

// What one output pixel takes from a line: weights of the source pixels from `first` on, in units
// of 2^-kWeightBits.
struct Taps {
  std::size_t first = 0;
  std::vector<std::int32_t> weights;
};

// 8 bits for the pixel, 2 for sign and overshoot.
constexpr int kWeightBits = 32 - 8 - 2;

std::vector<Taps> triangle_taps(std::size_t source_size, std::size_t size) {
  const double scale = static_cast<double>(source_size) / static_cast<double>(size);
  const double radius = std::max(scale, 1.0);
  const double slope = 1.0 / radius;
  std::vector<Taps> all(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const auto first = static_cast<std::size_t>(std::max(center - radius + 0.5, 0.0));
    const auto last = std::min(static_cast<std::size_t>(center + radius + 0.5), source_size);
    std::vector<double> weights;
    double sum = 0.0;
    for (std::size_t x = first; x < last; ++x) {
      const double distance = (static_cast<double>(x) - center + 0.5) * slope;
      weights.push_back(std::max(1.0 - std::abs(distance), 0.0));
      sum += weights.back();
    }
    all[i].first = first;
    for (const double weight : weights)
      all[i].weights.push_back(
          static_cast<std::int32_t>(std::floor(weight / sum * (1 << kWeightBits) + 0.5)));
  }
  return all;
}

// Resamples `lines` lines of which pixel x of line y lies at source[y * line_step + x * step].
struct Layout {
  std::size_t lines;
  std::size_t line_step;
  std::size_t step;
};

void resample(const std::uint8_t* source, const Layout& from, std::uint8_t* target,
              const Layout& to, const std::vector<Taps>& taps) {
  for (std::size_t y = 0; y < from.lines; ++y) {
    for (std::size_t x = 0; x < taps.size(); ++x) {
      const std::uint8_t* pixel = source + y * from.line_step + taps[x].first * from.step;
      std::int32_t sum = 1 << (kWeightBits - 1);
      for (const std::int32_t weight : taps[x].weights) {
        sum += *pixel * weight;
        pixel += from.step;
      }
      target[y * to.line_step + x * to.step] =
          static_cast<std::uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
    }
  }
}

}  // namespace

Image convert_channels(Image image, Channels channels) {
  const std::size_t plane = image.shape.plane();
  if (image.shape.channels == channel_count(channels)) return image;
  image.shape.channels = channel_count(channels);
  if (channels == Channels::rgb) {
    image.pixels.resize(3 * plane);
    for (std::size_t c = 1; c < 3; ++c)
      std::copy_n(image.pixels.begin(), plane,
                  image.pixels.begin() + static_cast<std::ptrdiff_t>(c * plane));
    return image;
  }
  for (std::size_t i = 0; i < plane; ++i) {
    const std::uint32_t red = image.pixels[i];
    const std::uint32_t green = image.pixels[plane + i];
    const std::uint32_t blue = image.pixels[2 * plane + i];
    // The three weights add up to 2^16.
    const std::uint32_t luma = 19595 * red + 38470 * green + 7471 * blue + 0x8000;
    image.pixels[i] = static_cast<std::uint8_t>(luma >> 16);
  }
  image.pixels.resize(plane);
  return image;
}

Image resize_bilinear(Image image, std::uint32_t height, std::uint32_t width) {
  const ImageShape from = image.shape;
  if (from.height == height && from.width == width) return image;
  const ImageShape wide{from.channels, from.height, width};
  const ImageShape to{from.channels, height, width};
  // Along the rows, then along the columns, eight bits between.
  if (wide != from) {
    std::vector<std::uint8_t> pixels(wide.size());
    resample(image.pixels.data(), {std::size_t{from.channels} * from.height, from.width, 1},
             pixels.data(), {0, width, 1}, triangle_taps(from.width, width));
    image.pixels = std::move(pixels);
  }
  if (to != wide) {
    std::vector<std::uint8_t> pixels(to.size());
    const std::vector<Taps> taps = triangle_taps(from.height, height);
    for (std::size_t c = 0; c < from.channels; ++c)
      resample(image.pixels.data() + c * wide.plane(), {width, 1, width},
               pixels.data() + c * to.plane(), {0, 1, width}, taps);
    image.pixels = std::move(pixels);
  }
  image.shape = to;
  return image;
}

}  // namespace rcc

#include "backends/torch/data/batch.h"

#include <algorithm>
#include <numeric>

#include "ir/support/random.h"

namespace rcc {

namespace {

// Where the window of an augmented image begins, seen from the image's corner, and whether it is
// mirrored.
struct Window {
  std::int64_t top = 0;
  std::int64_t left = 0;
  bool mirrored = false;
};

constexpr std::uint64_t kDrawsPerSample = 3;

Window draw_window(const RandomStream& stream, std::uint64_t sample, const Augmentation& wanted) {
  const std::uint64_t first = sample * kDrawsPerSample;
  const auto padding = std::int64_t{wanted.crop_padding};
  const auto places = static_cast<std::uint64_t>(2 * padding + 1);
  return {static_cast<std::int64_t>(stream.below(first, places)) - padding,
          static_cast<std::int64_t>(stream.below(first + 1, places)) - padding,
          wanted.flip && stream.below(first + 2, 2) == 1};
}

void fill_window(const std::uint8_t* plane, const ImageShape& shape, const Window& window,
                 const std::array<float, 256>& values, float* out) {
  const auto height = std::int64_t{shape.height};
  const auto width = std::int64_t{shape.width};
  for (std::int64_t y = 0; y < height; ++y, out += width) {
    const std::int64_t row = y + window.top;
    if (row < 0 || row >= height) {
      std::fill_n(out, width, values[0]);
      continue;
    }
    for (std::int64_t x = 0; x < width; ++x) {
      const std::int64_t column = x + window.left;
      const bool inside = column >= 0 && column < width;
      out[x] = values[inside ? plane[row * width + column] : 0];
    }
    if (window.mirrored) std::reverse(out, out + width);
  }
}

}  // namespace

BatchFiller::BatchFiller(const DataSet& set) : set_(set), values_(set.shape.channels) {
  for (std::size_t c = 0; c < values_.size(); ++c)
    for (std::size_t pixel = 0; pixel < 256; ++pixel)
      values_[c][pixel] =
          static_cast<float>((static_cast<double>(pixel) / 255.0 - set.mean[c]) / set.std[c]);
}

void BatchFiller::fill(std::span<const std::uint32_t> samples, std::span<float> images) const {
  RCC_CHECK(images.size() == samples.size() * set_.shape.size());
  float* out = images.data();
  for (const std::uint32_t sample : samples) {
    RCC_CHECK(sample < set_.count());
    const std::uint8_t* pixel = set_.image(sample).data();
    for (const auto& values : values_)
      for (std::size_t i = 0; i < set_.shape.plane(); ++i) *out++ = values[*pixel++];
  }
}

void BatchFiller::fill_augmented(std::span<const std::uint32_t> samples, std::uint64_t seed,
                                 std::uint64_t epoch, std::span<float> images) const {
  RCC_CHECK(images.size() == samples.size() * set_.shape.size());
  const RandomStream stream(seed, "augment", epoch);
  const std::size_t plane = set_.shape.plane();
  float* out = images.data();
  for (const std::uint32_t sample : samples) {
    RCC_CHECK(sample < set_.count());
    const Window window = draw_window(stream, sample, set_.augmentation);
    const std::uint8_t* pixels = set_.image(sample).data();
    for (std::size_t c = 0; c < values_.size(); ++c, out += plane)
      fill_window(pixels + c * plane, set_.shape, window, values_[c], out);
  }
}

void BatchFiller::fill_labels(std::span<const std::uint32_t> samples,
                              std::span<std::int64_t> labels) const {
  RCC_CHECK(labels.size() == samples.size());
  std::transform(samples.begin(), samples.end(), labels.begin(),
                 [this](std::uint32_t sample) { return std::int64_t{set_.labels[sample]}; });
}

namespace {

void shuffle(std::vector<std::uint32_t>& samples, const RandomStream& stream) {
  for (std::size_t i = samples.size(); i > 1; --i)
    std::swap(samples[i - 1], samples[stream.below(i, i)]);
}

}  // namespace

std::vector<std::uint32_t> shuffled_samples(std::size_t count, std::uint64_t seed,
                                            std::uint64_t epoch) {
  std::vector<std::uint32_t> samples(count);
  std::iota(samples.begin(), samples.end(), 0U);
  shuffle(samples, RandomStream(seed, "shuffle", epoch));
  return samples;
}

std::vector<std::uint32_t> calibration_samples(const DataSet& set, std::size_t wanted,
                                               std::uint64_t seed) {
  const std::size_t count = set.count();
  std::vector<std::uint32_t> samples(count);
  std::iota(samples.begin(), samples.end(), 0U);
  const RandomStream stream(seed, "calibrate");
  shuffle(samples, stream);
  if (wanted >= count) return samples;
  // Class by class, random within each: evenly spaced places then give each class its share.
  std::vector<std::uint32_t> by_class = samples;
  std::stable_sort(by_class.begin(), by_class.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return set.labels[a] < set.labels[b]; });
  std::vector<bool> chosen(count);
  for (std::size_t i = 0; i < wanted; ++i)
    chosen[by_class[(2 * i + 1) * count / (2 * wanted)]] = true;
  std::erase_if(samples, [&](std::uint32_t sample) { return !chosen[sample]; });
  return samples;
}

}  // namespace rcc

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "backends/torch/data/data_set.h"

// Which samples, in which order, as which numbers. All of it is a function of (seed, epoch,
// sample): the same for every batch size, thread count and resumed run.

namespace rcc {

// Fills buffers with normalized float32 NCHW images. A pixel x becomes (x / 255 - mean) / std,
// computed in double and rounded once.
class BatchFiller {
 public:
  // The data set must outlive it.
  explicit BatchFiller(const DataSet& set);

  // Room for samples.size() * shape.size() numbers.
  void fill(std::span<const std::uint32_t> samples, std::span<float> images) const;

  // With the data set's augmentation: a crop out of the padded image, then perhaps a reflection.
  void fill_augmented(std::span<const std::uint32_t> samples, std::uint64_t seed,
                      std::uint64_t epoch, std::span<float> images) const;

  void fill_labels(std::span<const std::uint32_t> samples, std::span<std::int64_t> labels) const;

 private:
  const DataSet& set_;
  // The number for each of the 256 pixel values, per channel.
  std::vector<std::array<float, 256>> values_;
};

// 0 .. count - 1 in random order (Fisher-Yates).
std::vector<std::uint32_t> shuffled_samples(std::size_t count, std::uint64_t seed,
                                            std::uint64_t epoch);

// `wanted` samples (all if there are no more) for calibration, in random order: of each class its
// share of the data set, to the nearest whole number.
std::vector<std::uint32_t> calibration_samples(const DataSet& set, std::size_t wanted,
                                               std::uint64_t seed);

}  // namespace rcc

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backends/torch/data/image.h"
#include "backends/torch/data/sample_source.h"
#include "ir/support/hash.h"
#include "ir/support/result.h"

// Labelled images that stay in memory as bytes. Decoding, channel conversion and resizing happen
// once; cropping, flipping and normalizing happen when a batch is filled (batch.h).

namespace rcc {

struct ImageSize {
  std::uint32_t height = 0;
  std::uint32_t width = 0;
};

// Changes to training images, drawn anew for each sample and epoch.
struct Augmentation {
  // Pixels of value 0 added on each side before a window of the old size is cut out.
  std::uint32_t crop_padding = 0;
  // Mirror half of the images, left to right.
  bool flip = false;
};

struct DataSetSpec {
  // "images:FOLDER", "cifar10:DIR" or "idx:IMAGES,LABELS".
  std::string source;
  // Which of the files of cifar10.
  DataPart part = DataPart::train;
  Channels channels = Channels::rgb;
  // As in the files, which then must all have the same size.
  std::optional<ImageSize> resize;
  // One value per channel, of pixels in [0, 1]. Never guessed.
  std::vector<double> mean;
  std::vector<double> std;
  Augmentation augmentation;
  unsigned threads = 2;
  // For the pixels; 0: three quarters of the machine's memory.
  std::uint64_t max_bytes = 0;
};

struct DataSet {
  ImageShape shape;
  // Sample after sample, each CHW: together NCHW.
  std::unique_ptr<std::uint8_t[]> pixels;
  std::vector<std::uint32_t> labels;
  std::vector<std::string> class_names;
  std::vector<double> mean;
  std::vector<double> std;
  Augmentation augmentation;
  // Of shape, pixels, labels and class names; not of normalization and augmentation.
  Digest fingerprint;
  std::vector<Diagnostic> warnings;

  std::size_t count() const { return labels.size(); }
  std::span<const std::uint8_t> image(std::size_t sample) const {
    return {pixels.get() + sample * shape.size(), shape.size()};
  }
};

// Reads everything. Files that cannot be decoded are errors, of which the first 20 are told.
Result<DataSet> load_data_set(const DataSetSpec& spec);

// An error unless the model's scores are one per class.
Result<void> check_class_count(const DataSet& set, std::uint64_t model_classes);

// An error unless both have the same classes in the same order, so that a label means the same.
Result<void> check_same_classes(const DataSet& train, const DataSet& eval);

// How many samples of `b` are, pixel for pixel, also in `a`: images that leaked from training into
// evaluation.
std::size_t count_shared_images(const DataSet& a, const DataSet& b);

}  // namespace rcc

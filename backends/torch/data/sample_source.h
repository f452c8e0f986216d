#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "backends/torch/data/image.h"
#include "ir/support/result.h"

namespace rcc {

// The labelled images of one source, each still in its own size.
struct SampleSource {
  std::vector<std::string> class_names;
  // One per sample, below class_names.size().
  std::vector<std::uint32_t> labels;
  // Sample i; may be called from several threads.
  std::function<Result<Image>(std::size_t)> read;
  // Where sample i is, for messages.
  std::function<std::string(std::size_t)> place;
  std::vector<Diagnostic> warnings;
};

// folder/<class>/*.jpg, *.jpeg, *.png in any case; classes and files in the order of their bytes.
// Hidden names are passed over; what else is passed over is a warning.
Result<SampleSource> open_image_folder(const std::filesystem::path& folder);

enum class DataPart : std::uint8_t { train, test };

// The binary version of CIFAR-10: data_batch_*.bin, or test_batch.bin.
Result<SampleSource> open_cifar10(const std::filesystem::path& folder, DataPart part);

// MNIST's IDX files of unsigned bytes: images of N x H x W or N x C x H x W, labels of N. Classes
// are called "0", "1", ... up to the largest label.
Result<SampleSource> open_idx(const std::filesystem::path& images,
                              const std::filesystem::path& labels);

}  // namespace rcc

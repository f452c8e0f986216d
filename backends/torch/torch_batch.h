#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "backends/torch/data/batch.h"

namespace rcc {

struct Batch {
  // f32 [n, channels, height, width].
  at::Tensor images;
  // i64 [n].
  at::Tensor labels;
};

// Batches of a data set as tensors in main memory.
class BatchReader {
 public:
  explicit BatchReader(const DataSet& set) : set_(set), filler_(set) {}

  Batch read(std::span<const std::uint32_t> samples) const;
  Batch read_augmented(std::span<const std::uint32_t> samples, std::uint64_t seed,
                       std::uint64_t epoch) const;

 private:
  Batch allocate(std::span<const std::uint32_t> samples) const;

  const DataSet& set_;
  BatchFiller filler_;
};

}  // namespace rcc

#include "backends/torch/torch_batch.h"

#include <ATen/ops/empty.h>

namespace rcc {

namespace {

std::span<float> elements(const at::Tensor& tensor) {
  return {tensor.mutable_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

}  // namespace

Batch BatchReader::allocate(std::span<const std::uint32_t> samples) const {
  const auto count = static_cast<std::int64_t>(samples.size());
  const ImageShape& shape = set_.shape;
  Batch batch{at::empty({count, shape.channels, shape.height, shape.width}, at::dtype(at::kFloat)),
              at::empty({count}, at::dtype(at::kLong))};
  filler_.fill_labels(samples, {batch.labels.mutable_data_ptr<std::int64_t>(), samples.size()});
  return batch;
}

Batch BatchReader::read(std::span<const std::uint32_t> samples) const {
  Batch batch = allocate(samples);
  filler_.fill(samples, elements(batch.images));
  return batch;
}

Batch BatchReader::read_augmented(std::span<const std::uint32_t> samples, std::uint64_t seed,
                                  std::uint64_t epoch) const {
  Batch batch = allocate(samples);
  filler_.fill_augmented(samples, seed, epoch, elements(batch.images));
  return batch;
}

}  // namespace rcc

#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "backends/torch/data/data_set.h"
#include "backends/torch/data/sample_source.h"

namespace rcc {

struct LoadedImages {
  ImageShape shape;
  std::unique_ptr<std::uint8_t[]> pixels;
  // Images whose files ask for a rotation that is not carried out.
  std::uint64_t asking_for_rotation = 0;
};

// Decodes, converts and resizes every sample of the source.
Result<LoadedImages> load_images(const SampleSource& source, const DataSetSpec& spec);

}  // namespace rcc

#pragma once

#include <cstdint>

#include "ir/graph.h"

namespace rcc {

enum class Stem : std::uint8_t {
  imagenet,  // 7x7, stride 2, then a max-pool
  cifar,     // 3x3, stride 1
};

struct ZooOptions {
  std::int64_t channels = 3;
  std::int64_t height = 32;
  std::int64_t width = 32;
  std::int64_t classes = 10;
  Stem stem = Stem::imagenet;
  std::uint64_t seed = 0;
};

// ResNet-18 (He et al. 2015) with torchvision's topology and names, untrained: He initialisation of
// convolutions, BatchNorm that does nothing yet. The batch is the symbol N.
Result<Graph> make_resnet18(const ZooOptions& options);

}  // namespace rcc

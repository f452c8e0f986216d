#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "ir/support/result.h"

namespace rcc {

// A part of the model file.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// A serialised model without its big payloads, which stay in the file.
struct ModelSkeleton {
  std::string bytes;
  // Raw data of the graph's initializers, by their index.
  std::map<std::uint32_t, Extent> initializers;
  // Raw data of tensor attributes of the graph's nodes, by index of node and attribute.
  std::map<std::pair<std::uint32_t, std::uint32_t>, Extent> attributes;

  std::optional<Extent> initializer(int index) const;
  std::optional<Extent> attribute(int node, int index) const;
};

struct ScanLimits {
  // Smaller payloads stay in the skeleton.
  std::uint32_t min_payload = 256;
  std::uint32_t max_nodes = 1'000'000;
  // Fields of the model, and of its graph: bounds what the generated classes allocate.
  std::uint32_t max_fields = 4'000'000;
};

// Walks over the wire format once without copying payloads. `file` is smaller than 2 GiB.
Result<ModelSkeleton> scan_model(std::span<const std::byte> file, const ScanLimits& limits = {});

}  // namespace rcc

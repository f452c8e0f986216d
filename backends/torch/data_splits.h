#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "backends/torch/data/data_set.h"
#include "ir/support/result.h"
#include "passes/services.h"

namespace rcc {

// A split of the recipe's data: images in memory and which of them belong to it, in order.
struct SplitView {
  const DataSet* set = nullptr;
  std::span<const std::uint32_t> samples;
};

// The data sets of a recipe, each read when first asked for and then kept.
class DataSplits {
 public:
  explicit DataSplits(const ServiceConfig& config) : config_(config) {}
  DataSplits(const DataSplits&) = delete;
  DataSplits& operator=(const DataSplits&) = delete;

  Result<SplitView> view(DataSplit split);
  // Of contents, choice and order of samples, and preprocessing.
  Result<Digest> fingerprint(DataSplit split);

 private:
  struct Loaded {
    DataSet set;
    std::vector<std::uint32_t> all;
  };
  Result<const Loaded*> load(DataPart part);
  DataPart part_of(DataSplit split) const;

  const ServiceConfig& config_;
  std::optional<Loaded> train_;
  std::optional<Loaded> eval_;
  std::optional<std::vector<std::uint32_t>> calibrate_;
};

}  // namespace rcc

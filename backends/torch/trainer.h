#pragma once

#include "backends/torch/data_splits.h"
#include "backends/torch/executor.h"
#include "passes/services.h"

namespace rcc {

class TorchTrainer final : public Trainer {
 public:
  TorchTrainer(const ServiceConfig& config, DataSplits& splits, at::Device device)
      : config_(config), splits_(splits), device_(device) {}

  Result<TrainReport> train(Graph& graph, const Graph* teacher, const TrainOptions& options,
                            std::uint64_t seed) override;
  Result<std::uint64_t> reestimate_batch_norm(Graph& graph, std::int64_t samples,
                                              std::uint64_t seed) override;

 private:
  const ServiceConfig& config_;
  DataSplits& splits_;
  at::Device device_;
};

// Which of a split's samples are used, in the order that shuffling them once gives.
std::vector<std::uint32_t> first_of_shuffled(const SplitView& view, std::int64_t samples,
                                             std::uint64_t seed);

}  // namespace rcc

#pragma once

#include "backends/torch/data_splits.h"
#include "backends/torch/executor.h"
#include "passes/services.h"

namespace rcc {

class TorchEvaluator final : public Evaluator {
 public:
  TorchEvaluator(const ServiceConfig& config, DataSplits& splits, at::Device device)
      : config_(config), splits_(splits), device_(device) {}

  Result<Accuracy> accuracy(const Graph& graph, DataSplit split) override;
  Result<std::vector<ValueStatistics>> observe(const Graph& graph,
                                               std::span<const ValueId> values) override;
  Result<std::vector<ChannelMoments>> channel_moments(const Graph& graph,
                                                      std::span<const ValueId> values) override;
  Result<std::vector<Tensor>> run(const Graph& graph, std::span<const Tensor> inputs) override;

 private:
  // Called with the model's output and the labels of each batch.
  using BatchFunction =
      std::function<Result<void>(const at::Tensor& scores, const at::Tensor& labels)>;

  Result<void> for_each_batch(const Graph& graph, DataSplit split, std::string_view stage,
                              const std::vector<ValueId>& watched, const Executor::Watcher& watch,
                              const BatchFunction& use);

  const ServiceConfig& config_;
  DataSplits& splits_;
  at::Device device_;
};

}  // namespace rcc

#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backends/torch/kernel.h"
#include "ir/graph.h"
#include "ir/support/result.h"

namespace rcc {

struct ExecutorOptions {
  at::Device device = at::kCPU;
  bool is_training = false;
  // See KernelContext.
  std::optional<double> statistics_update = std::nullopt;
  // Images and convolution weights with channels innermost, which is much faster on CPUs.
  bool channels_last = true;
  // Values to hand to the watcher; nodes that only they need run too.
  std::vector<ValueId> watched = {};
};

// Runs a graph with LibTorch. Constants are copied to the device once. The graph must not change
// and must outlive the executor.
class Executor {
 public:
  using Watcher = std::function<Result<void>(ValueId, const at::Tensor&)>;

  // Errors name every node that cannot be run.
  static Result<Executor> create(const Graph& graph, const ExecutorOptions& options);

  // The graph's outputs for its inputs, in their orders. Watched values are handed over as they are
  // computed. Other values are freed after their last use.
  Result<std::vector<at::Tensor>> run(std::span<const at::Tensor> inputs,
                                      const Watcher& watch = {});

  // The tensor that stands for a constant; undefined when no node of the executor reads it.
  const at::Tensor& constant(const Value& value) const;
  // The trainer's parameters. Precondition: constant(value) is defined.
  void set_constant(const Value& value, at::Tensor tensor);
  void set_statistics_update(double share) { options_.statistics_update = share; }

 private:
  struct Step {
    const Node* node;
    Kernel kernel;
    // Values that nothing reads afterwards.
    std::vector<const Value*> frees;
  };

  Executor(const Graph& graph, const ExecutorOptions& options)
      : graph_(&graph), options_(options) {}
  Result<void> plan();
  Result<void> load_constants();
  Result<void> run_step(const Step& step, const Watcher& watch);
  Result<void> give(const Value& value, const Watcher& watch) const;

  const Graph* graph_;
  ExecutorOptions options_;
  std::vector<Step> steps_;
  IdMap<ValueId, bool> is_watched_;
  IdMap<ValueId, at::Tensor> tensors_;
};

// A value on the device, with channels innermost when it has four axes and this is asked for.
at::Tensor placed(const at::Tensor& tensor, const ExecutorOptions& options);

}  // namespace rcc

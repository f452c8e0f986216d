#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/torch/data_splits.h"
#include "backends/torch/executor.h"
#include "backends/torch/optimizer.h"
#include "backends/torch/precision.h"
#include "backends/torch/schedule.h"
#include "backends/torch/torch_batch.h"
#include "backends/torch/trainable.h"
#include "passes/services.h"

namespace rcc {

// One training from start to end. The graph gets its new weights when all steps are done, so that
// a failed training leaves it as it was.
class TrainingRun {
 public:
  TrainingRun(const ServiceConfig& config, const SplitView& view, const TrainOptions& options,
              std::uint64_t seed, at::Device device);

  Result<void> prepare(Graph& graph, const Graph* teacher);
  // Precondition: prepared. LibTorch's exceptions pass through.
  Result<TrainReport> run();

 private:
  struct Sums {
    double loss = 0;
    std::int64_t correct = 0;
    std::int64_t images = 0;
  };
  // A `tap` of the student and the value of the teacher that it is compared with.
  struct Hook {
    ValueId student;
    ValueId teacher;
  };

  Result<void> check_options(const Graph& graph) const;
  Result<void> find_hooks(const Graph& graph, const Graph* teacher);
  void add_parameters();
  void announce() const;
  Result<EpochReport> run_epoch(std::int64_t epoch);
  Result<void> run_step(std::int64_t epoch, std::int64_t step_of_epoch,
                        std::span<const std::uint32_t> order, Sums& sums);
  Result<at::Tensor> forward(const Batch& batch, at::Tensor& scores);
  Result<std::vector<at::Tensor>> run_executor(Executor& executor, const at::Tensor& images,
                                               IdMap<ValueId, at::Tensor>& taps);
  void report_progress(std::int64_t images_done, const Sums& sums) const;
  void write_back();

  const ServiceConfig& config_;
  const SplitView& view_;
  TrainOptions options_;
  std::uint64_t seed_;
  at::Device device_;
  PrecisionChoice precision_;
  std::vector<std::uint32_t> samples_;
  StepPlan plan_;
  std::int64_t steps_done_ = 0;
  std::int64_t images_done_ = 0;
  std::chrono::steady_clock::time_point start_;

  Graph* graph_ = nullptr;
  Trainable trainable_;
  std::vector<Hook> hooks_;
  std::optional<Executor> student_;
  std::optional<Executor> teacher_;
  BatchReader reader_;
  Optimizer optimizer_;
};

}  // namespace rcc

#include "backends/torch/trainer.h"

#include <c10/core/GradMode.h>

#include <algorithm>

#include "backends/torch/classifier.h"
#include "backends/torch/convert.h"
#include "backends/torch/torch_batch.h"
#include "backends/torch/trainable.h"
#include "backends/torch/training_run.h"

namespace rcc {

namespace {

// Of the shuffle that chooses the samples; epochs count from 0.
constexpr std::uint64_t kChoiceEpoch = UINT64_MAX;

}  // namespace

std::vector<std::uint32_t> first_of_shuffled(const SplitView& view, std::int64_t samples,
                                             std::uint64_t seed) {
  const std::size_t count = view.samples.size();
  if (samples <= 0 || static_cast<std::size_t>(samples) >= count)
    return {view.samples.begin(), view.samples.end()};
  std::vector<std::uint32_t> chosen = shuffled_samples(count, seed, kChoiceEpoch);
  chosen.resize(static_cast<std::size_t>(samples));
  for (std::uint32_t& sample : chosen) sample = view.samples[sample];
  return chosen;
}

Result<TrainReport> TorchTrainer::train(Graph& graph, const Graph* teacher,
                                        const TrainOptions& options, std::uint64_t seed) {
  const SplitView view = RCC_TRY(splits_.view(DataSplit::train));
  try {
    TrainingRun run(config_, view, options, seed, device_);
    RCC_TRY(run.prepare(graph, teacher));
    return run.run();
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    if (what.find("allocate") == std::string::npos)
      return fail(ErrorKind::input, "training: " + what);
    return fail(ErrorKind::limit, "training: " + what,
                "lower `batch`, and raise `accumulate` by the same factor");
  }
}

Result<std::uint64_t> TorchTrainer::reestimate_batch_norm(Graph& graph, std::int64_t samples,
                                                          std::uint64_t seed) {
  const SplitView view = RCC_TRY(splits_.view(DataSplit::train));
  const Classifier classifier = RCC_TRY(as_classifier(graph, *view.set));
  const std::vector<std::uint32_t> chosen = first_of_shuffled(view, samples, seed);
  separate_statistics(graph);
  const c10::NoGradGuard no_gradients;
  Executor executor = RCC_TRY(Executor::create(graph, {.device = device_, .is_training = true}));
  const BatchReader reader(*view.set);
  const auto batch = static_cast<std::size_t>(classifier.fixed_batch.value_or(config_.data.batch));
  for (std::size_t done = 0; done < chosen.size();) {
    const std::size_t count = std::min(batch, chosen.size() - done);
    // A single image has no variance, and a fixed batch cannot be smaller.
    if (done > 0 && (count < 2 || (classifier.fixed_batch && count < batch))) break;
    const Batch images = reader.read(std::span(chosen).subspan(done, count));
    done += count;
    executor.set_statistics_update(static_cast<double>(count) / static_cast<double>(done));
    RCC_TRY(executor.run({&images.images, 1}));
    if (config_.on_progress)
      config_.on_progress({.stage = "reestimate batch norm", .done = done, .total = chosen.size()});
  }
  std::uint64_t nodes = 0;
  for (Node& node : graph.nodes()) {
    if (!node.is(OpKind::batch_norm)) continue;
    ++nodes;
    for (const std::size_t operand : {3, 4}) {
      Value* value = node.operand(operand);
      if (value->is_constant() && executor.constant(*value).defined())
        graph.set_tensor(*value, from_torch(executor.constant(*value), value->type().dtype));
    }
  }
  return nodes;
}

}  // namespace rcc

#include "backends/torch/evaluator.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/aminmax.h>
#include <ATen/ops/cat.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>

#include "backends/torch/classifier.h"
#include "backends/torch/convert.h"
#include "backends/torch/histogram.h"
#include "backends/torch/torch_batch.h"

namespace rcc {

namespace {

using Clock = std::chrono::steady_clock;

// The class of the first greatest score is the label. A row with a NaN has no greatest score.
std::uint64_t count_correct(const at::Tensor& scores, const at::Tensor& labels) {
  const std::int64_t count = labels.size(0);
  const at::Tensor dense = scores.to(at::kCPU, at::kFloat).contiguous().reshape({count, -1});
  const std::int64_t classes = dense.size(1);
  const float* row = dense.const_data_ptr<float>();
  const std::int64_t* label = labels.const_data_ptr<std::int64_t>();
  std::uint64_t correct = 0;
  for (std::int64_t i = 0; i < count; ++i, row += classes) {
    const bool has_nan = std::any_of(row, row + classes, [](float x) { return x != x; });
    const std::int64_t best = std::max_element(row, row + classes) - row;
    correct += !has_nan && best == label[i];
  }
  return correct;
}

// Repeats the last image until the batch has `size`.
at::Tensor filled_up(const at::Tensor& images, std::int64_t size) {
  const std::int64_t count = images.size(0);
  if (count == size) return images;
  std::vector<std::int64_t> shape = images.sizes().vec();
  shape[0] = size - count;
  return at::cat({images, images.narrow(0, count - 1, 1).expand(shape)});
}

// The values of a tensor in whatever order they lie in memory.
at::Tensor any_order(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().to(at::kCPU, at::kFloat);
  return values.is_non_overlapping_and_dense() ? values : values.contiguous();
}

Result<void> observe_batch(const Value& value, const at::Tensor& tensor, Histogram& histogram) {
  if (tensor.numel() == 0) return {};
  const at::Tensor values = any_order(tensor);
  const auto [low, high] = at::aminmax(values);
  const float minimum = low.item<float>();
  const float maximum = high.item<float>();
  if (!std::isfinite(minimum) || !std::isfinite(maximum))
    return fail(ErrorKind::input,
                fmt::format("value `{}` is not finite on the calibration images (min {}, max {})",
                            value.name(), minimum, maximum),
                "check the model's weights and [data] normalize");
  histogram.cover(minimum, maximum);
  const std::span<const float> all(values.const_data_ptr<float>(),
                                   static_cast<std::size_t>(values.numel()));
  std::mutex guard;
  at::parallel_for(0, values.numel(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::uint64_t> counts(histogram.bin_count());
    histogram.count(
        all.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)),
        counts);
    const std::lock_guard lock(guard);
    histogram.add(counts);
  });
  return {};
}

// Sums over all axes but the channels' (axis 1, or 0 for vectors), in float64.
void add_moments(const at::Tensor& tensor, ChannelMoments& moments, std::uint64_t& count) {
  const at::Tensor values = tensor.detach().to(at::kCPU, at::kDouble);
  const std::int64_t axis = values.dim() > 1 ? 1 : 0;
  const at::Tensor rows = values.movedim(axis, 0).reshape({values.size(axis), -1});
  const at::Tensor sums = rows.sum(1).contiguous();
  const at::Tensor squares = (rows * rows).sum(1).contiguous();
  const auto channels = static_cast<std::size_t>(rows.size(0));
  moments.mean.resize(channels);
  moments.variance.resize(channels);
  for (std::size_t i = 0; i < channels; ++i) {
    moments.mean[i] += sums.const_data_ptr<double>()[i];
    moments.variance[i] += squares.const_data_ptr<double>()[i];
  }
  count += static_cast<std::uint64_t>(rows.size(1));
}

void finish_moments(ChannelMoments& moments, std::uint64_t count) {
  const double scale = count == 0 ? 0 : 1.0 / static_cast<double>(count);
  for (std::size_t i = 0; i < moments.mean.size(); ++i) {
    moments.mean[i] *= scale;
    moments.variance[i] =
        std::max(0.0, moments.variance[i] * scale - moments.mean[i] * moments.mean[i]);
  }
}

// Where each value first stands in a list of values, which may name one twice.
IdMap<ValueId, std::size_t> first_places(const Graph& graph, std::span<const ValueId> values) {
  IdMap<ValueId, std::size_t> places;
  for (std::size_t i = values.size(); i-- > 0;) {
    RCC_CHECK(graph.value(values[i]) != nullptr);
    places[values[i]] = i;
  }
  return places;
}

}  // namespace

Result<void> TorchEvaluator::for_each_batch(const Graph& graph, DataSplit split,
                                            std::string_view stage,
                                            const std::vector<ValueId>& watched,
                                            const Executor::Watcher& watch,
                                            const BatchFunction& use) {
  const SplitView view = RCC_TRY(splits_.view(split));
  const Classifier classifier = RCC_TRY(as_classifier(graph, *view.set));
  const c10::InferenceMode inference;
  Executor executor = RCC_TRY(Executor::create(graph, {.device = device_, .watched = watched}));
  const BatchReader reader(*view.set);
  const std::size_t total = view.samples.size();
  const auto batch_size =
      static_cast<std::size_t>(classifier.fixed_batch.value_or(config_.data.batch));
  const auto start = Clock::now();
  for (std::size_t done = 0; done < total;) {
    const std::size_t count = std::min(batch_size, total - done);
    const Batch batch = reader.read(view.samples.subspan(done, count));
    const at::Tensor images =
        classifier.fixed_batch ? filled_up(batch.images, *classifier.fixed_batch) : batch.images;
    const std::vector<at::Tensor> outputs = RCC_TRY(executor.run({&images, 1}, watch));
    if (use)
      RCC_TRY(use(outputs.front().narrow(0, 0, static_cast<std::int64_t>(count)), batch.labels));
    done += count;
    if (!config_.on_progress) continue;
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const double rate = static_cast<double>(done) / seconds;
    config_.on_progress({.stage = std::string(stage),
                         .done = done,
                         .total = total,
                         .images_per_second = rate,
                         .seconds_left = static_cast<double>(total - done) / rate});
  }
  return {};
}

Result<Accuracy> TorchEvaluator::accuracy(const Graph& graph, DataSplit split) {
  Accuracy accuracy;
  RCC_TRY(for_each_batch(graph, split, "evaluate", {}, {},
                         [&](const at::Tensor& scores, const at::Tensor& labels) -> Result<void> {
                           accuracy.correct += count_correct(scores, labels);
                           accuracy.total += static_cast<std::uint64_t>(labels.size(0));
                           return {};
                         }));
  return accuracy;
}

Result<std::vector<ValueStatistics>> TorchEvaluator::observe(const Graph& graph,
                                                             std::span<const ValueId> values) {
  const IdMap<ValueId, std::size_t> places = first_places(graph, values);
  std::vector<Histogram> histograms(values.size());
  const auto watch = [&](ValueId id, const at::Tensor& tensor) -> Result<void> {
    const Value& value = *graph.value(id);
    Histogram& first = histograms[places[id]];
    // A constant is the same in every batch.
    if (value.is_constant() && first.bin_count() > 0) return {};
    return observe_batch(value, tensor, first);
  };
  RCC_TRY(for_each_batch(graph, DataSplit::calibrate, "calibrate", {values.begin(), values.end()},
                         watch, {}));
  std::vector<ValueStatistics> statistics;
  for (const ValueId id : values) statistics.push_back(histograms[places[id]].statistics());
  return statistics;
}

Result<std::vector<ChannelMoments>> TorchEvaluator::channel_moments(
    const Graph& graph, std::span<const ValueId> values) {
  const IdMap<ValueId, std::size_t> places = first_places(graph, values);
  std::vector<ChannelMoments> moments(values.size());
  std::vector<std::uint64_t> counts(values.size());
  const auto watch = [&](ValueId id, const at::Tensor& tensor) -> Result<void> {
    const std::size_t place = places[id];
    add_moments(tensor, moments[place], counts[place]);
    return {};
  };
  RCC_TRY(for_each_batch(graph, DataSplit::calibrate, "observe channels",
                         {values.begin(), values.end()}, watch, {}));
  for (std::size_t i = 0; i < values.size(); ++i) finish_moments(moments[i], counts[i]);
  for (std::size_t i = 0; i < values.size(); ++i) moments[i] = moments[places[values[i]]];
  return moments;
}

Result<std::vector<Tensor>> TorchEvaluator::run(const Graph& graph,
                                                std::span<const Tensor> inputs) {
  if (inputs.size() != graph.inputs().size())
    return fail(ErrorKind::usage, fmt::format("the graph has {} inputs, but {} tensors were given",
                                              graph.inputs().size(), inputs.size()));
  const c10::InferenceMode inference;
  Executor executor = RCC_TRY(Executor::create(graph, {.device = device_}));
  std::vector<at::Tensor> tensors;
  for (const Tensor& input : inputs) tensors.push_back(to_torch(input, device_));
  const std::vector<at::Tensor> outputs = RCC_TRY(executor.run(tensors));
  std::vector<Tensor> results;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    DType dtype = graph.outputs()[i].value->type().dtype;
    if (dtype == DType::unknown) dtype = DType::f32;
    results.push_back(from_torch(outputs[i], dtype));
  }
  return results;
}

}  // namespace rcc

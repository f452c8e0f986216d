#include "backends/torch/training_run.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/ne.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "backends/torch/autocast.h"
#include "backends/torch/classifier.h"
#include "backends/torch/convert.h"
#include "backends/torch/device.h"
#include "backends/torch/loss.h"
#include "backends/torch/trainer.h"

namespace rcc {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<ValueId> watched_values(const auto& hooks, auto side) {
  std::vector<ValueId> values;
  for (const auto& hook : hooks) values.push_back(hook.*side);
  return values;
}

}  // namespace

TrainingRun::TrainingRun(const ServiceConfig& config, const SplitView& view,
                         const TrainOptions& options, std::uint64_t seed, at::Device device)
    : config_(config),
      view_(view),
      options_(options),
      seed_(seed),
      device_(device),
      precision_(choose_precision(options.precision, device_has_bf16(device))),
      samples_(first_of_shuffled(view, options.samples, seed)),
      plan_(plan_steps(options, static_cast<std::int64_t>(samples_.size()))),
      reader_(*view.set),
      optimizer_(options) {}

Result<void> TrainingRun::check_options(const Graph& graph) const {
  const Classifier classifier = RCC_TRY(as_classifier(graph, *view_.set));
  if (classifier.fixed_batch && *classifier.fixed_batch != options_.batch)
    return fail(ErrorKind::input,
                fmt::format("the model accepts batches of {} only, and `batch` is {}",
                            *classifier.fixed_batch, options_.batch),
                "export the model with a dynamic batch axis");
  if (options_.nesterov && options_.momentum == 0)
    return fail(ErrorKind::usage, "`nesterov` needs a `momentum` above 0", "set momentum = 0.9");
  return {};
}

Result<void> TrainingRun::find_hooks(const Graph& graph, const Graph* teacher) {
  for (const Node& node : graph.nodes()) {
    if (!node.is(OpKind::tap) || !teacher) continue;
    const std::string& wanted = node.attribute_string(attr::teacher);
    if (wanted.empty()) continue;
    const Value* value = teacher->find_value(wanted);
    if (!value)
      return fail(ErrorKind::input,
                  fmt::format("{}: the teacher has no value `{}`", node.label(), wanted),
                  "name a value of the teacher as `rcc inspect` prints it");
    hooks_.push_back({node.result()->id(), value->id()});
  }
  return {};
}

Result<void> TrainingRun::prepare(Graph& graph, const Graph* teacher) {
  graph_ = &graph;
  RCC_TRY(check_options(graph));
  separate_statistics(graph);
  trainable_ = RCC_TRY(find_trainable(graph));
  if (!options_.has_distill) teacher = nullptr;
  RCC_TRY(find_hooks(graph, teacher));
  student_ = RCC_TRY(Executor::create(graph, {.device = device_,
                                              .is_training = true,
                                              .channels_last = options_.channels_last,
                                              .watched = watched_values(hooks_, &Hook::student)}));
  if (teacher)
    teacher_ =
        RCC_TRY(Executor::create(*teacher, {.device = device_,
                                            .channels_last = options_.channels_last,
                                            .watched = watched_values(hooks_, &Hook::teacher)}));
  add_parameters();
  announce();
  return {};
}

void TrainingRun::add_parameters() {
  for (const Value* value : trainable_.parameters) {
    if (!student_->constant(*value).defined()) continue;
    const at::Tensor parameter = student_->constant(*value).detach().set_requires_grad(true);
    const at::Tensor mask =
        value->is_sparse() ? at::ne(parameter.detach(), 0).to(at::kFloat) : at::Tensor();
    optimizer_.add(parameter, mask, decays(*value));
    student_->set_constant(*value, parameter);
  }
}

void TrainingRun::announce() const {
  if (!config_.on_line) return;
  if (!precision_.note.empty()) config_.on_line(precision_.note);
  std::int64_t numbers = 0;
  for (const Value* value : trainable_.parameters) numbers += value->tensor().element_count();
  config_.on_line(fmt::format("training {} numbers in {} on {}, {} threads, {} steps of {} images",
                              numbers, precision_.name, device_.str(), at::get_num_threads(),
                              plan_.total_steps, options_.batch * options_.accumulate));
  if (!trainable_.frozen.empty())
    config_.on_line(fmt::format("{} integer weights stay as they are, `{}` first",
                                trainable_.frozen.size(), trainable_.frozen.front()->name()));
}

Result<TrainReport> TrainingRun::run() {
  TrainReport report;
  start_ = Clock::now();
  for (std::int64_t epoch = 0; steps_done_ < plan_.total_steps; ++epoch) {
    report.epochs.push_back(RCC_TRY(run_epoch(epoch)));
    if (!config_.on_line) continue;
    const EpochReport& done = report.epochs.back();
    config_.on_line(fmt::format(
        "epoch {:.4g}/{:.4g}: loss {:.4f}, train top-1 {:.2f} %, learning rate {:.3g}, {:.0f} "
        "images/s, {:.1f} s, peak memory {} MB",
        done.epoch, options_.epochs, done.loss, 100 * done.train_top1, done.learning_rate,
        done.images_per_second, done.seconds, peak_memory_bytes() >> 20));
  }
  write_back();
  report.peak_memory_bytes = peak_memory_bytes();
  report.precision = precision_.name;
  report.device = device_.str();
  return report;
}

Result<EpochReport> TrainingRun::run_epoch(std::int64_t epoch) {
  const Clock::time_point start = Clock::now();
  std::vector<std::uint32_t> order =
      shuffled_samples(samples_.size(), seed_, static_cast<std::uint64_t>(epoch));
  for (std::uint32_t& sample : order) sample = samples_[sample];
  Sums sums;
  std::int64_t steps = 0;
  double rate = 0;
  for (; steps < plan_.steps_per_epoch && steps_done_ < plan_.total_steps; ++steps) {
    RCC_TRY(run_step(epoch, steps, order, sums));
    rate = learning_rate_at(options_, plan_, steps_done_++);
    optimizer_.step(rate);
  }
  const double seconds = seconds_since(start);
  const auto images = static_cast<double>(sums.images);
  return EpochReport{
      .epoch = static_cast<double>(epoch) +
               static_cast<double>(steps) / static_cast<double>(plan_.steps_per_epoch),
      .loss = sums.loss / images,
      .learning_rate = rate,
      .train_top1 = static_cast<double>(sums.correct) / images,
      .seconds = seconds,
      .images_per_second = images / seconds};
}

// Sums the gradients of the step's batches, each weighted by its share of the step's images.
Result<void> TrainingRun::run_step(std::int64_t epoch, std::int64_t step_of_epoch,
                                   std::span<const std::uint32_t> order, Sums& sums) {
  const auto count = static_cast<std::int64_t>(order.size());
  const std::int64_t first_batch = step_of_epoch * options_.accumulate;
  const std::int64_t end_batch =
      std::min(first_batch + options_.accumulate, plan_.batches_per_epoch);
  const std::int64_t begin = first_batch * options_.batch;
  const std::int64_t end = std::min(end_batch * options_.batch, count);
  for (std::int64_t at = begin; at < end; at += options_.batch) {
    const std::int64_t images = std::min(options_.batch, end - at);
    const Batch batch = reader_.read_augmented(
        order.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(images)), seed_,
        static_cast<std::uint64_t>(epoch));
    at::Tensor scores;
    const at::Tensor loss = RCC_TRY(forward(batch, scores));
    const auto value = loss.item<double>();
    if (!std::isfinite(value))
      return fail(ErrorKind::input,
                  fmt::format("training: the loss became {} in step {} of {}", value,
                              steps_done_ + 1, plan_.total_steps),
                  fmt::format("lower `learning_rate` (now {}) or add `warmup_epochs`",
                              options_.learning_rate));
    (loss * (static_cast<double>(images) / static_cast<double>(end - begin))).backward();
    sums.loss += value * static_cast<double>(images);
    sums.correct +=
        at::argmax(scores.detach(), 1).to(at::kCPU).eq(batch.labels).sum().item<std::int64_t>();
    sums.images += images;
    images_done_ += images;
    report_progress(images_done_, sums);
  }
  return {};
}

Result<std::vector<at::Tensor>> TrainingRun::run_executor(Executor& executor,
                                                          const at::Tensor& images,
                                                          IdMap<ValueId, at::Tensor>& taps) {
  const AutocastScope autocast(device_.type(), precision_.uses_bf16);
  return executor.run({&images, 1}, [&](ValueId id, const at::Tensor& tensor) -> Result<void> {
    taps[id] = tensor;
    return {};
  });
}

Result<at::Tensor> TrainingRun::forward(const Batch& batch, at::Tensor& scores) {
  IdMap<ValueId, at::Tensor> student_taps;
  const std::int64_t images = batch.labels.size(0);
  const at::Tensor labels = batch.labels.to(device_);
  scores = RCC_TRY(run_executor(*student_, batch.images, student_taps)).front();
  scores = scores.to(at::kFloat).reshape({images, -1});
  const at::Tensor hard = classification_loss(scores, labels, options_.label_smoothing);
  if (!teacher_) return hard;

  IdMap<ValueId, at::Tensor> teacher_taps;
  at::Tensor target;
  {
    const c10::NoGradGuard no_gradients;
    target = RCC_TRY(run_executor(*teacher_, batch.images, teacher_taps)).front();
    target = target.to(at::kFloat).reshape({images, -1});
  }
  if (target.sizes() != scores.sizes())
    return fail(
        ErrorKind::input,
        fmt::format("the teacher has {} classes, the model {}", target.size(1), scores.size(1)),
        "distil from a model with the same classes");
  const double alpha = options_.distill.alpha;
  const at::Tensor soft = distillation_loss(scores, target, options_.distill.temperature);
  at::Tensor loss = hard * (1 - alpha) + soft * alpha;
  for (const Hook& hook : hooks_)
    loss = loss + feature_loss(student_taps[hook.student], teacher_taps[hook.teacher]);
  return loss;
}

void TrainingRun::report_progress(std::int64_t images_done, const Sums& sums) const {
  if (!config_.on_progress) return;
  const double share_of_epoch =
      static_cast<double>(plan_.total_steps) / static_cast<double>(plan_.steps_per_epoch);
  const auto total = static_cast<std::int64_t>(
      std::llround(share_of_epoch * static_cast<double>(plan_.images_per_epoch)));
  const double rate = static_cast<double>(images_done) / seconds_since(start_);
  const std::int64_t left = std::max<std::int64_t>(total - images_done, 0);
  config_.on_progress({.stage = "fine_tune",
                       .done = static_cast<std::uint64_t>(images_done),
                       .total = static_cast<std::uint64_t>(std::max(total, images_done)),
                       .images_per_second = rate,
                       .loss = sums.loss / static_cast<double>(sums.images),
                       .seconds_left = static_cast<double>(left) / rate});
}

void TrainingRun::write_back() {
  for (const auto* list : {&trainable_.parameters, &trainable_.statistics}) {
    for (Value* value : *list) {
      const at::Tensor& tensor = student_->constant(*value);
      if (tensor.defined()) graph_->set_tensor(*value, from_torch(tensor, DType::f32));
    }
  }
}

}  // namespace rcc

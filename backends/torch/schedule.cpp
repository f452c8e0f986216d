#include "backends/torch/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rcc {

StepPlan plan_steps(const TrainOptions& options, std::int64_t available_images) {
  StepPlan plan;
  plan.images_per_epoch =
      options.samples > 0 ? std::min(options.samples, available_images) : available_images;
  const std::int64_t rest = plan.images_per_epoch % options.batch;
  plan.batches_per_epoch = plan.images_per_epoch / options.batch + (rest > 1 ? 1 : 0);
  plan.batches_per_epoch = std::max<std::int64_t>(plan.batches_per_epoch, 1);
  plan.steps_per_epoch = (plan.batches_per_epoch + options.accumulate - 1) / options.accumulate;
  const auto steps = [&](double epochs) {
    return static_cast<std::int64_t>(
        std::llround(epochs * static_cast<double>(plan.steps_per_epoch)));
  };
  plan.total_steps = std::max<std::int64_t>(steps(options.epochs), 1);
  plan.warmup_steps = std::min(steps(options.warmup_epochs), plan.total_steps);
  return plan;
}

double learning_rate_at(const TrainOptions& options, const StepPlan& plan, std::int64_t step) {
  if (step < plan.warmup_steps)
    return options.learning_rate * static_cast<double>(step + 1) /
           static_cast<double>(plan.warmup_steps);
  if (options.schedule == "constant") return options.learning_rate;
  const double progress = static_cast<double>(step - plan.warmup_steps) /
                          static_cast<double>(plan.total_steps - plan.warmup_steps);
  if (options.schedule == "linear") return options.learning_rate * (1 - progress);
  return options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

}  // namespace rcc

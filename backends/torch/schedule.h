#pragma once

#include <cstdint>

#include "passes/services.h"

namespace rcc {

// How many optimizer steps a training takes and how they divide the images.
struct StepPlan {
  std::int64_t images_per_epoch = 0;
  std::int64_t batches_per_epoch = 0;
  std::int64_t steps_per_epoch = 0;
  std::int64_t total_steps = 0;
  std::int64_t warmup_steps = 0;
};

// The last batch of an epoch may be smaller, but not a single image: its batch statistics have no
// variance. Fractional epochs are rounded to whole steps, at least one.
StepPlan plan_steps(const TrainOptions& options, std::int64_t available_images);

// Linear from 1 / warmup_steps of the rate to all of it, then by the schedule: "cosine" and
// "linear" fall to 0 after the last step, "constant" stays.
double learning_rate_at(const TrainOptions& options, const StepPlan& plan, std::int64_t step);

}  // namespace rcc

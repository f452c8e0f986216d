#include "passes/services.h"

#include <cmath>

namespace rcc {

namespace {

struct Interval {
  double low = 0;
  double high = 0;
};

// The Wilson score interval of a share of successes. Wilson 1927; z of a two-sided 95 %.
Interval wilson(std::uint64_t successes, std::uint64_t trials) {
  if (trials == 0) return {0, 1};
  constexpr double z = 1.959963984540054;
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(successes) / n;
  const double scale = 1 + z * z / n;
  const double center = (share + z * z / (2 * n)) / scale;
  const double half = z / scale * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  // Exact at the ends, whatever the rounding.
  return {successes == 0 ? 0 : center - half, successes == trials ? 1 : center + half};
}

}  // namespace

double Accuracy::low() const { return wilson(correct, total).low; }
double Accuracy::high() const { return wilson(correct, total).high; }

void DataOptions::describe(OptionVisitor& v) {
  v.field("train", train, "images:FOLDER, cifar10:DIR or idx:IMAGES,LABELS, to train on");
  v.field("eval", eval, "images:FOLDER, cifar10:DIR or idx:IMAGES,LABELS, to measure accuracy on");
  v.table("calibrate", calibrate, has_calibrate, "which images ranges are observed on");
  v.table("normalize", normalize, has_normalize,
          "what is subtracted and divided by; never guessed");
  v.field("channels", channels, "how images are decoded", {.choices = {"rgb", "gray"}});
  v.field("resize", resize, "height and width; empty: as in the files", {.minimum = 1});
  v.field("crop_padding", crop_padding,
          "zero padding on each side before a random crop back, in training only",
          {.minimum = 0, .unit = "pixels"});
  v.field("flip", flip, "mirror half of the images left to right, in training only");
  v.field("batch", batch, "images evaluated at a time", {.minimum = 1});
}

void DistillOptions::describe(OptionVisitor& v) {
  v.field("teacher", teacher, "whom to learn from: the model as it was read",
          {.choices = {"original"}});
  v.field("temperature", temperature, "divides the logits of both before the softmax",
          {.minimum = 0, .excludes_minimum = true});
  v.field("alpha", alpha, "share of the distillation loss in the whole loss",
          {.minimum = 0, .maximum = 1});
}

void TrainOptions::describe(OptionVisitor& v) {
  v.field("epochs", epochs, "passes over the training data; parts count",
          {.minimum = 0, .excludes_minimum = true});
  v.field("batch", batch, "images a step", {.minimum = 1});
  v.field("learning_rate", learning_rate, "of SGD, at its highest",
          {.minimum = 0, .excludes_minimum = true});
  v.field("momentum", momentum, "of SGD", {.minimum = 0, .maximum = 1});
  v.field("nesterov", nesterov, "look ahead along the momentum");
  v.field("weight_decay", weight_decay, "pulls weights towards zero; not biases or BatchNorm",
          {.minimum = 0});
  v.field("warmup_epochs", warmup_epochs, "epochs in which the learning rate rises from zero",
          {.minimum = 0});
  v.field("schedule", schedule, "how the learning rate falls after the warm-up",
          {.choices = {"cosine", "linear", "constant"}});
  v.field("label_smoothing", label_smoothing, "share of each label spread over all classes",
          {.minimum = 0, .maximum = 1});
  v.field("accumulate", accumulate, "batches whose gradients are summed before a step",
          {.minimum = 1});
  v.field("precision", precision, "auto: bf16 where the device has it",
          {.choices = {"float32", "bf16", "auto"}});
  v.field("channels_last", channels_last, "memory order of activations, for speed");
  v.field("samples", samples, "train on the first this many images of the shuffled split; 0: all",
          {.minimum = 0});
  v.table("distill", distill, has_distill, "learn from a teacher besides the labels");
}

}  // namespace rcc

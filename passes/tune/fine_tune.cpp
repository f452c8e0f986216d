// Train the weights on, so that the model recovers what compression cost it.
//
// Stochastic gradient descent with momentum on the train split, by the backend. With a table
// `distill` the loss also pulls the logits towards those of the original model, the teacher:
//
//     (1 - alpha) * CE(student, labels) + alpha * T^2 * KL(teacher / T || student / T)
//
// Exact zeros of sparse constants stay zero, so pruned weights stay pruned. Quantizers are trained
// through with the straight-through estimator.
//
// Run it after a pass that removes something, before fold_batch_norm: a folded model trains worse.

#include <fmt/format.h>

#include "passes/pass.h"

namespace rcc {
namespace {

void add_facts(const TrainReport& report, std::vector<Fact>& facts) {
  std::int64_t number = 0;
  for (const EpochReport& epoch : report.epochs) {
    const auto add = [&](std::string_view name, double value) {
      facts.push_back({fmt::format("epoch.{}.{}", number, name), value});
    };
    ++number;
    add("epoch", epoch.epoch);
    add("loss", epoch.loss);
    add("learning_rate", epoch.learning_rate);
    add("train_top1", epoch.train_top1);
    add("seconds", epoch.seconds);
    add("images_per_second", epoch.images_per_second);
  }
  facts.push_back({"peak_memory_bytes", static_cast<std::int64_t>(report.peak_memory_bytes)});
  facts.push_back({"precision", report.precision});
  facts.push_back({"device", report.device});
}

Result<void> run(Graph& graph, const TrainOptions& options, PassContext& context) {
  Services* services = RCC_TRY(context.services());
  const Graph* teacher = options.has_distill ? &context.original() : nullptr;
  const TrainReport report =
      RCC_TRY(services->trainer().train(graph, teacher, options, context.seed()));
  add_facts(report, context.report().facts);
  std::string& summary = context.report().summary;
  summary = fmt::format("{:g} epochs", options.epochs);
  if (!report.epochs.empty())
    summary += fmt::format(", loss {:.4f}, train top-1 {:.2f} %", report.epochs.back().loss,
                           100 * report.epochs.back().train_top1);
  return {};
}

}  // namespace

PassDef fine_tune() {
  return graph_pass<TrainOptions>(
      {.effect = Effect::lossy, .needs_services = true, .is_idempotent = false}, run);
}

}  // namespace rcc

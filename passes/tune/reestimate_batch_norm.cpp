// Measure the running statistics of every BatchNorm anew, after a pass that changed its input.
//
// Removed channels and zeroed weights change the mean and the variance of what a BatchNorm
// reads; with the old ones its output is no longer normalized. Images of the train split go
// through the graph once, unchanged and without training, and each BatchNorm takes
//
//     mean = average over the batches of the mean of x
//     var  = average over the batches of the variance of x
//
// for each channel of x, which the BatchNorms before it have normalized by the batch. It costs a
// fraction of an epoch of fine_tune.
//
// Run it before fold_batch_norm.

#include <fmt/format.h>

#include "passes/pass.h"

namespace rcc {
namespace {

struct ReestimateOptions {
  std::int64_t samples = 0;

  void describe(OptionVisitor& v) {
    v.field("samples", samples, "images of the train split; 0: all of them", {.minimum = 0});
  }
};

bool has_batch_norm(const Graph& graph) {
  for (const Node& node : graph.nodes())
    if (node.is(OpKind::batch_norm)) return true;
  return false;
}

Result<void> run(Graph& graph, const ReestimateOptions& options, PassContext& context) {
  if (!has_batch_norm(graph)) {
    context.warn("the graph has no BatchNorm",
                 "many exporters fold it into the layer before; export with it, or leave this pass out");
    return {};
  }
  Services* services = RCC_TRY(context.services());
  const std::uint64_t count = RCC_TRY(
      services->trainer().reestimate_batch_norm(graph, options.samples, context.seed()));
  context.report().summary = fmt::format("statistics of {} BatchNorms measured", count);
  context.report().facts.push_back({"batch_norms", static_cast<std::int64_t>(count)});
  return {};
}

}  // namespace

PassDef reestimate_batch_norm() {
  return graph_pass<ReestimateOptions>(
      {.effect = Effect::lossy,
       .needs_services = true,
       .is_idempotent = false,
       .before = {{"fold_batch_norm", "a folded BatchNorm has no statistics of its own"}}},
      run);
}

}  // namespace rcc

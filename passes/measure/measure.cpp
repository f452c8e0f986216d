// Measure accuracy, parameters and multiply-accumulates, and hold them to gates.
//
// Changes nothing. Put it between passes to see what each cost; with a gate, a run that is past
// saving stops there instead of after the next hours of training. Accuracy is top-1 on the eval
// split and needs a backend; `accuracy = false` leaves it out.
//
// Shares are of the original model. For what must hold of the result, use [require].

#include <fmt/format.h>

#include "ir/cost.h"
#include "passes/pass.h"

namespace rcc {
namespace {

struct MeasureOptions {
  bool accuracy = true;
  std::optional<Fraction> min_top1;
  std::optional<Fraction> max_params;
  std::optional<Fraction> max_macs;
  void describe(OptionVisitor& v) {
    v.field("accuracy", accuracy, "evaluate on the eval split");
    v.field("min_top1", min_top1, "stop below this accuracy");
    v.field("max_params", max_params, "stop above this share of the original's parameters");
    v.field("max_macs", max_macs, "stop above this share of the original's multiply-accumulates");
  }
};

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

Result<void> check_share(std::string_view what, const std::optional<Fraction>& most, double value) {
  if (!most || value <= most->value) return {};
  return fail(ErrorKind::constraint,
              fmt::format("{} are {:.2f} % of the original's, at most {:g} % are allowed", what,
                          100 * value, 100 * most->value));
}

Result<void> measure_accuracy(const Graph& graph, const MeasureOptions& options,
                              PassContext& context) {
  if (!options.accuracy) {
    if (!options.min_top1) return {};
    return fail(ErrorKind::usage, "`min_top1` needs `accuracy = true`");
  }
  Services* services = RCC_TRY(context.services());
  const Accuracy found = RCC_TRY(services->evaluator().accuracy(graph, DataSplit::eval));
  PassReport& report = context.report();
  report.summary += fmt::format(", top-1 {:.2f} % ({:.2f} to {:.2f}, n = {})", 100 * found.top1(),
                                100 * found.low(), 100 * found.high(), found.total);
  report.facts.push_back({"top1", found.top1()});
  report.facts.push_back({"images", static_cast<std::int64_t>(found.total)});
  if (!options.min_top1 || found.top1() >= options.min_top1->value) return {};
  return fail(ErrorKind::constraint,
              fmt::format("top-1 is {:.2f} %, at least {:g} % is required", 100 * found.top1(),
                          100 * options.min_top1->value));
}

Result<void> run(Graph& graph, const MeasureOptions& options, PassContext& context) {
  const Cost before = cost(context.original());
  const Cost now = cost_with_zeros(graph);
  context.report().summary = fmt::format("{} params, {} non-zero, {} MACs", now.params,
                                         now.nonzero_params, now.macs);
  context.report().facts = {{"params", static_cast<std::int64_t>(now.params)},
                            {"nonzero_params", static_cast<std::int64_t>(now.nonzero_params)},
                            {"macs", static_cast<std::int64_t>(now.macs)},
                            {"weight_bytes", static_cast<std::int64_t>(now.weight_bytes)}};
  RCC_TRY(check_share("parameters", options.max_params, share(now.params, before.params)));
  RCC_TRY(check_share("multiply-accumulates", options.max_macs, share(now.macs, before.macs)));
  return measure_accuracy(graph, options, context);
}

}  // namespace

PassDef measure() {
  return graph_pass<MeasureOptions>({.effect = Effect::exact, .needs_services = true}, run);
}

}  // namespace rcc

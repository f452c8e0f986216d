// Observe the range of every value over the calibration images.
//
// A range is what insert_quantize computes scales from:
//
//     minmax       [min x, max x]
//     percentile   the interval that holds that share of the elements; a value that
//                  is never negative (after a ReLU) is cut at the top only, others by
//                  half of the rest on each side
//
// Ranges always contain 0 and never exceed what was seen. `save` keeps them in a file and
// `load` reads such a file in place of looking at images, without any backend.
// Changing a weight later drops the ranges that depend on it.
//
// Run it after fold_batch_norm, right before insert_quantize.

#include <algorithm>
#include <cmath>

#include "passes/pass.h"
#include "passes/range_table.h"

namespace rcc {
namespace {

struct CalibrateOptions {
  std::string method = "percentile";
  double percentile = 99.999;
  std::string load;
  std::string save;

  void describe(OptionVisitor& v) {
    v.field("method", method, "how a range is taken from the observed values",
            {.choices = {"minmax", "percentile"}});
    v.field("percentile", percentile, "share of the elements inside the range, in percent",
            {.minimum = 50, .maximum = 100, .excludes_minimum = true});
    v.field("load", load, "a file of ranges to use in place of images");
    v.field("save", save, "a file to write the ranges to");
  }
};

// Upper edge of the first bin below which at least `share` of the elements lie.
float upper_edge(const ValueStatistics& statistics, double share) {
  std::uint64_t total = 0;
  for (const std::uint64_t count : statistics.histogram) total += count;
  const double wanted = share * static_cast<double>(total);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < statistics.histogram.size(); ++i) {
    below += statistics.histogram[i];
    if (static_cast<double>(below) >= wanted)
      return statistics.bin_low + statistics.bin_width * static_cast<float>(i + 1);
  }
  return statistics.maximum;
}

// Lower edge of the last bin above which at least `share` of the elements lie.
float lower_edge(const ValueStatistics& statistics, double share) {
  std::uint64_t total = 0;
  for (const std::uint64_t count : statistics.histogram) total += count;
  const double wanted = share * static_cast<double>(total);
  std::uint64_t above = 0;
  for (std::size_t i = statistics.histogram.size(); i-- > 0;) {
    above += statistics.histogram[i];
    if (static_cast<double>(above) >= wanted)
      return statistics.bin_low + statistics.bin_width * static_cast<float>(i);
  }
  return statistics.minimum;
}

Range range_of(const ValueStatistics& statistics, const CalibrateOptions& options) {
  Range range{statistics.minimum, statistics.maximum};
  if (options.method == "percentile") {
    const double tail = 1 - options.percentile / 100;
    if (statistics.minimum >= 0) {
      range.high = upper_edge(statistics, 1 - tail);
    } else if (statistics.maximum <= 0) {
      range.low = lower_edge(statistics, 1 - tail);
    } else {
      range = {lower_edge(statistics, 1 - tail / 2), upper_edge(statistics, 1 - tail / 2)};
    }
    range.low = std::max(range.low, statistics.minimum);
    range.high = std::min(range.high, statistics.maximum);
  }
  return {std::min(range.low, 0.0F), std::max(range.high, 0.0F)};
}

Result<void> observe(Graph& graph, const CalibrateOptions& options, PassContext& context) {
  std::vector<ValueId> values;
  for (const Value* input : graph.inputs())
    if (input->type().dtype == DType::f32) values.push_back(input->id());
  for (const Node& node : graph.nodes())
    for (std::size_t i = 0; i < node.result_count(); ++i)
      if (const Value* result = node.result(i);
          result != nullptr && result->type().dtype == DType::f32)
        values.push_back(result->id());
  Services* services = RCC_TRY(context.services());
  const std::vector<ValueStatistics> statistics =
      RCC_TRY(services->evaluator().observe(graph, values));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const ValueStatistics& seen = statistics[i];
    Value& value = *graph.value(values[i]);
    if (!std::isfinite(seen.minimum) || !std::isfinite(seen.maximum)) {
      return fail(ErrorKind::input,
                  fmt::format("{} takes values that are not finite on the calibration images",
                              value.name()),
                  "look for a diverged fine_tune step before calibrate");
    }
    value.set_range(range_of(seen, options));
  }
  const std::uint64_t images = RCC_TRY(services->data_size(DataSplit::calibrate));
  context.report().summary =
      fmt::format("{} values observed over {} images, {}", values.size(), images, options.method);
  context.report().facts = {{"values", static_cast<std::int64_t>(values.size())},
                            {"images", static_cast<std::int64_t>(images)}};
  return {};
}

Result<void> run(Graph& graph, const CalibrateOptions& options, PassContext& context) {
  if (options.load.empty()) {
    RCC_TRY(observe(graph, options, context));
  } else {
    const std::size_t count = RCC_TRY(read_ranges(graph, options.load));
    context.report().summary = fmt::format("{} ranges from {}", count, options.load);
  }
  return options.save.empty() ? Result<void>() : write_ranges(graph, options.save);
}

}  // namespace

PassDef calibrate() {
  return graph_pass<CalibrateOptions>(
      {.effect = Effect::exact,
       .needs_services = true,
       .after = {{"fold_batch_norm", "ranges must describe the folded graph"}}},
      run);
}

}  // namespace rcc

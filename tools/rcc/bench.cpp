#include <algorithm>

#include "ir/support/number_text.h"
#include "tools/rcc/commands.h"
#include "tools/rcc/model_file.h"
#include "tools/rcc/processor.h"
#include "tools/rcc/ratio.h"
#include "tools/rcc/services_loader.h"

namespace rcc {

namespace {

struct BenchOptions {
  std::string first;
  std::string second;
  std::string device = "cpu";
  TimingOptions timing;
};

bool is_quantized(const Graph& graph) {
  for (const Node& node : graph.nodes())
    if (node.is(OpKind::quantize) || node.is(OpKind::dequantize) ||
        node.is(OpKind::dynamic_quantize))
      return true;
  return false;
}

void print_model(std::string_view title, const std::string& path, const Timing& timing,
                 Console& console) {
  const auto [low, high] =
      std::minmax_element(timing.round_medians_us.begin(), timing.round_medians_us.end());
  console.print(fmt::format("{:<12} {:.3f} ms  ({:.3f} to {:.3f} over {} rounds, {} runs)  {}",
                            title, median(timing.round_medians_us) / 1000, *low / 1000,
                            *high / 1000, timing.round_medians_us.size(), timing.runs,
                            escape_for_display(path)));
}

Result<Graph> read_float_model(const std::string& path, Console& console) {
  Graph graph = RCC_TRY(read_model(path, console));
  if (is_quantized(graph))
    return fail(ErrorKind::input,
                fmt::format("`{}` has quantize nodes, which this engine simulates in floating point",
                            path),
                "its time would say nothing about an integer engine, so it is not taken");
  return graph;
}

// The models, the first of them a second time as control.
Result<void> bench(const BenchOptions& options, Console& console) {
  std::vector<Graph> models;
  models.push_back(RCC_TRY(read_float_model(options.first, console)));
  if (!options.second.empty())
    models.push_back(RCC_TRY(read_float_model(options.second, console)));
  ServiceConfig config;
  config.device = options.device;
  config.threads = options.timing.threads;
  ServicesLoader loader(std::move(config));
  Services* services = RCC_TRY(loader.services());
  Engine& engine = services->engine();
  std::vector<const Graph*> graphs{&models[0], &models[0]};
  if (models.size() > 1) graphs.push_back(&models[1]);
  const std::vector<Timing> timings = RCC_TRY(engine.time(graphs, options.timing));

  console.print(fmt::format("processor    {}  {}", escape_for_display(processor_model()),
                            processor_text()));
  console.print(fmt::format("engine       {}, float32, batch {}, {} threads",
                            escape_for_display(services->description()), options.timing.batch,
                            options.timing.threads));
  print_model("A", options.first, timings[0], console);
  if (models.size() > 1) print_model("B", options.second, timings[2], console);
  const Ratio control = time_ratio(timings[0].round_medians_us, timings[1].round_medians_us);
  console.print(fmt::format("A against A  {}  the same model twice: what the machine's noise is",
                            to_text(control)));
  if (models.size() == 1) return {};
  const Ratio ratio = time_ratio(timings[0].round_medians_us, timings[2].round_medians_us);
  console.print(fmt::format("A against B  {}  {}", to_text(ratio),
                            is_difference(ratio, control)
                                ? (ratio.value > 1 ? "B is faster" : "B is slower")
                                : "no difference measured"));
  return {};
}

}  // namespace

int bench_command(const Arguments& arguments) {
  Console console;
  CLI::App app("Time one model, or two against each other, in interleaved rounds.", "rcc bench");
  BenchOptions options;
  app.add_option("A", options.first, "a model")->required();
  app.add_option("B", options.second, "what it is compared with");
  app.add_option("--batch", options.timing.batch, "images at a time")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  app.add_option("--threads", options.timing.threads, "of the engine")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--rounds", options.timing.rounds, "times each model has its turn")
      ->check(CLI::Range(3, 1000))
      ->capture_default_str();
  app.add_option("--seconds", options.timing.seconds_per_round, "of each turn, at least")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  add_device_option(app, options.device);
  if (const auto code = parse_arguments(app, arguments, console)) return *code;
  const auto done = bench(options, console);
  return done ? 0 : console.fail(done.error());
}

}  // namespace rcc

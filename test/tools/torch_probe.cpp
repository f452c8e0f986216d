// torch_probe COMMAND MODEL.onnx [key=value ...]: the torch module without recipes and passes, for
// the oracle tests.
//   evaluate  prints "correct total"
//   run       in=a.npy,b.npy  out=a.npy,b.npy
//   train     data=..., options=..., out=OUT.onnx, teacher=T.onnx, sparse=NAME,NAME; prints each
//   line observe   value=NAME; prints min, max, low, width and the counts time      options=...;
//   prints the medians
// Everywhere: data=OPTION TEXT of [data], device=cpu, threads=1, seed=0.
#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "frontends/onnx/export.h"
#include "frontends/onnx/import.h"
#include "passes/services.h"
#include "tools/rcc_opt/npy.h"

namespace rcc {
namespace {

using Arguments = std::map<std::string, std::string>;

template <typename Options>
Result<Options> options_of(const Arguments& arguments, const std::string& key) {
  TypedOptionSet<Options> options;
  const auto found = arguments.find(key);
  if (found != arguments.end()) {
    const OptionTable table = RCC_TRY(parse_option_text(found->second, key));
    RCC_TRY(set_options(options, table, key));
  }
  return options.options;
}

std::string text_of(const Arguments& arguments, const std::string& key, std::string fallback) {
  const auto found = arguments.find(key);
  return found == arguments.end() ? fallback : found->second;
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Result<Services*> load_services(const Arguments& arguments) {
  ServiceConfig config;
  config.data = RCC_TRY(options_of<DataOptions>(arguments, "data"));
  config.device = text_of(arguments, "device", "cpu");
  config.threads = std::stoll(text_of(arguments, "threads", "1"));
  config.seed = std::stoull(text_of(arguments, "seed", "0"));
  config.on_line = [](const std::string& line) { std::puts(line.c_str()); };
  void* module = dlopen(RCC_TORCH_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (!module) return fail(ErrorKind::environment, dlerror());
  const auto create = reinterpret_cast<CreateServicesFunction>(dlsym(module, kServicesSymbol));
  Error error;
  Services* services = create(kServicesInterfaceVersion, config, error);
  if (!services) return fail(std::move(error));
  std::puts(services->description().c_str());
  return services;
}

Result<void> run(Services& services, const Graph& graph, const Arguments& arguments) {
  std::vector<Tensor> inputs;
  for (const std::string& path : words(text_of(arguments, "in", "")))
    inputs.push_back(RCC_TRY(read_npy(path)));
  const std::vector<Tensor> outputs = RCC_TRY(services.evaluator().run(graph, inputs));
  const std::vector<std::string> paths = words(text_of(arguments, "out", ""));
  for (std::size_t i = 0; i < paths.size(); ++i) RCC_TRY(write_npy(paths[i], outputs[i]));
  return {};
}

Result<void> train(Services& services, Graph& graph, const Arguments& arguments) {
  const TrainOptions options = RCC_TRY(options_of<TrainOptions>(arguments, "options"));
  for (const std::string& name : words(text_of(arguments, "sparse", "")))
    graph.set_sparse(*graph.find_value(name), true);
  std::unique_ptr<Graph> teacher;
  if (options.has_distill)
    teacher = std::make_unique<Graph>(RCC_TRY(import_onnx(text_of(arguments, "teacher", ""))));
  const std::uint64_t seed = std::stoull(text_of(arguments, "seed", "0"));
  const TrainReport report = RCC_TRY(services.trainer().train(graph, teacher.get(), options, seed));
  for (const EpochReport& epoch : report.epochs)
    std::printf("loss %.9g rate %.9g\n", epoch.loss, epoch.learning_rate);
  return export_onnx(graph, text_of(arguments, "out", "trained.onnx"));
}

Result<void> evaluate(Services& services, const Graph& graph) {
  const Accuracy accuracy = RCC_TRY(services.evaluator().accuracy(graph, DataSplit::eval));
  std::printf("%llu %llu\n", static_cast<unsigned long long>(accuracy.correct),
              static_cast<unsigned long long>(accuracy.total));
  return {};
}

Result<void> observe(Services& services, const Graph& graph, const Arguments& arguments) {
  const ValueId id = graph.find_value(text_of(arguments, "value", ""))->id();
  const auto all = RCC_TRY(services.evaluator().observe(graph, {&id, 1}));
  const ValueStatistics& statistics = all.front();
  std::printf("%.9g %.9g %.9g %.9g\n", static_cast<double>(statistics.minimum),
              static_cast<double>(statistics.maximum), static_cast<double>(statistics.bin_low),
              static_cast<double>(statistics.bin_width));
  for (const std::uint64_t count : statistics.histogram)
    std::printf("%llu ", static_cast<unsigned long long>(count));
  std::puts("");
  return {};
}

Result<void> time(Services& services, const Graph& graph) {
  const Graph* graphs[] = {&graph, &graph};
  const auto timings = RCC_TRY(services.engine().time(graphs, {}));
  for (const Timing& timing : timings)
    for (const double median : timing.round_medians_us) std::printf("%.1f ", median);
  std::puts("");
  return {};
}

Result<void> execute(const std::string& command, const std::string& model,
                     const Arguments& arguments) {
  Graph graph = RCC_TRY(import_onnx(model));
  Services& services = *RCC_TRY(load_services(arguments));
  if (command == "evaluate") return evaluate(services, graph);
  if (command == "run") return run(services, graph, arguments);
  if (command == "train") return train(services, graph, arguments);
  if (command == "observe") return observe(services, graph, arguments);
  if (command == "time") return time(services, graph);
  return fail(ErrorKind::usage, "unknown command " + command);
}

}  // namespace
}  // namespace rcc

int main(int count, char** values) {
  rcc::Arguments arguments;
  for (int i = 3; i < count; ++i) {
    const char* equals = std::strchr(values[i], '=');
    if (equals) arguments[{static_cast<const char*>(values[i]), equals}] = equals + 1;
  }
  if (count < 3) return 2;
  const rcc::Result<void> done = rcc::execute(values[1], values[2], arguments);
  if (done) return 0;
  for (const rcc::Diagnostic& diagnostic : done.error().diagnostics)
    std::fputs(rcc::render(diagnostic).c_str(), stderr);
  return static_cast<int>(done.error().kind);
}

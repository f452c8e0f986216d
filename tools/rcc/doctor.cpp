#include <dlfcn.h>

#include <optional>

#include "ir/version.h"
#include "tools/rcc/commands.h"
#include "tools/rcc/processor.h"
#include "tools/rcc/services_loader.h"

namespace rcc {

namespace {

void print_processor(Console& console) {
  const std::string model = processor_model();
  console.print(fmt::format("processor    {}, {} usable",
                            model.empty() ? "unknown" : escape_for_display(model),
                            usable_processors()));
  for (const ProcessorFeature& feature : processor_features())
    console.print(fmt::format("  {:<8}   {:<4} {}", feature.name, feature.is_present ? "yes" : "no",
                              feature.purpose));
}

// What the library at `name` says its version is, by a function that stores or returns a number.
std::optional<long> library_version(const char* name, const char* function) {
  void* library = ::dlopen(name, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) return std::nullopt;
  if (std::string_view(function) == "cuDriverGetVersion") {
    auto* ask = reinterpret_cast<int (*)(int*)>(::dlsym(library, function));
    int number = 0;
    return ask != nullptr && ask(&number) == 0 ? std::optional<long>(number) : std::nullopt;
  }
  auto* ask = reinterpret_cast<std::size_t (*)()>(::dlsym(library, function));
  return ask == nullptr ? std::nullopt : std::optional<long>(static_cast<long>(ask()));
}

void print_service(Console& console, std::string_view title, const std::string& device,
                   std::string_view off) {
  ServiceConfig config;
  config.device = device;
  ServicesLoader loader(std::move(config));
  const auto services = loader.services();
  if (services) {
    console.print(
        fmt::format("{:<11}  yes  {}", title, escape_for_display((*services)->description())));
    return;
  }
  const Diagnostic& reason = services.error().diagnostics.front();
  console.print(fmt::format("{:<11}  no   {}", title, escape_for_display(reason.message)));
  console.print(fmt::format("  off: {}", off));
  if (!reason.help.empty()) console.print(fmt::format("  help: {}", reason.help));
}

void print_gpu(Console& console) {
  const auto driver = library_version("libcuda.so.1", "cuDriverGetVersion");
  if (!driver) {
    console.print("CUDA         no   there is no NVIDIA driver");
    console.print("  off: --device cuda:N");
    return;
  }
  console.print(
      fmt::format("CUDA         yes  driver for CUDA {}.{}", *driver / 1000, *driver % 1000 / 10));
  print_service(console, "GPU", "cuda:0", "--device cuda:N");
  // Found once the module with its folders of libraries is loaded.
  const auto cudnn = library_version("libcudnn.so.9", "cudnnGetVersion");
  console.print(cudnn ? fmt::format("cuDNN        yes  {}.{}.{}", *cudnn / 10000,
                                    *cudnn / 100 % 100, *cudnn % 100)
                      : "cuDNN        no   libcudnn.so.9 is not found");
}

}  // namespace

int doctor_command(const Arguments& arguments) {
  Console console;
  CLI::App app("Say what this machine has, and what is off without the rest.", "rcc doctor");
  if (const auto code = parse_arguments(app, arguments, console)) return *code;
  console.print(fmt::format("rcc          {}", version()));
  print_processor(console);
  print_service(console, "LibTorch", "cpu",
                "fine_tune, reestimate_batch_norm, calibrate, measure, accuracy, rcc bench");
  print_gpu(console);
  console.print("graph-only recipes run on any machine");
  return 0;
}

}  // namespace rcc

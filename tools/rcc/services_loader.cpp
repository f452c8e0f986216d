#include "tools/rcc/services_loader.h"

#include <dlfcn.h>

#include <cstdlib>

namespace rcc {

namespace {

constexpr const char* kModuleName = "librcc_torch.so";
constexpr const char* kInstall =
    "tools/setup installs LibTorch, the release build makes the module; RCC_MODULE_PATH names its "
    "folder when it lies elsewhere";

std::string last_load_error() {
  const char* text = ::dlerror();
  return text == nullptr ? "unknown reason" : text;
}

Result<std::unique_ptr<Services>> load(const ServiceConfig& config) {
  const std::filesystem::path path = module_path();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return fail(ErrorKind::environment,
                fmt::format("the LibTorch module `{}` is not installed in `{}`", kModuleName,
                            path.parent_path().string()),
                kInstall);
  // What makes matrix products on a GPU repeatable; read when the library starts.
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
  // OpenMP threads that sleep instead of spinning: on a machine shared with others an evaluation took
  // 17 s instead of 89 s. Read when the library starts, too.
  ::setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
  // Never unloaded: its threads and allocators outlive any use of it.
  void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr)
    return fail(ErrorKind::environment,
                fmt::format("the LibTorch module cannot be loaded: {}", last_load_error()),
                kInstall);
  auto* create = reinterpret_cast<CreateServicesFunction>(::dlsym(module, kServicesSymbol));
  if (create == nullptr)
    return fail(ErrorKind::environment,
                fmt::format("`{}` is not a module of rcc: {}", path.string(), last_load_error()),
                kInstall);
  Error error{ErrorKind::environment, {}};
  std::unique_ptr<Services> services(create(kServicesInterfaceVersion, config, error));
  if (services != nullptr) return services;
  if (error.diagnostics.empty())
    error.diagnostics.push_back(
        {.message = "the LibTorch module is of another version of rcc", .help = kInstall});
  return fail(std::move(error));
}

}  // namespace

std::filesystem::path module_folder() {
  if (const char* folder = std::getenv("RCC_MODULE_PATH"); folder != nullptr && *folder != '\0')
    return folder;
  std::error_code error;
  const auto executable = std::filesystem::read_symlink("/proc/self/exe", error);
  return executable.parent_path().parent_path() / "lib";
}

std::filesystem::path module_path() { return module_folder() / kModuleName; }

Result<Services*> ServicesLoader::services() {
  if (services_ != nullptr) return services_.get();
  if (failure_) return fail(*failure_);
  auto loaded = load(config_);
  if (!loaded) {
    failure_ = loaded.error();
    return fail(std::move(loaded).error());
  }
  services_ = std::move(*loaded);
  return services_.get();
}

}  // namespace rcc

#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "passes/services.h"

namespace rcc {

// Where the module of a backend lies: RCC_MODULE_PATH, else ../lib beside the executable.
std::filesystem::path module_folder();
std::filesystem::path module_path();

// Loads the LibTorch module at first need.
class ServicesLoader final : public ServiceProvider {
 public:
  explicit ServicesLoader(ServiceConfig config) : config_(std::move(config)) {}
  Result<Services*> services() override;
  bool is_loaded() const { return services_ != nullptr; }

 private:
  ServiceConfig config_;
  std::unique_ptr<Services> services_;
  // Asked again after a failure, the answer is the same.
  std::optional<Error> failure_;
};

}  // namespace rcc

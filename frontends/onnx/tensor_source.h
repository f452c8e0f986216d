#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ir/support/file.h"

namespace rcc {

// The files that hold the payloads of one model: its own, and those of its external data, each
// mapped once.
class TensorSource {
 public:
  TensorSource(std::shared_ptr<const MappedFile> model, std::filesystem::path folder)
      : model_(std::move(model)), folder_(std::move(folder)) {}

  const std::shared_ptr<const MappedFile>& model() const { return model_; }
  // `location` as in the model: relative to its folder, not outside it.
  Result<std::shared_ptr<const MappedFile>> external(std::string_view location);

 private:
  std::shared_ptr<const MappedFile> model_;
  std::filesystem::path folder_;
  std::map<std::string, std::shared_ptr<const MappedFile>, std::less<>> external_;
};

}  // namespace rcc

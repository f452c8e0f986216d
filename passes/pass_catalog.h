#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/support/result.h"
#include "passes/pipeline.h"
#include "passes/registry.h"

namespace rcc {

// The passes that a run knows by name: those built in, and those of modules that were loaded.
// A copy is cheap and independent.
class PassCatalog {
 public:
  // The built-in passes.
  PassCatalog();

  // Sorted by family, then by name. Valid until add.
  std::span<const PassEntry> entries() const { return entries_; }

  // Unknown: error with the nearest name, at `place`.
  Result<const PassEntry*> find(std::string_view name, SourceSpan place = {}) const;

  // The passes of the module `module`, which must outlive every catalog. A name that is taken, and
  // a row that says too little, is an error that names the module; nothing is added then.
  Result<void> add(std::span<const PassEntry> passes, const std::filesystem::path& module);

  // A pass by name with options; a name that ends in ".rules" is the path of a rule file.
  Result<PassInstance> make(std::string_view name, const OptionTable& options,
                            SourceSpan place = {}) const;

 private:
  std::vector<PassEntry> entries_;
  // What PassEntry::module points to.
  std::vector<std::shared_ptr<const std::string>> modules_;
};

}  // namespace rcc

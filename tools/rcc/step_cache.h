#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ir/support/hash.h"
#include "passes/pass.h"
#include "passes/services.h"

namespace rcc {

// What a pass said and took, besides the graph it made.
struct StepResult {
  PassReport report;
  double seconds = 0;
  bool changed = false;
  // Warnings and remarks, said again when the step comes from the cache.
  std::vector<Diagnostic> messages = {};
};

struct CachedStep {
  Graph graph;
  StepResult result;
};

// Results of steps and evaluations in a folder, found by a digest of everything that they depend on.
// One entry is a folder: written beside the others under a temporary name, then renamed. What is
// damaged, or of another schema, counts as absent. Nothing here is needed for a right result.
class StepCache {
 public:
  struct Entry {
    std::string key;
    std::string title;
    std::uint64_t bytes = 0;
    std::filesystem::file_time_type used;
  };

  // $XDG_CACHE_HOME/rcc or ~/.cache/rcc; empty when neither is known.
  static std::filesystem::path default_folder();
  static constexpr std::uint64_t kDefaultMaxBytes = std::uint64_t{4} << 30;

  // Folders are made when something is stored.
  explicit StepCache(std::filesystem::path folder, std::uint64_t max_bytes = kDefaultMaxBytes)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  std::optional<CachedStep> find_step(const Digest& key) const;
  std::optional<Accuracy> find_accuracy(const Digest& key) const;
  // `title`: what `rcc cache` shows.
  Result<void> store_step(const Digest& key, std::string_view title, const Graph& graph,
                          const StepResult& result) const;
  Result<void> store_accuracy(const Digest& key, std::string_view title,
                              const Accuracy& accuracy) const;

  // Most recently used first.
  std::vector<Entry> entries() const;
  // Removes every entry and what unfinished runs left; returns how many entries.
  std::size_t clear() const;

 private:
  std::filesystem::path entry_folder(const Digest& key) const { return folder_ / key.hex(); }
  Result<void> publish(const std::filesystem::path& draft, const Digest& key) const;
  // Removes the longest unused entries until the rest fits.
  void evict() const;

  std::filesystem::path folder_;
  std::uint64_t max_bytes_;
};

}  // namespace rcc

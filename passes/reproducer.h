#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "passes/pass.h"
#include "passes/pass_catalog.h"
#include "passes/pipeline.h"

namespace rcc {

// What repeats a run of passes over a graph.
struct Reproducer {
  const Graph* graph = nullptr;
  std::span<const PassInstance> passes = {};
  std::uint64_t seed = 0;
  TargetOptions target = {};
  Verify verify = Verify::structural;
  bool check_idempotent = false;
  std::filesystem::path folder = {};
};

// Writes <folder>/rcc-reproducer-<hash>.rir: the graph's text below comments that hold the passes,
// their options and rule files, the seed, the version and `failure`, the message of what went wrong.
// Weights of more than 65,536 elements in all go into a file `.weights` beside it. Returns the
// command that repeats the run.
Result<std::string> write_reproducer(const Reproducer& reproducer, std::string_view failure);

// The comments of such a file.
struct Reproduction {
  std::vector<PassInstance> passes;
  std::uint64_t seed = 0;
  TargetOptions target = {};
  Verify verify = Verify::structural;
  bool check_idempotent = false;
  std::string version;
  std::string failure;
};
// Whether a text begins like one.
bool is_reproducer(std::string_view text);
// `file`: for messages. A pass module is not loaded: its passes must be in the catalog.
Result<Reproduction> parse_reproducer(std::string_view text, std::string_view file,
                                      const PassCatalog& catalog = {});

// While it lives, an internal error leaves the reproducer. None when `reproducer` has no folder.
class ReproducerGuard {
 public:
  explicit ReproducerGuard(const Reproducer& reproducer);
  ~ReproducerGuard();
  ReproducerGuard(const ReproducerGuard&) = delete;
  ReproducerGuard& operator=(const ReproducerGuard&) = delete;

 private:
  bool is_active_;
};

}  // namespace rcc

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "ir/graph.h"
#include "passes/pass.h"

namespace rcc {

// What repeats the run of one pass.
struct Reproducer {
  const Graph* before = nullptr;
  std::string passes;
  // Where the pass comes from when it is not a built-in one.
  std::filesystem::path rules_file = {};
  std::filesystem::path module_file = {};
  std::uint64_t seed = 0;
  Verify verify = Verify::structural;
  bool check_idempotent = false;
  std::filesystem::path folder;

  // The command, with the graph's text as `file`.
  std::string command(const std::filesystem::path& file) const;
};

// Writes <folder>/rcc-reproducer-<hash>/before.rir with its weights beside it; the first line of
// the text is the command. Returns the command with the path of the text.
Result<std::string> write_reproducer(const Reproducer& reproducer);

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

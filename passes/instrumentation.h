#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "ir/text.h"
#include "passes/pipeline.h"
#include "passes/step_limit.h"

namespace rcc {

struct InstrumentationOptions {
  // Passes before and after which the graph is shown; "all": each.
  std::vector<std::string> print_before;
  std::vector<std::string> print_after;
  // The graph after each pass that changed it; as text, or as <folder>/<number>-<pass>.rir.
  bool prints_changed = false;
  std::filesystem::path changed_folder;
  // What each pass reports of itself, and sizes before and after it.
  bool shows_statistics = false;
  bool shows_timing = false;
  // The first passes that run, counted over all graphs; each is then named with its number. Negative:
  // all of them.
  std::optional<std::int64_t> bisect_limit;
  // How graphs are shown.
  PrintOptions print;
};

// What a tool shows of the passes that run: hooks for PipelineOptions. Passes are numbered from 1,
// over all graphs that go through one object. Every text is written whole.
class Instrumentation {
 public:
  Instrumentation(InstrumentationOptions options,
                  std::function<void(const std::string& text)> write);

  // Names in print_before and print_after that are no pass of the pipeline.
  Result<void> check(const std::vector<PassInstance>& passes) const;
  // False: the bisection leaves the pass out.
  Result<bool> before_pass(const Graph& graph, const PassInstance& pass);
  Result<void> after_pass(const Graph& graph, const PipelineOptions::Step& step);

 private:
  struct Sizes {
    std::size_t nodes = 0;
    std::size_t constants = 0;
    std::uint64_t params = 0;
    std::uint64_t weight_bytes = 0;
  };
  static Sizes sizes_of(const Graph& graph);
  Result<void> show(const Graph& graph, std::string_view when, std::string_view pass) const;
  Result<void> show_changed(const Graph& graph, const PipelineOptions::Step& step);
  void show_statistics(const Graph& graph, const PipelineOptions::Step& step) const;

  InstrumentationOptions options_;
  std::function<void(const std::string&)> write_;
  StepLimit limit_;
  // Of the graph before the pass that runs.
  Sizes before_;
};

}  // namespace rcc

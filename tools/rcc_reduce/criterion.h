#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "passes/pipeline.h"
#include "passes/reproducer.h"
#include "tools/rcc_reduce/child.h"
#include "tools/rcc_reduce/reduction.h"

namespace rcc {

// Weights of more elements than this are put into a file beside a candidate's text.
inline constexpr std::int64_t kMostInlineElements = 65536;

// The graph as text in `file`, below `header`.
Result<void> write_candidate(const Graph& graph, const std::filesystem::path& file,
                             std::string_view header);

// A command for the shell, in which `{}` stands for the file of the candidate; without one the file
// comes last. Exit status 0: what is looked for is there.
struct CommandTest {
  std::string command;
  double seconds = 60;
};
Criterion command_criterion(CommandTest test, std::filesystem::path folder);

// Passes that run in a process of their own over a copy of the graph.
struct PassTest {
  Reproduction run = {};
  double seconds = 60;
  // A part of what they say; empty: they end as `failure` and `status` say.
  std::string message = {};
  // The beginning of their first error, see failure_kind.
  std::string failure = {};
  int status = 0;
};
// The line of what passes said that has the message, or else their first error; empty: they say
// neither.
std::string failure_line(const std::string& output, const std::string& message);
// What an error says of any graph: its line up to a name, a number or a colon. Without it a graph on
// which the passes fail for another reason would do as well.
std::string failure_kind(const std::string& line);
// How the passes end on `graph`, with all they say.
Result<ChildEnd> run_passes(const Graph& graph, const PassTest& test);
Criterion pass_criterion(PassTest test);

}  // namespace rcc

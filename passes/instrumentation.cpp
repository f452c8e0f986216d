#include "passes/instrumentation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <system_error>

#include "ir/cost.h"
#include "ir/support/file.h"
#include "ir/support/number_text.h"

namespace rcc {

namespace {

constexpr std::string_view kAll = "all";

bool names(const std::vector<std::string>& wanted, std::string_view pass) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
    return name == kAll || name == pass;
  });
}

std::string fact_text(const Fact& fact) {
  struct Visitor {
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return to_text(value); }
    std::string operator()(const std::string& value) const { return value; }
  };
  return fmt::format("{} = {}", fact.name, std::visit(Visitor{}, fact.value));
}

// "nodes 4 -> 3", or "nodes 4" where nothing changed.
std::string change(std::string_view what, std::uint64_t before, std::uint64_t after) {
  return before == after ? fmt::format("{} {}", what, after)
                         : fmt::format("{} {} -> {}", what, before, after);
}

}  // namespace

Instrumentation::Instrumentation(InstrumentationOptions options,
                                 std::function<void(const std::string& text)> write)
    : options_(std::move(options)), write_(std::move(write)), limit_(options_.bisect_limit) {
  // A side file belongs to the result.
  options_.print.weights_file.clear();
}

Result<void> Instrumentation::check(const std::vector<PassInstance>& passes) const {
  std::vector<std::string_view> known{kAll};
  for (const PassInstance& pass : passes) known.push_back(pass.name);
  Error error{ErrorKind::usage, {}};
  const auto require = [&](std::string_view flag, const std::vector<std::string>& wanted) {
    for (const std::string& name : wanted) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::string_view nearest = nearest_name(name, known);
      error.diagnostics.push_back(
          {.message = fmt::format("{}: no pass `{}` is run", flag, name),
           .help = nearest.empty() ? "name a pass of the pipeline, or all"
                                   : fmt::format("did you mean `{}`?", nearest)});
    }
  };
  require("--print-ir-before", options_.print_before);
  require("--print-ir-after", options_.print_after);
  if (!error.diagnostics.empty()) return fail(std::move(error));
  return {};
}

Instrumentation::Sizes Instrumentation::sizes_of(const Graph& graph) {
  const Cost all = cost(graph);
  return {graph.node_count(), graph.constants().size(), all.params, all.weight_bytes};
}

Result<bool> Instrumentation::before_pass(const Graph& graph, const PassInstance& pass) {
  const bool is_run = limit_.take();
  if (options_.bisect_limit)
    write_(fmt::format("bisect: {} pass ({}) {} on @{}\n", is_run ? "running" : "NOT running",
                       limit_.number(), pass.name, graph.name()));
  if (!is_run) return false;
  if (names(options_.print_before, pass.name)) RCC_TRY(show(graph, "before", pass.name));
  if (options_.shows_statistics) before_ = sizes_of(graph);
  return true;
}

Result<void> Instrumentation::after_pass(const Graph& graph, const PipelineOptions::Step& step) {
  if (options_.shows_timing)
    write_(fmt::format("timing: {} {:.3f} ms, checks {:.3f} ms, {}\n", step.pass.name,
                       step.seconds * 1e3, step.check_seconds * 1e3,
                       step.changed ? "changed" : "unchanged"));
  if (options_.shows_statistics) show_statistics(graph, step);
  if (options_.prints_changed && step.changed) RCC_TRY(show_changed(graph, step));
  if (names(options_.print_after, step.pass.name)) RCC_TRY(show(graph, "after", step.pass.name));
  return {};
}

Result<void> Instrumentation::show(const Graph& graph, std::string_view when,
                                   std::string_view pass) const {
  write_(fmt::format("// IR {} {}\n{}\n", when, pass, RCC_TRY(print(graph, options_.print))));
  return {};
}

Result<void> Instrumentation::show_changed(const Graph& graph, const PipelineOptions::Step& step) {
  if (options_.changed_folder.empty())
    return show(graph, fmt::format("changed by ({})", limit_.number()), step.pass.name);
  const std::filesystem::path& folder = options_.changed_folder;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return fail(ErrorKind::environment,
                fmt::format("cannot create `{}`: {}", folder.string(), error.message()));
  return write_atomic(folder / fmt::format("{:03}-{}.rir", limit_.number(), step.pass.name),
                      RCC_TRY(print(graph, options_.print)));
}

void Instrumentation::show_statistics(const Graph& graph, const PipelineOptions::Step& step) const {
  const Sizes after = sizes_of(graph);
  const PassReport& report = step.report;
  std::string text =
      fmt::format("stats: ({}) {} on @{}: {}, {}, {}, {}", limit_.number(), step.pass.name,
                  graph.name(), change("nodes", before_.nodes, after.nodes),
                  change("constants", before_.constants, after.constants),
                  change("params", before_.params, after.params),
                  change("weight bytes", before_.weight_bytes, after.weight_bytes));
  const auto to = std::back_inserter(text);
  if (!report.summary.empty()) fmt::format_to(to, "; {}", report.summary);
  for (const Fact& fact : report.facts) fmt::format_to(to, "; {}", fact_text(fact));
  if (report.checked_difference >= 0)
    fmt::format_to(to, "; largest difference {:.1e}", report.checked_difference);
  if (!step.changed) text += "; unchanged";
  write_(escape_for_display(text) + "\n");
}

}  // namespace rcc

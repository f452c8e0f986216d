#include "tools/rcc_reduce/criterion.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "ir/support/file.h"
#include "ir/text.h"

namespace rcc {

namespace {

constexpr std::string_view kError = "error: ";

// To the child's output, as rendered.
class PrintingSink final : public DiagnosticSink {
 public:
  void report(Diagnostic diagnostic) override {
    const std::string text = render(diagnostic);
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
};

int transform(Graph graph, const Reproduction& run) {
  PrintingSink sink;
  PipelineOptions options;
  options.verify = run.verify;
  options.seed = run.seed;
  options.target = run.target;
  options.check_idempotent = run.check_idempotent;
  const Result<void> done = Pipeline(run.passes, options, sink).run(graph);
  if (done) return 0;
  for (const Diagnostic& diagnostic : done.error().diagnostics) sink.report(diagnostic);
  return static_cast<int>(done.error().kind);
}

std::string with_file(std::string command, const std::string& file) {
  const std::string quoted = "'" + file + "'";
  bool has_place = false;
  for (std::size_t at = command.find("{}"); at != std::string::npos;
       at = command.find("{}", at + quoted.size())) {
    command.replace(at, 2, quoted);
    has_place = true;
  }
  return has_place ? command : command + " " + quoted;
}

}  // namespace

Result<void> write_candidate(const Graph& graph, const std::filesystem::path& file,
                             std::string_view header) {
  PrintOptions options;
  options.max_literal_elements = kMostInlineElements;
  if (size_of(graph).elements > static_cast<std::uint64_t>(kMostInlineElements))
    options = {.weights_file = std::filesystem::path(file).replace_extension(".weights")};
  return write_atomic(file, std::string(header) + RCC_TRY(print(graph, options)));
}

Criterion command_criterion(CommandTest test, std::filesystem::path folder) {
  return [test = std::move(test), folder = std::move(folder)](const Graph& graph) -> Result<bool> {
    const std::filesystem::path file = folder / "candidate.rir";
    RCC_TRY(write_candidate(graph, file, {}));
    const std::string command = with_file(test.command, file.string());
    const ChildEnd end = RCC_TRY(run_child(
        [&] {
          ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
          return 127;
        },
        test.seconds));
    return end.status == 0 && !end.is_out_of_time;
  };
}

std::string failure_line(const std::string& output, const std::string& message) {
  const std::size_t at = output.find(message.empty() ? kError : message);
  if (at == std::string::npos) return {};
  const std::size_t begin = at == 0 ? 0 : output.rfind('\n', at - 1) + 1;
  return output.substr(begin, output.find('\n', at) - begin);
}

std::string failure_kind(const std::string& line) {
  const std::size_t at = line.find(kError);
  if (at == std::string::npos) return {};
  return line.substr(0, line.find_first_of("%@:0123456789", at + kError.size()));
}

Result<ChildEnd> run_passes(const Graph& graph, const PassTest& test) {
  return run_child([&] { return transform(graph.clone(), test.run); }, test.seconds);
}

Criterion pass_criterion(PassTest test) {
  return [test = std::move(test)](const Graph& graph) -> Result<bool> {
    const ChildEnd end = RCC_TRY(run_passes(graph, test));
    if (test.message.empty())
      return end.status == test.status && !end.is_out_of_time &&
             failure_line(end.output, {}).starts_with(test.failure);
    return end.output.find(test.message) != std::string::npos;
  };
}

}  // namespace rcc

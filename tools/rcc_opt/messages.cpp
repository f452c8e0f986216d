#include "tools/rcc_opt/messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "ir/support/file.h"

namespace rcc {

namespace {

constexpr std::size_t kMostErrors = 20;
constexpr std::uint64_t kMaxRuleFileBytes = 1 << 20;

}  // namespace

void print_err(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

void print_error(const Error& error) {
  const std::size_t shown = std::min(error.diagnostics.size(), kMostErrors);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) text += render(error.diagnostics[i]);
  if (shown < error.diagnostics.size())
    text += fmt::format("and {} more\n", error.diagnostics.size() - shown);
  print_err(text);
}

Messages::Messages(Mode mode, bool with_remarks) : with_remarks_(with_remarks) {
  if (mode == Mode::verify)
    expected_.emplace(with_remarks ? ExpectedDiagnostics::Remarks::all
                                   : ExpectedDiagnostics::Remarks::only_expected);
}

void Messages::report(Diagnostic diagnostic) {
  if (expected_) return expected_->add(std::move(diagnostic));
  if (with_remarks_ || diagnostic.severity <= Severity::warning) print_err(render(diagnostic));
}

void Messages::fail(const Error& error) {
  if (expected_) {
    for (const Diagnostic& diagnostic : error.diagnostics) expected_->add(diagnostic);
    return;
  }
  print_error(error);
  if (code_ == 0) code_ = static_cast<int>(error.kind);
}

void Messages::enter_text(std::string_view text, const std::string& file) {
  if (expected_) expected_->enter_text(text, file);
}

void Messages::enter_graph(std::string_view name) {
  if (expected_) expected_->enter_graph(name);
}

void Messages::add_rules(const std::filesystem::path& path) {
  if (!expected_) return;
  // A file that cannot be read is reported by those who load it.
  if (const auto text = read_text_file(path, kMaxRuleFileBytes))
    expected_->add_rules(*text, path.string());
}

int Messages::finish() {
  if (!expected_) return code_;
  const std::vector<Diagnostic> problems = expected_->problems();
  if (problems.empty()) return 0;
  print_error({ErrorKind::constraint, problems});
  return static_cast<int>(ErrorKind::constraint);
}

}  // namespace rcc

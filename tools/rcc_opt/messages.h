#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "ir/support/result.h"
#include "tools/rcc_opt/expected_diagnostics.h"

namespace rcc {

// Where diagnostics go: to the standard error as they come, or, with --verify-diagnostics, against
// the comments that expect them.
class Messages final : public DiagnosticSink {
 public:
  enum class Mode : std::uint8_t { print, verify };

  Messages(Mode mode, bool with_remarks);

  void report(Diagnostic diagnostic) override;
  // Reports an error and remembers its exit code, when it is the first.
  void fail(const Error& error);
  // A text that diagnostics may be about; messages without a place are about its graphs.
  void enter_text(std::string_view text, const std::string& file);
  void enter_graph(std::string_view name);
  // A rule file.
  void add_rules(const std::filesystem::path& path);
  // The exit code in the end.
  int finish();

 private:
  bool with_remarks_;
  int code_ = 0;
  std::optional<ExpectedDiagnostics> expected_;
};

// To the standard error, whole.
void print_err(const std::string& text);
void print_error(const Error& error);

}  // namespace rcc

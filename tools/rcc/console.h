#pragma once

#include <string>
#include <string_view>

#include "ir/support/result.h"
#include "passes/services.h"

namespace rcc {

// What a command says: results on stdout, progress and diagnostics on stderr.
class Console final : public DiagnosticSink {
 public:
  struct Options {
    bool is_quiet = false;
    bool shows_remarks = false;
  };

  Console();
  explicit Console(Options options);
  ~Console() override;
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // Errors and warnings always; remarks and notes when asked for.
  void report(Diagnostic diagnostic) override;
  // Prints up to 20 diagnostics and how many more there are. Returns the exit code.
  int fail(const Error& error);
  // A line of progress, unless quiet.
  void line(std::string_view text);
  // A line that the next one replaces; on a terminal only.
  void progress(const Progress& progress);
  // A text of several lines that was asked for: to stderr as it is, whole.
  void dump(std::string_view text);
  // A line of the result.
  void print(std::string_view text);

 private:
  void clear_progress();

  Options options_;
  bool is_terminal_ = false;
  bool has_progress_ = false;
};

}  // namespace rcc

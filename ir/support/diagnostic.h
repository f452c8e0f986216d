#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rcc {

// A place in a text that the user wrote: a recipe, a rule file, an IR text.
// Lines and columns count from 1; a column counts bytes. `line_text` is the line itself, so that a
// diagnostic can be rendered without its source at hand. line == 0: the file as a whole.
struct SourceSpan {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 0;
  std::string line_text = {};

  bool is_set() const { return !file.empty(); }
};

enum class Severity : std::uint8_t { error, warning, remark, note };

// Whose fault an error is, which is also the exit code of the tools.
enum class ErrorKind : std::uint8_t {
  constraint = 1,   // the work was done but a stated requirement is not met
  usage = 2,        // command line or recipe
  input = 3,        // model, data set, checkpoint, IR text
  limit = 4,        // a limit was reached; the message names the flag that moves it
  environment = 5,  // no GPU, no space, permission, missing library
  internal = 101,   // a defect of rcc that was caught: a pass broke its promise
};

// One message for the user: what, where, what to do about it.
// Messages are lower case without a full stop; the remedy stands only in `help`.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string message = {};
  SourceSpan span = {};
  // Where in a graph or file when there is no text: "model.onnx: node `Conv_3`".
  std::string place = {};
  std::vector<std::string> notes = {};
  std::string help = {};
  // The value of a graph that the message is about, by its name; for tools that know its text.
  std::string subject = {};
};

// Renders with file:line:column, the source line and a caret; ends with a newline.
// Every byte that comes from user data is escaped (see escape_for_display).
std::string render(const Diagnostic& diagnostic);

// Control characters, bidirectional controls and invalid UTF-8 as \xNN, so that hostile names
// cannot drive a terminal.
std::string escape_for_display(std::string_view text);

// The candidate nearest to `word` by Damerau-Levenshtein distance, if it is near enough to be meant
// (distance <= max(2, a third of the length), and less than the length); else empty.
std::string_view nearest_name(std::string_view word,
                              const std::vector<std::string_view>& candidates);

// Receives what a pass says while it works: warnings, remarks.
class DiagnosticSink {
 public:
  virtual ~DiagnosticSink() = default;
  virtual void report(Diagnostic diagnostic) = 0;
};

// Keeps everything, for tests and for printing later.
class CollectingSink final : public DiagnosticSink {
 public:
  void report(Diagnostic diagnostic) override { diagnostics.push_back(std::move(diagnostic)); }
  std::vector<Diagnostic> diagnostics;
};

}  // namespace rcc

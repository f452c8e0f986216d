#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/lexer.h"
#include "ir/support/diagnostic.h"

namespace rcc {

// Holds diagnostics against comments that expect them:
//
//   // expected-error {{part of the message}}       on this line
//   // expected-warning@+1 {{...}}                  on the next line; @-2: two lines up
//   // expected-remark@below {{...}}                on the next line without an expectation; @above
//   // expected-note@unknown {{...}}                about no line of the text
//
// A diagnostic without a place in the text is on the line that defines the value it is about, else
// on the line of its graph. Every error and warning must be expected, a remark as Remarks says; a
// note may be.
class ExpectedDiagnostics {
 public:
  enum class Remarks : std::uint8_t { all, only_expected };
  explicit ExpectedDiagnostics(Remarks remarks) : remarks_(remarks) {}

  // What follows is about this text in the IR's language.
  void enter_text(std::string_view text, const std::string& file);
  void enter_graph(std::string_view name);
  // A rule file, which has its own comments.
  void add_rules(std::string_view text, const std::string& file);

  void add(Diagnostic diagnostic);
  // What was expected and did not come, and what came and was not expected.
  std::vector<Diagnostic> problems() const;

 private:
  struct Expectation {
    Severity severity = Severity::error;
    // Where the comment stands.
    SourceSpan span;
    // 0: about no line.
    std::uint32_t line = 0;
    std::string text;
    bool is_met = false;
  };
  // Lines where a graph of the text and its values are defined.
  struct GraphLines {
    std::uint32_t line = 0;
    std::map<std::string, std::uint32_t, std::less<>> values;
  };

  void read(std::string_view text, const std::string& file, std::string_view comment);
  void read_line(std::string_view line, const SourceSpan& place, std::string_view comment);
  void read_expectation(std::string_view text, std::size_t open, SourceSpan span);
  void resolve_neighbours(std::size_t first);
  void find_definitions(std::string_view text, const std::string& file);
  std::uint32_t line_of(const Diagnostic& diagnostic, std::string& file) const;
  bool meet(Severity severity, const std::string& file, std::uint32_t line,
            std::string_view message);

  Remarks remarks_;
  std::vector<Expectation> expectations_;
  // Comments that look like expectations and are none, and what was not expected.
  std::vector<Diagnostic> problems_;
  std::string file_;
  std::string text_;
  std::vector<std::string> rule_files_;
  std::map<std::string, GraphLines, std::less<>> graphs_;
  const GraphLines* graph_ = nullptr;
};

}  // namespace rcc

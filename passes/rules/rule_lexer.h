#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/support/diagnostic.h"

namespace rcc {

// A part of the text of a rule file, in bytes.
struct TextRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};
inline TextRange join(TextRange a, TextRange b) { return {a.begin, b.end}; }

// The text of a rule file, which can say where a part of it lies.
class RuleSource {
 public:
  RuleSource(std::string_view text, std::string_view file) : text_(text), file_(file) {}
  const std::string& text() const { return text_; }
  const std::string& file() const { return file_; }
  SourceSpan span(TextRange range) const;

 private:
  std::string text_;
  std::string file_;
};

// Collects what is wrong with a rule file. After kMaxErrors the rest is counted, not kept.
class RuleErrors {
 public:
  static constexpr std::size_t kMaxErrors = 20;
  explicit RuleErrors(const RuleSource& source) : source_(source) {}
  void add(TextRange range, std::string message, std::string help = {});
  bool empty() const { return diagnostics_.empty(); }
  std::size_t count() const { return count_; }
  // In the order of the text.
  std::vector<Diagnostic> take();

 private:
  const RuleSource& source_;
  std::vector<std::pair<std::uint32_t, Diagnostic>> diagnostics_;
  std::size_t count_ = 0;
};

struct RuleToken {
  enum class Kind : std::uint8_t { name, number, text, symbol, end };
  Kind kind = Kind::end;
  TextRange range;
  // As written; of a text its value, without quotes and escapes.
  std::string value;
  // What is wrong with a text, and what helps; reported when it is taken.
  std::string_view problem = {};
  std::string_view help = {};

  bool is(std::string_view symbol) const { return kind == Kind::symbol && value == symbol; }
  bool is_word(std::string_view word) const { return kind == Kind::name && value == word; }
};

// In the text of a graph: where the comment or the text in quotation marks that begins at `at`
// ends, or `at` where none does.
std::size_t end_of_quoted(std::string_view text, std::size_t at);

// Cuts a rule file into tokens; `#` starts a comment.
class RuleLexer {
 public:
  RuleLexer(const RuleSource& source, RuleErrors& errors);
  const RuleToken& peek() const { return next_; }
  // The token after peek().
  const RuleToken& peek_second() const { return second_; }
  RuleToken take();
  // Text up to the brace that closes the one just taken, which is consumed. Braces within count;
  // comments of the IR text (`//`) and strings are skipped. False when the file ends first.
  bool take_block(TextRange& body);

 private:
  RuleToken scan();
  RuleToken scan_text(std::size_t begin);
  RuleToken scan_number(std::size_t begin);
  RuleToken scan_symbol(std::size_t begin);
  void skip_blanks();
  RuleToken token(RuleToken::Kind kind, std::size_t begin);
  void restart_at(std::size_t position);

  const std::string& text_;
  RuleErrors& errors_;
  std::size_t position_ = 0;
  RuleToken next_;
  RuleToken second_;
};

}  // namespace rcc

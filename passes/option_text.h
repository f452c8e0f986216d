#pragma once

#include <string>
#include <string_view>

#include "ir/support/result.h"
#include "passes/options.h"

// The text of options and pipelines, shared by what reads and what writes it.

namespace rcc {

// A digit or a point, after a minus if there is one: the words "inf" and "nan" are text.
bool starts_like_number(std::string_view text);
// As to_text, but "3" where that says "3.0".
std::string short_number(double value);
// In double quotes, with escapes.
std::string quoted(std::string_view text);
// As it is when it reads back as the same text, else in quotes.
std::string bare_or_quoted(std::string_view text);

// The name of a pass or the path of a rule file, in quotes where it would not read back.
std::string pass_name_text(std::string_view name);

// Reads a text from left to right; every error names the place in it.
class OptionTextReader {
 public:
  OptionTextReader(std::string_view text, std::string_view place) : text_(text), place_(place) {}

  bool is_at_end();
  // Skips blanks; true and past it when `symbol` comes next.
  bool take(char symbol);
  // Letters, digits, `_`, `.`, `-`; empty when none comes next. `span` is set to where it stands.
  std::string_view take_name(SourceSpan& span);
  // The same for the name of a pass, which may be a path with `/`, or any text in double quotes.
  Result<std::string> take_pass_name(SourceSpan& span);
  // "k=v,k2=v2" up to `close`, which is taken too; '\0': up to the end.
  Result<OptionTable> take_table(char close);
  // An error at the next character.
  tl::unexpected<Error> expected(std::string_view what, std::string help = {});
  SourceSpan span(std::size_t begin, std::size_t end) const;

 private:
  void skip_blanks();
  Result<OptionValue> take_value();
  Result<OptionValue> take_list();
  Result<std::string> take_quoted();
  Result<char> take_escape();
  Result<OptionValue> take_bare();

  std::string_view text_;
  std::string_view place_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace rcc

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ir/support/diagnostic.h"

namespace rcc {

enum class TokenKind : std::uint8_t {
  end,
  identifier,     // [A-Za-z_][A-Za-z0-9_.]*, without two dots at the end
  value_name,     // %name or %"any bytes"
  constant_name,  // @name or @"any bytes"
  number,         // 12, 0.5, 1e-05; a sign is a token of its own
  string,         // "text", on one line
  punctuation,    // one character, or one of ... .. -> => <= >= == != && ||
  invalid,        // Lexer::problem says why
};

// `text` is the token as written and points into the source.
struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t line = 1;
  std::string_view text;
  bool is(std::string_view wanted) const {
    return (kind == TokenKind::punctuation || kind == TokenKind::identifier) &&
           text.front() == wanted.front() && text == wanted;
  }
};

// Cuts the IR text and rule files into tokens, one ahead. `text` outlives the lexer.
class Lexer {
 public:
  enum class Comments : std::uint8_t { slashes, hashes };

  Lexer(std::string_view text, std::string_view file, Comments comments);

  // The token ahead.
  const Token& peek() const { return token_; }
  // The token ahead; the next one is then ahead.
  Token take();
  // Takes the token ahead when it is this punctuation or word.
  bool take_if(std::string_view wanted);
  // Of the token taken last; 0 before the first.
  std::uint32_t last_line() const { return last_line_; }

  // What is wrong with an invalid token.
  std::string_view problem() const { return problem_; }
  // Goes on with the first token of a later line than the one taken last.
  void skip_line();

  SourceSpan span(const Token& token) const;

 private:
  void advance();
  bool skip_blank();
  void lex_number(const char* begin);
  void lex_string(const char* begin, TokenKind kind);
  void lex_name(const char* begin, TokenKind kind);
  void lex_punctuation(const char* begin);
  void finish(TokenKind kind, const char* begin);
  void fail(const char* begin, std::string_view problem);

  std::string_view text_;
  std::string file_;
  char comment_;
  const char* at_;
  const char* end_;
  std::uint32_t line_ = 1;
  std::uint32_t last_line_ = 0;
  Token token_;
  std::string_view problem_;
};

// What a string token, or the quoted part of a name token, stands for. `bad_escape` of the failure
// is the escape that means nothing.
struct Unquoted {
  std::string text;
  std::string_view bad_escape;
};
Unquoted unquote(std::string_view quoted);

}  // namespace rcc

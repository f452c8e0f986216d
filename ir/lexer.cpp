#include "ir/lexer.h"

#include <algorithm>
#include <array>

#include "ir/support/number_text.h"

namespace rcc {

namespace {

enum CharacterClass : std::uint8_t {
  kOther = 0,
  kLetter = 1,
  kDigit = 2,
  kDot = 4,
  kPunctuation = 8,
  // May be the second character of punctuation.
  kSecond = 16,
};

constexpr std::array<std::uint8_t, 256> character_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 'a'; c <= 'z'; ++c) classes[static_cast<std::size_t>(c)] = kLetter;
  for (int c = 'A'; c <= 'Z'; ++c) classes[static_cast<std::size_t>(c)] = kLetter;
  for (int c = '0'; c <= '9'; ++c) classes[static_cast<std::size_t>(c)] = kDigit;
  classes['_'] = kLetter;
  for (const char c : std::string_view("()[]{}<>,;:=?*+-/|&!.^~@%"))
    classes[static_cast<std::size_t>(c)] = kPunctuation;
  for (const char c : std::string_view(".>=&|")) classes[static_cast<std::size_t>(c)] |= kSecond;
  classes['.'] |= kDot;
  return classes;
}

constexpr std::array<std::uint8_t, 256> kClasses = character_classes();

bool is_class(char c, int classes) {
  return (kClasses[static_cast<unsigned char>(c)] & classes) != 0;
}

constexpr std::array<std::string_view, 10> kLongPunctuation{
    "...", "..", "->", "=>", "<=", ">=", "==", "!=", "&&", "||"};

}  // namespace

Lexer::Lexer(std::string_view text, std::string_view file, Comments comments)
    : text_(text),
      file_(file),
      comment_(comments == Comments::slashes ? '/' : '#'),
      at_(text.data()),
      end_(text.data() + text.size()) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) at_ += kByteOrderMark.size();
  advance();
}

Token Lexer::take() {
  const Token taken = token_;
  last_line_ = taken.line;
  if (taken.kind != TokenKind::end) advance();
  return taken;
}

bool Lexer::take_if(std::string_view wanted) {
  if (!token_.is(wanted)) return false;
  last_line_ = token_.line;
  advance();
  return true;
}

void Lexer::skip_line() {
  const std::uint32_t line = std::max(last_line_, 1U);
  while (token_.kind != TokenKind::end && token_.line <= line) advance();
}

// White space and comments.
bool Lexer::skip_blank() {
  for (; at_ != end_; ++at_) {
    if (*at_ == '\n') {
      ++line_;
      continue;
    }
    if (*at_ == ' ' || *at_ == '\t' || *at_ == '\r') continue;
    const bool is_comment =
        *at_ == comment_ && (comment_ == '#' || (end_ - at_ > 1 && at_[1] == '/'));
    if (!is_comment) return true;
    at_ = std::find(at_, end_, '\n');
    if (at_ == end_) return false;
    ++line_;
  }
  return false;
}

void Lexer::finish(TokenKind kind, const char* begin) {
  token_ = {kind, line_, std::string_view(begin, static_cast<std::size_t>(at_ - begin))};
}

void Lexer::fail(const char* begin, std::string_view problem) {
  problem_ = problem;
  finish(TokenKind::invalid, begin);
}

void Lexer::advance() {
  if (!skip_blank()) {
    token_ = {TokenKind::end, line_, std::string_view(end_, 0)};
    return;
  }
  const char* begin = at_;
  if (is_class(*begin, kLetter)) {
    while (at_ != end_ && is_class(*at_, kLetter | kDigit | kDot)) ++at_;
    // The dots of `x..` begin a token of their own.
    const char* dots = at_;
    while (dots[-1] == '.') --dots;
    if (at_ - dots > 1) at_ = dots;
    return finish(TokenKind::identifier, begin);
  }
  if (is_class(*begin, kDigit)) return lex_number(begin);
  switch (*begin) {
    case '%':
      return lex_name(begin, TokenKind::value_name);
    case '@':
      return lex_name(begin, TokenKind::constant_name);
    case '"':
      return lex_string(begin, TokenKind::string);
    default:
      return lex_punctuation(begin);
  }
}

void Lexer::lex_number(const char* begin) {
  const auto skip_digits = [this] {
    while (at_ != end_ && is_class(*at_, kDigit)) ++at_;
  };
  skip_digits();
  if (end_ - at_ > 1 && *at_ == '.' && is_class(at_[1], kDigit)) {
    ++at_;
    skip_digits();
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    const char* mark = at_++;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (at_ == end_ || !is_class(*at_, kDigit)) at_ = mark;
    skip_digits();
  }
  if (at_ == end_ || !is_class(*at_, kLetter)) return finish(TokenKind::number, begin);
  while (at_ != end_ && is_class(*at_, kLetter | kDigit)) ++at_;
  fail(begin, "invalid number");
}

void Lexer::lex_name(const char* begin, TokenKind kind) {
  ++at_;
  if (at_ != end_ && *at_ == '"') return lex_string(begin, kind);
  while (at_ != end_ && is_class(*at_, kLetter | kDigit | kDot)) ++at_;
  finish(at_ - begin > 1 ? kind : TokenKind::punctuation, begin);
}

void Lexer::lex_string(const char* begin, TokenKind kind) {
  ++at_;
  for (; at_ != end_ && *at_ != '\n'; ++at_) {
    if (*at_ == '"') {
      ++at_;
      return finish(kind, begin);
    }
    if (*at_ == '\\' && end_ - at_ > 1 && at_[1] != '\n') ++at_;
    if (static_cast<unsigned char>(*at_) < ' ' && *at_ != '\t') {
      const char* control = at_++;
      return fail(*control == '\r' ? begin : control,
                  *control == '\r' ? "unterminated string" : "control character in a string");
    }
  }
  fail(begin, "unterminated string");
}

void Lexer::lex_punctuation(const char* begin) {
  if (end_ - begin > 1 && is_class(begin[1], kSecond)) {
    const std::string_view rest(begin, static_cast<std::size_t>(end_ - begin));
    for (const std::string_view punctuation : kLongPunctuation) {
      if (!rest.starts_with(punctuation)) continue;
      at_ += punctuation.size();
      return finish(TokenKind::punctuation, begin);
    }
  }
  ++at_;
  if (is_class(*begin, kPunctuation)) return finish(TokenKind::punctuation, begin);
  // The whole of a character outside ASCII.
  while (at_ != end_ && at_ - begin < 4 && (static_cast<unsigned char>(*at_) & 0xC0) == 0x80) ++at_;
  fail(begin, "unexpected character");
}

SourceSpan Lexer::span(const Token& token) const {
  // What is kept of a line: a file without line breaks would otherwise be copied into every
  // message.
  constexpr std::size_t kMostBefore = std::size_t{1} << 20;
  constexpr std::size_t kMostAfter = 4096;
  const auto begin = static_cast<std::size_t>(token.text.data() - text_.data());
  const std::size_t newline = begin == 0 ? std::string_view::npos : text_.rfind('\n', begin - 1);
  const std::size_t line_begin = newline == std::string_view::npos ? 0 : newline + 1;
  std::size_t line_end = std::min(text_.find('\n', begin), text_.size());
  if (line_end > line_begin && text_[line_end - 1] == '\r') --line_end;

  SourceSpan span;
  span.file = file_;
  span.line = token.line;
  span.column = static_cast<std::uint32_t>(begin - line_begin + 1);
  span.length = static_cast<std::uint32_t>(token.text.size());
  if (begin - line_begin <= kMostBefore) {
    const std::size_t shown = std::min(line_end, begin + kMostAfter);
    span.line_text = text_.substr(line_begin, shown > line_begin ? shown - line_begin : 0);
  }
  return span;
}

Unquoted unquote(std::string_view quoted) {
  Unquoted result;
  quoted = quoted.substr(1, quoted.size() - 2);
  for (std::size_t at = 0; at < quoted.size();) {
    const std::size_t escape = std::min(quoted.find('\\', at), quoted.size());
    result.text += quoted.substr(at, escape - at);
    if (escape == quoted.size()) break;
    const char code = quoted[escape + 1];
    at = escape + 2;
    if (code == '"' || code == '\\') {
      result.text += code;
    } else if (code == 'n') {
      result.text += '\n';
    } else if (code == 'r') {
      result.text += '\r';
    } else if (code == 't') {
      result.text += '\t';
    } else {
      const std::optional<std::uint8_t> byte =
          code == 'x' ? parse_hex_byte(quoted.substr(at, 2)) : std::nullopt;
      if (!byte) {
        result.bad_escape = quoted.substr(escape, code == 'x' ? 4 : 2);
        return result;
      }
      result.text += static_cast<char>(*byte);
      at += 2;
    }
  }
  return result;
}

}  // namespace rcc

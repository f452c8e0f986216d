#include "passes/rules/rule_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace rcc {

namespace {

bool is_name_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }

// Longest first.
constexpr std::array<std::string_view, 9> kLongSymbols = {
    "...", "..", "==", "!=", "<=", ">=", "//", "=>", "->"};

}  // namespace

SourceSpan RuleSource::span(TextRange range) const {
  const std::size_t begin = std::min<std::size_t>(range.begin, text_.size());
  const std::size_t before = begin == 0 ? std::string::npos : text_.rfind('\n', begin - 1);
  const std::size_t first = before == std::string::npos ? 0 : before + 1;
  const std::size_t last = std::min(text_.find('\n', begin), text_.size());
  SourceSpan span;
  span.file = file_;
  span.line = 1 + static_cast<std::uint32_t>(
                      std::count(text_.begin(), text_.begin() + static_cast<long>(first), '\n'));
  span.column = static_cast<std::uint32_t>(begin - first) + 1;
  const std::size_t end = std::clamp<std::size_t>(range.end, begin, last);
  span.length = static_cast<std::uint32_t>(std::max<std::size_t>(end - begin, 1));
  span.line_text = text_.substr(first, last - first);
  return span;
}

void RuleErrors::add(TextRange range, std::string message, std::string help) {
  ++count_;
  if (diagnostics_.size() >= kMaxErrors) return;
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  diagnostic.span = source_.span(range);
  diagnostic.help = std::move(help);
  diagnostics_.emplace_back(range.begin, std::move(diagnostic));
}

std::vector<Diagnostic> RuleErrors::take() {
  std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Diagnostic> result;
  for (auto& [offset, diagnostic] : diagnostics_) result.push_back(std::move(diagnostic));
  if (count_ > result.size())
    result.back().notes.push_back(
        fmt::format("{} more errors are left out", count_ - result.size()));
  diagnostics_.clear();
  return result;
}

std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) == "//") return std::min(text.find('\n', at), text.size());
  if (text[at] != '"') return at;
  while (++at < text.size() && text[at] != '"' && text[at] != '\n')
    if (text[at] == '\\') ++at;
  return std::min(at, text.size());
}

RuleLexer::RuleLexer(const RuleSource& source, RuleErrors& errors)
    : text_(source.text()), errors_(errors) {
  restart_at(0);
}

void RuleLexer::restart_at(std::size_t position) {
  position_ = position;
  next_ = scan();
  second_ = scan();
}

RuleToken RuleLexer::take() {
  RuleToken taken = std::move(next_);
  next_ = std::move(second_);
  second_ = scan();
  if (!taken.problem.empty())
    errors_.add(taken.range, std::string(taken.problem), std::string(taken.help));
  return taken;
}

bool RuleLexer::take_block(TextRange& body) {
  std::size_t at = next_.range.begin;
  body.begin = next_.range.begin;
  int depth = 1;
  for (; at < text_.size(); ++at) {
    at = end_of_quoted(text_, at);
    if (at >= text_.size()) break;
    if (text_[at] == '{') {
      ++depth;
    } else if (text_[at] == '}' && --depth == 0) {
      body.end = static_cast<std::uint32_t>(at);
      restart_at(at + 1);
      return true;
    }
  }
  body.end = static_cast<std::uint32_t>(text_.size());
  restart_at(text_.size());
  return false;
}

void RuleLexer::skip_blanks() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c == '#')
      position_ = std::min(text_.find('\n', position_), text_.size());
    else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
      ++position_;
    else
      return;
  }
}

RuleToken RuleLexer::token(RuleToken::Kind kind, std::size_t begin) {
  const TextRange range{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(position_)};
  return {kind, range, text_.substr(begin, position_ - begin)};
}

RuleToken RuleLexer::scan() {
  skip_blanks();
  const std::size_t begin = position_;
  if (begin >= text_.size()) return token(RuleToken::Kind::end, begin);
  const char c = text_[begin];
  if (is_name_start(c)) {
    while (position_ < text_.size() && is_name_part(text_[position_])) ++position_;
    return token(RuleToken::Kind::name, begin);
  }
  if (is_digit(c)) return scan_number(begin);
  if (c == '"') return scan_text(begin);
  return scan_symbol(begin);
}

RuleToken RuleLexer::scan_number(std::size_t begin) {
  const auto digits = [this] {
    while (position_ < text_.size() && is_digit(text_[position_])) ++position_;
  };
  const auto at = [this](std::size_t i) { return i < text_.size() ? text_[i] : '\0'; };
  digits();
  if (at(position_) == '.' && is_digit(at(position_ + 1))) {
    ++position_;
    digits();
  }
  if (at(position_) == 'e' || at(position_) == 'E') {
    const char sign = at(position_ + 1);
    const std::size_t first = position_ + (sign == '-' || sign == '+' ? 2 : 1);
    if (is_digit(at(first))) {
      position_ = first;
      digits();
    }
  }
  return token(RuleToken::Kind::number, begin);
}

RuleToken RuleLexer::scan_text(std::size_t begin) {
  std::string value;
  bool is_closed = false;
  bool has_good_escapes = true;
  for (position_ = begin + 1; position_ < text_.size() && text_[position_] != '\n' && !is_closed;
       ++position_) {
    const char c = text_[position_];
    if (c == '"') {
      is_closed = true;
    } else if (c == '\\' && position_ + 1 < text_.size() && text_[position_ + 1] != '\n') {
      const char escaped = text_[++position_];
      has_good_escapes = has_good_escapes && (escaped == 'n' || escaped == '"' || escaped == '\\');
      value += escaped == 'n' ? '\n' : escaped;
    } else {
      value += c;
    }
  }
  RuleToken result = token(RuleToken::Kind::text, begin);
  result.value = std::move(value);
  if (!is_closed) {
    result.problem = "the text is not closed";
    result.help = "end it with a quotation mark on its line";
  } else if (!has_good_escapes) {
    result.problem = "the text has a backslash that means nothing";
    result.help = "write \\\\ for a backslash, \\\" for a quotation mark and \\n for a new line";
  }
  return result;
}

RuleToken RuleLexer::scan_symbol(std::size_t begin) {
  for (const std::string_view symbol : kLongSymbols) {
    if (text_.compare(begin, symbol.size(), symbol) == 0) {
      position_ = begin + symbol.size();
      return token(RuleToken::Kind::symbol, begin);
    }
  }
  position_ = begin + 1;
  // A character that means nothing is a symbol that no rule of the grammar accepts.
  while (position_ < text_.size() && (static_cast<unsigned char>(text_[position_]) & 0xC0) == 0x80)
    ++position_;
  return token(RuleToken::Kind::symbol, begin);
}

}  // namespace rcc

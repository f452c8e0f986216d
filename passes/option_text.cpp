#include "passes/option_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "ir/support/number_text.h"

namespace rcc {

namespace {

constexpr int kMaxDepth = 32;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

bool is_pass_name_character(char c) { return is_name_character(c) || c == '/'; }

bool ends_bare_value(char c) {
  return std::string_view(",[]{}\"").find(c) != std::string_view::npos;
}

// What a value without quotes is.
decltype(OptionValue::value) classify(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  if (starts_like_number(text)) {
    if (const auto integer = parse_int(text)) return *integer;
    if (const auto number = parse_double(text)) return *number;
  }
  return std::string(text);
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string bare_or_quoted(std::string_view text) {
  const bool is_plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_name_character(c) || c == '/' || c == '*' || c == '?' || c == ':' || c == '%';
  });
  return is_plain && std::holds_alternative<std::string>(classify(text)) ? std::string(text)
                                                                         : quoted(text);
}

std::string pass_name_text(std::string_view name) {
  const bool is_plain =
      !name.empty() && std::all_of(name.begin(), name.end(), is_pass_name_character);
  return is_plain ? std::string(name) : quoted(name);
}

SourceSpan OptionTextReader::span(std::size_t begin, std::size_t end) const {
  const std::size_t before = begin == 0 ? std::string_view::npos : text_.rfind('\n', begin - 1);
  const std::size_t line_begin = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t line_end = std::min(text_.find('\n', begin), text_.size());
  SourceSpan span;
  span.file = place_;
  span.line = 1 + static_cast<std::uint32_t>(std::count(
                      text_.begin(), text_.begin() + static_cast<long>(line_begin), '\n'));
  span.column = static_cast<std::uint32_t>(begin - line_begin + 1);
  span.length = static_cast<std::uint32_t>(std::max<std::size_t>(end - begin, 1));
  span.line_text = text_.substr(line_begin, line_end - line_begin);
  return span;
}

void OptionTextReader::skip_blanks() {
  while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
}

bool OptionTextReader::is_at_end() {
  skip_blanks();
  return at_ == text_.size();
}

bool OptionTextReader::take(char symbol) {
  skip_blanks();
  if (at_ == text_.size() || text_[at_] != symbol) return false;
  ++at_;
  return true;
}

std::string_view OptionTextReader::take_name(SourceSpan& span_of_name) {
  skip_blanks();
  const std::size_t begin = at_;
  while (at_ < text_.size() && is_name_character(text_[at_])) ++at_;
  span_of_name = span(begin, at_);
  return text_.substr(begin, at_ - begin);
}

Result<std::string> OptionTextReader::take_pass_name(SourceSpan& span_of_name) {
  skip_blanks();
  const std::size_t begin = at_;
  std::string name;
  if (take('"')) {
    name = RCC_TRY(take_quoted());
  } else {
    while (at_ < text_.size() && is_pass_name_character(text_[at_])) ++at_;
    name = text_.substr(begin, at_ - begin);
  }
  span_of_name = span(begin, at_);
  return name;
}

tl::unexpected<Error> OptionTextReader::expected(std::string_view what, std::string help) {
  Diagnostic diagnostic;
  diagnostic.message = is_at_end()
                           ? fmt::format("expected {} at the end", what)
                           : fmt::format("expected {} before `{}`", what, text_.substr(at_, 1));
  diagnostic.span = span(at_, at_ + 1);
  diagnostic.help = std::move(help);
  return fail(ErrorKind::usage, std::move(diagnostic));
}

Result<OptionTable> OptionTextReader::take_table(char close) {
  const auto is_closed = [&] { return close == '\0' ? is_at_end() : take(close); };
  OptionTable table;
  if (is_closed()) return table;
  for (;;) {
    SourceSpan key_span;
    const std::string_view key = take_name(key_span);
    if (key.empty()) return expected("an option name");
    if (!take('='))
      return expected(fmt::format("`=` after `{}`", key), fmt::format("write {}=VALUE", key));
    for (const auto& [other, value] : table) {
      if (other != key) continue;
      Diagnostic diagnostic{.message = fmt::format("`{}` is given twice", key), .span = key_span};
      return fail(ErrorKind::usage, std::move(diagnostic));
    }
    OptionValue value = RCC_TRY(take_value());
    value.key_span = std::move(key_span);
    table.emplace_back(key, std::move(value));
    if (is_closed()) return table;
    if (!take(',')) return expected(close == '\0' ? "`,`" : fmt::format("`,` or `{}`", close));
  }
}

Result<OptionValue> OptionTextReader::take_value() {
  skip_blanks();
  const std::size_t begin = at_;
  OptionValue value;
  if (++depth_ > kMaxDepth) return expected("no deeper nesting");
  if (take('[')) {
    value = RCC_TRY(take_list());
  } else if (take('{')) {
    value.value = RCC_TRY(take_table('}'));
  } else if (take('"')) {
    value.value = RCC_TRY(take_quoted());
  } else {
    value = RCC_TRY(take_bare());
  }
  --depth_;
  std::size_t end = at_;
  while (end > begin && is_blank(text_[end - 1])) --end;
  value.span = span(begin, end);
  return value;
}

Result<OptionValue> OptionTextReader::take_list() {
  OptionValue::List items;
  while (!take(']')) {
    if (!items.empty() && !take(',')) return expected("`,` or `]`");
    items.push_back(RCC_TRY(take_value()));
  }
  OptionValue list;
  list.value = std::move(items);
  return list;
}

Result<std::string> OptionTextReader::take_quoted() {
  const std::size_t begin = at_ - 1;
  std::string text;
  while (at_ < text_.size() && text_[at_] != '"') {
    const char c = text_[at_++];
    text += c == '\\' ? RCC_TRY(take_escape()) : c;
  }
  if (at_ == text_.size()) {
    Diagnostic diagnostic{.message = "this text has no closing quote",
                          .span = span(begin, begin + 1)};
    return fail(ErrorKind::usage, std::move(diagnostic));
  }
  ++at_;
  return text;
}

Result<char> OptionTextReader::take_escape() {
  const std::size_t begin = at_ - 1;
  const char c = at_ < text_.size() ? text_[at_++] : '\0';
  if (c == '"' || c == '\\') return c;
  if (c == 'n') return '\n';
  if (c == 't') return '\t';
  if (c == 'x' && text_.size() - at_ >= 2) {
    unsigned byte = 0;
    const char* digits = text_.data() + at_;
    if (std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      at_ += 2;
      return static_cast<char>(byte);
    }
  }
  Diagnostic diagnostic{.message = "unknown escape",
                        .span = span(begin, begin + 2),
                        .help = R"(the escapes are \" \\ \n \t and \xNN)"};
  return fail(ErrorKind::usage, std::move(diagnostic));
}

Result<OptionValue> OptionTextReader::take_bare() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && !ends_bare_value(text_[at_])) ++at_;
  std::size_t end = at_;
  while (end > begin && is_blank(text_[end - 1])) --end;
  if (end == begin) return expected("a value");
  OptionValue value;
  value.value = classify(text_.substr(begin, end - begin));
  return value;
}

Result<OptionTable> parse_option_text(std::string_view text, std::string_view place) {
  return OptionTextReader(text, place).take_table('\0');
}

}  // namespace rcc

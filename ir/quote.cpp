#include "ir/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "ir/support/diagnostic.h"

namespace rcc {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '.';
}

// Whether text that stands between quotes as it is needs no closer look.
bool is_plain_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return c < ' ' || c > '~' || c == '"' || c == '\\' || c == '[' || c == '{' || c == '}';
  });
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  if (is_plain_text(text)) {
    out += text;
    out += '"';
    return;
  }
  while (!text.empty()) {
    // None of these is a part of a longer UTF-8 sequence, so what lies between is cut where it may
    // be.
    const std::size_t plain = std::min(text.find_first_of("\"\\\n\r\t[{}"), text.size());
    out += escape_for_display(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const char c = text.front();
    text.remove_prefix(1);
    switch (c) {
      case '"':
      case '\\':
        out += '\\';
        out += c;
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (out.back() == c)
          fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
        else
          out += c;
    }
  }
  out += '"';
}

std::string quoted_text(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

bool is_plain_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_name_character);
}

bool is_identifier(std::string_view text) {
  return is_plain_name(text) && !is_digit(text.front()) && text.front() != '.' &&
         !text.ends_with("..");
}

void append_identifier(std::string& out, std::string_view text) {
  if (is_identifier(text))
    out += text;
  else
    append_quoted(out, text);
}

void append_name(std::string& out, std::string_view text) {
  if (is_plain_name(text))
    out += text;
  else
    append_quoted(out, text);
}

std::string opaque_op_name(std::string_view domain, std::string_view onnx_name) {
  const bool is_plain = is_identifier(onnx_name) && onnx_name.find('.') == std::string_view::npos &&
                        (domain.empty() || is_identifier(domain));
  if (!is_plain) return fmt::format("onnx.{}.{}", quoted_text(domain), quoted_text(onnx_name));
  return fmt::format("onnx.{}{}{}", domain, domain.empty() ? "" : ".", onnx_name);
}

}  // namespace rcc

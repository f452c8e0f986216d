#include "frontends/recipe/guard.h"

#include <algorithm>
#include <optional>

#include "frontends/recipe/source_lines.h"
#include "ir/support/number_text.h"

namespace rcc {

namespace {

// Offset of the first byte that is not part of well-formed UTF-8.
std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char lead = byte(i);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || i + length > text.size()) return i;
    std::uint32_t code = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return i;
      code = (code << 6) | (byte(i + k) & 0x3F);
    }
    const bool is_overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (is_overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return i;
    i += length;
  }
  return std::nullopt;
}

// Offset after the string or comment that begins at `at`, or `at` when none does. A string that its
// line does not end is skipped to the end of the line: the parser will complain about it.
std::size_t skip_text(std::string_view text, std::size_t at) {
  const char quote = text[at];
  if (quote == '#') return std::min(text.find('\n', at), text.size());
  if (quote != '"' && quote != '\'') return at;
  const bool is_long = text.substr(at, 3) == std::string(3, quote);
  std::size_t i = at + (is_long ? 3 : 1);
  for (; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (is_long) {
      if (text.substr(i, 3) != std::string(3, quote)) continue;
      // Up to two quotes before the closing three belong to the string.
      i += 3;
      for (int extra = 0; extra < 2 && i < text.size() && text[i] == quote; ++extra) ++i;
      return i;
    } else if (text[i] == quote) {
      return i + 1;
    } else if (text[i] == '\n') {
      return i;
    }
  }
  return text.size();
}

Diagnostic at(std::string message, SourceSpan span, std::string help) {
  return {.message = std::move(message), .span = std::move(span), .help = std::move(help)};
}

}  // namespace

Result<void> guard_recipe_text(std::string_view text, std::string_view file) {
  if (text.size() > kMaxRecipeBytes) {
    return fail(ErrorKind::limit,
                at(fmt::format("recipe of {}, at most {} are read", size_text(text.size()),
                               size_text(kMaxRecipeBytes)),
                   {.file = std::string(file)}, "is this a recipe?"));
  }
  const SourceLines lines(text, file);
  if (const auto offset = find_invalid_utf8(text))
    return fail(ErrorKind::usage, at("not valid UTF-8", lines.at_offset(*offset),
                                     "save the recipe as UTF-8"));
  int depth = 0;
  int dots = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t after = skip_text(text, i);
    if (after != i) {
      i = after;
      continue;
    }
    const char c = text[i];
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (c == '.') ++dots;
    if (std::string_view("\n,=[]{}").find(c) != std::string_view::npos) dots = 0;
    if (depth > kMaxRecipeDepth)
      return fail(ErrorKind::limit, at(fmt::format("brackets nested deeper than {}",
                                                   kMaxRecipeDepth),
                                       lines.at_offset(i), "no option needs that"));
    if (dots > kMaxRecipeKeyDots)
      return fail(ErrorKind::limit, at(fmt::format("a key of more than {} parts",
                                                   kMaxRecipeKeyDots + 1),
                                       lines.at_offset(i), "no option needs that"));
    ++i;
  }
  return {};
}

}  // namespace rcc

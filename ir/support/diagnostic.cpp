#include "ir/support/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace rcc {

namespace {

// One character of user text: how many bytes it has, what is shown for it, how many columns it
// takes.
struct Glyph {
  std::size_t bytes = 1;
  std::string shown;
  std::size_t columns = 1;
};

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [code](const Range& range) {
    return range.first <= code && code <= range.last;
  });
}

// C0 and C1 controls, line separators, and the invisible characters that reorder or hide text.
constexpr std::array<Range, 9> kHidden{{{0x0000, 0x001F},
                                        {0x007F, 0x009F},
                                        {0x00AD, 0x00AD},
                                        {0x061C, 0x061C},
                                        {0x200B, 0x200F},
                                        {0x2028, 0x202E},
                                        {0x2060, 0x206F},
                                        {0xFEFF, 0xFEFF},
                                        {0xE0000, 0xE007F}}};

constexpr std::array<Range, 9> kWide{{{0x1100, 0x115F},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0x1F300, 0x1F9FF},
                                      {0x20000, 0x3FFFD}}};

constexpr std::array<Range, 3> kCombining{{{0x0300, 0x036F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};

// Length of the well-formed UTF-8 sequence at the start of `text` (not empty), 0 if there is none.
std::size_t decode_utf8(std::string_view text, char32_t& code) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    code = lead;
    return 1;
  }
  std::size_t length = 0;
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) length = 3;
  if (lead >= 0xF0 && lead <= 0xF4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = (code << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return overlong || surrogate || code > 0x10FFFF ? 0 : length;
}

Glyph next_glyph(std::string_view text) {
  char32_t code = 0;
  const std::size_t length = decode_utf8(text, code);
  if (length != 0 && !is_in(kHidden, code)) {
    const std::size_t columns = is_in(kCombining, code) ? 0 : is_in(kWide, code) ? 2 : 1;
    return {length, std::string(text.substr(0, length)), columns};
  }
  Glyph glyph{std::max<std::size_t>(length, 1), {}, 0};
  for (const char c : text.substr(0, glyph.bytes))
    fmt::format_to(std::back_inserter(glyph.shown), "\\x{:02x}", static_cast<unsigned char>(c));
  glyph.columns = glyph.shown.size();
  return glyph;
}

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::remark:
      return "remark";
    case Severity::note:
      return "note";
  }
  return "error";
}

// The part of a very long line that is shown: [first, last) in bytes, around the span.
std::pair<std::size_t, std::size_t> visible_part(std::string_view line, std::size_t begin) {
  constexpr std::size_t kShown = 160;
  constexpr std::size_t kBefore = 60;
  if (line.size() <= kShown) return {0, line.size()};
  const auto is_continuation = [line](std::size_t i) {
    return i < line.size() && (static_cast<unsigned char>(line[i]) & 0xC0) == 0x80;
  };
  std::size_t first = std::min(begin < kBefore ? 0 : begin - kBefore, line.size() - kShown);
  std::size_t last = first + kShown;
  // Invalid UTF-8 may be a long run of continuation bytes: only a character's worth is skipped.
  for (int i = 0; i < 3 && is_continuation(first); ++i) ++first;
  for (int i = 0; i < 3 && is_continuation(last); ++i) ++last;
  return {first, last};
}

// The source line and the line of carets below it, tabs kept in both so that they stay aligned.
std::pair<std::string, std::string> underline(const SourceSpan& span) {
  const std::string_view line = span.line_text;
  const std::size_t begin = std::min<std::size_t>(std::max(span.column, 1U) - 1, line.size());
  const std::size_t end =
      std::min(begin + std::max<std::size_t>(span.length, 1), std::max(line.size(), begin + 1));
  const auto [first, last] = visible_part(line, begin);
  std::string shown = first > 0 ? "..." : "";
  std::string carets(shown.size(), ' ');
  for (std::size_t at = first; at < last;) {
    const bool marked = at >= begin && at < end;
    if (line[at] == '\t') {
      shown += '\t';
      carets += marked ? '^' : '\t';
      ++at;
      continue;
    }
    const Glyph glyph = next_glyph(line.substr(at));
    shown += glyph.shown;
    carets.append(glyph.columns, marked ? '^' : ' ');
    at += glyph.bytes;
  }
  if (begin >= last) carets += '^';
  if (last < line.size()) shown += "...";
  carets.erase(carets.find_last_not_of(" \t") + 1);
  return {shown, carets};
}

// Lines after the first are indented below the label, so that no text can pose as another message.
void append_labelled(std::string& out, std::string_view label, std::string_view text) {
  std::string_view head = label;
  const std::string indent(label.size(), ' ');
  for (;;) {
    const std::size_t newline = text.find('\n');
    const std::string line = escape_for_display(text.substr(0, newline));
    out += head;
    out += line;
    out += '\n';
    if (newline == std::string_view::npos) return;
    text.remove_prefix(newline + 1);
    head = indent;
  }
}

}  // namespace

std::string escape_for_display(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Glyph glyph = next_glyph(text);
    out += glyph.shown;
    text.remove_prefix(glyph.bytes);
  }
  return out;
}

std::string render(const Diagnostic& diagnostic) {
  const SourceSpan& span = diagnostic.span;
  const bool has_line = span.is_set() && span.line > 0;
  const std::string number = has_line ? std::to_string(span.line) : " ";
  const std::string margin(number.size() + 1, ' ');

  std::string out = fmt::format("{}: {}\n", severity_name(diagnostic.severity),
                                escape_for_display(diagnostic.message));
  if (span.is_set()) {
    out += fmt::format("{}--> {}", margin, escape_for_display(span.file));
    if (has_line) out += fmt::format(":{}:{}", span.line, std::max(span.column, 1U));
    out += '\n';
  }
  if (!diagnostic.place.empty())
    out += fmt::format("{}--> {}\n", margin, escape_for_display(diagnostic.place));
  if (has_line) {
    const auto [line, carets] = underline(span);
    out += fmt::format("{} |\n {} | {}\n{} | {}\n", margin, number, line, margin, carets);
    if (!diagnostic.help.empty() || !diagnostic.notes.empty()) out += fmt::format("{} |\n", margin);
  }
  if (!diagnostic.help.empty()) append_labelled(out, "help: ", diagnostic.help);
  for (const std::string& note : diagnostic.notes) append_labelled(out, "note: ", note);
  return out;
}

namespace {

// Edits (insert, delete, replace, swap of neighbours) between two short words.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows i-2, i-1 and i of the table.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view word,
                              const std::vector<std::string_view>& candidates) {
  // Hostile names can be megabytes; nobody misspells such a word.
  constexpr std::size_t kLongest = 256;
  if (word.empty() || word.size() > kLongest) return {};
  const std::size_t allowed = std::min(std::max<std::size_t>(2, word.size() / 3), word.size() - 1);
  std::string_view nearest;
  std::size_t nearest_distance = allowed + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > word.size() + allowed || word.size() > candidate.size() + allowed)
      continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= nearest_distance) continue;
    nearest = candidate;
    nearest_distance = distance;
  }
  return nearest;
}

}  // namespace rcc

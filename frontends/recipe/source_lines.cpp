#include "frontends/recipe/source_lines.h"

#include <algorithm>

namespace rcc {

SourceLines::SourceLines(std::string_view text, std::string_view file) : text_(text), file_(file) {
  starts_.push_back(0);
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') starts_.push_back(i + 1);
}

std::string_view SourceLines::line(std::uint32_t number) const {
  if (number == 0 || number > starts_.size()) return {};
  std::string_view rest = text_.substr(starts_[number - 1]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

SourceSpan SourceLines::in_line(std::uint32_t number, std::size_t first, std::size_t last) const {
  const std::string_view text = line(number);
  first = std::min(first, text.size());
  last = std::clamp(last, first, text.size());
  return {file_, number, static_cast<std::uint32_t>(first + 1),
          static_cast<std::uint32_t>(std::max<std::size_t>(last - first, 1)), std::string(text)};
}

SourceSpan SourceLines::at_offset(std::size_t offset, std::size_t length) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const auto number = static_cast<std::uint32_t>(after - starts_.begin());
  const std::size_t first = offset - starts_[number - 1];
  return in_line(number, first, first + length);
}

std::size_t SourceLines::byte_of_character(std::uint32_t number, std::uint32_t column) const {
  const std::string_view text = line(number);
  std::uint32_t character = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_start = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (is_start && ++character >= column) return i;
  }
  return text.size();
}

SourceSpan SourceLines::at_characters(std::uint32_t number, std::uint32_t column,
                                      std::uint32_t end_line, std::uint32_t end_column) const {
  const std::size_t first = byte_of_character(number, column);
  const std::size_t last =
      end_line == number ? byte_of_character(number, end_column) : line(number).size();
  return in_line(number, first, last);
}

}  // namespace rcc

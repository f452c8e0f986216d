#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/support/diagnostic.h"

namespace rcc {

// The lines of a text, to make spans for diagnostics. Refers to the text given.
class SourceLines {
 public:
  SourceLines(std::string_view text, std::string_view file);

  // Line `number`, counted from 1, without its end; empty past the last.
  std::string_view line(std::uint32_t number) const;
  // Bytes [offset, offset + length) of the text, cut at the end of the line.
  SourceSpan at_offset(std::size_t offset, std::size_t length = 1) const;
  // From one place to another in characters (code points), as the TOML library counts columns.
  SourceSpan at_characters(std::uint32_t line, std::uint32_t column, std::uint32_t end_line,
                           std::uint32_t end_column) const;
  // Bytes [first, last) of a line.
  SourceSpan in_line(std::uint32_t line, std::size_t first, std::size_t last) const;
  // Byte of the line at which character `column`, counted from 1, begins.
  std::size_t byte_of_character(std::uint32_t line, std::uint32_t column) const;

 private:
  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> starts_;
};

}  // namespace rcc

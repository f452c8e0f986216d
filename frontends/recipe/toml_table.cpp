#include "frontends/recipe/toml_table.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "frontends/recipe/guard.h"
#include "frontends/recipe/source_lines.h"

namespace rcc {

namespace {

class Converter {
 public:
  explicit Converter(const SourceLines& lines) : lines_(lines) {}

  OptionTable table(const toml::table& from) {
    std::vector<std::pair<const toml::key*, const toml::node*>> rows;
    for (const auto& [key, node] : from) rows.emplace_back(&key, &node);
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
      return a.first->source().begin < b.first->source().begin;
    });
    OptionTable out;
    for (const auto& [key, node] : rows) {
      OptionValue value = this->value(*node);
      value.key_span = span(key->source());
      out.emplace_back(std::string(key->str()), std::move(value));
    }
    return out;
  }

  std::vector<Diagnostic> problems;

 private:
  SourceSpan span(const toml::source_region& region) const {
    return lines_.at_characters(region.begin.line, region.begin.column, region.end.line,
                                region.end.column);
  }

  OptionValue value(const toml::node& node) {
    OptionValue out;
    out.span = span(node.source());
    if (const auto* text = node.as_string()) {
      out.value = text->get();
    } else if (const auto* integer = node.as_integer()) {
      out.value = integer->get();
    } else if (const auto* real = node.as_floating_point()) {
      out.value = real->get();
      if (!std::isfinite(real->get()))
        problems.push_back({.message = "not a finite number", .span = out.span});
    } else if (const auto* boolean = node.as_boolean()) {
      out.value = boolean->get();
    } else if (const auto* array = node.as_array()) {
      OptionValue::List list;
      for (const toml::node& item : *array) list.push_back(value(item));
      out.value = std::move(list);
    } else if (const auto* inner = node.as_table()) {
      out.value = table(*inner);
    } else {
      problems.push_back({.message = "a date or time, which no option takes",
                          .span = out.span,
                          .help = "write text in quotes"});
    }
    return out;
  }

  const SourceLines& lines_;
};

// The bare word after the line's first `=`, if that is what stands there: `fifty` of `ratio = fifty`.
std::pair<std::size_t, std::size_t> bare_word(std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return {0, 0};
  std::size_t first = line.find_first_not_of(" \t", equals + 1);
  if (first == std::string_view::npos) return {0, 0};
  const bool is_letter = std::isalpha(static_cast<unsigned char>(line[first])) != 0;
  if (!is_letter && line[first] != '<' && line[first] != '>') return {0, 0};
  std::size_t last = std::min(line.find('#', first), line.size());
  while (last > first && std::isspace(static_cast<unsigned char>(line[last - 1]))) --last;
  return {first, last};
}

Diagnostic from_parse_error(const toml::parse_error& error, const SourceLines& lines) {
  const auto number = static_cast<std::uint32_t>(error.source().begin.line);
  const std::string_view line = lines.line(number);
  std::string_view reason = error.description();
  if (reason.starts_with("Error while parsing "))
    if (const auto colon = reason.find(": "); colon != std::string_view::npos)
      reason.remove_prefix(colon + 2);

  if (reason.starts_with("cannot redefine existing")) {
    std::size_t first = std::min(line.find_first_not_of(" \t[,{"), line.size());
    std::size_t last = std::min(line.find_first_of("=]", first), line.size());
    while (last > first && std::isspace(static_cast<unsigned char>(line[last - 1]))) --last;
    return {.message = fmt::format("`{}` is given twice", line.substr(first, last - first)),
            .span = lines.in_line(number, first, last),
            .notes = {std::string(reason)},
            .help = "keep one of them; a pass begins with [[pass]], in double brackets"};
  }
  const auto [first, last] = bare_word(line);
  const std::size_t at = lines.byte_of_character(
      number, static_cast<std::uint32_t>(error.source().begin.column));
  if (last > first && at >= first && at <= last) {
    const std::string_view word = line.substr(first, last - first);
    return {.message = fmt::format("`{}` is not a TOML value", word),
            .span = lines.in_line(number, first, last),
            .help = fmt::format("text stands in quotes: \"{}\"", word)};
  }
  return {.message = fmt::format("not valid TOML: {}", reason),
          .span = lines.in_line(number, at, at + 1)};
}

}  // namespace

Result<OptionTable> parse_toml(std::string_view text, std::string_view file) {
  RCC_TRY(guard_recipe_text(text, file));
  const SourceLines lines(text, file);
  try {
    const toml::table root = toml::parse(text);
    Converter converter(lines);
    OptionTable table = converter.table(root);
    if (!converter.problems.empty())
      return fail(Error{ErrorKind::usage, std::move(converter.problems)});
    return table;
  } catch (const toml::parse_error& error) {
    return fail(ErrorKind::usage, from_parse_error(error, lines));
  }
}

}  // namespace rcc

#include <fmt/format.h>

#include <array>

#include "ir/support/number_text.h"
#include "passes/option_text.h"
#include "passes/options.h"

namespace rcc {

namespace {

struct RelationText {
  Bound::Relation relation;
  std::string_view text;
};
// Longer spellings first: "<=" starts with "<".
constexpr std::array<RelationText, 4> kRelations{{{Bound::Relation::at_most, "<="},
                                                  {Bound::Relation::at_least, ">="},
                                                  {Bound::Relation::less, "<"},
                                                  {Bound::Relation::greater, ">"}}};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Hundredths as a decimal shift, so that "28.5%" is the double nearest to 0.285.
std::optional<double> parse_percent(std::string_view digits) {
  if (digits.find_first_of("eE") == std::string_view::npos)
    return parse_double(std::string(digits) + "e-2");
  const std::optional<double> value = parse_double(digits);
  return value ? std::optional(*value / 100) : std::nullopt;
}

// The shortest "28.5%" that reads back to the same value; none for very small ones.
std::optional<std::string> percent_text(double value) {
  constexpr int kMostDigits = 17;
  for (int digits = 1; digits <= kMostDigits; ++digits) {
    const std::string text = fmt::format("{:.{}g}", value * 100, digits);
    const bool is_plain = text.find('e') == std::string::npos;
    if (is_plain && parse_percent(text) == value) return text + "%";
  }
  return std::nullopt;
}

struct Share {
  double value = 0;
  bool is_percent = false;
};

std::optional<Share> parse_share(std::string_view text) {
  const bool is_percent = text.ends_with('%');
  if (is_percent) text = trimmed(text.substr(0, text.size() - 1));
  if (!starts_like_number(text)) return std::nullopt;
  const std::optional<double> value = is_percent ? parse_percent(text) : parse_double(text);
  return value ? std::optional(Share{*value, is_percent}) : std::nullopt;
}

}  // namespace

std::string short_number(double value) {
  std::string text = to_text(value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

bool starts_like_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && (text.front() == '.' || (text.front() >= '0' && text.front() <= '9'));
}

std::string to_text(Fraction fraction) {
  return percent_text(fraction.value).value_or(to_text(fraction.value));
}

std::optional<Fraction> parse_fraction(std::string_view text) {
  const std::optional<Share> share = parse_share(trimmed(text));
  return share ? std::optional(Fraction{share->value}) : std::nullopt;
}

bool Bound::holds(double value) const {
  switch (relation) {
    case Relation::at_most:
      return value <= limit;
    case Relation::less:
      return value < limit;
    case Relation::at_least:
      return value >= limit;
    case Relation::greater:
      return value > limit;
  }
  return false;
}

std::string to_text(const Bound& bound) {
  std::string number = short_number(bound.limit);
  if (bound.is_percent) number = percent_text(bound.limit).value_or(number);
  for (const RelationText& row : kRelations)
    if (row.relation == bound.relation) return fmt::format("{} {}", row.text, number);
  return number;
}

std::optional<Bound> parse_bound(std::string_view text) {
  text = trimmed(text);
  for (const RelationText& row : kRelations) {
    if (!text.starts_with(row.text)) continue;
    const std::optional<Share> share = parse_share(trimmed(text.substr(row.text.size())));
    if (!share) return std::nullopt;
    return Bound{row.relation, share->value, share->is_percent};
  }
  return std::nullopt;
}

std::string describe_value(const OptionValue& value) {
  struct Visitor {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return to_text(number); }
    std::string operator()(const std::string& text) const { return quoted(text); }
    std::string operator()(const OptionValue::List&) const { return "a list"; }
    std::string operator()(const OptionValue::Table&) const { return "a table"; }
  };
  return std::visit(Visitor{}, value.value);
}

}  // namespace rcc

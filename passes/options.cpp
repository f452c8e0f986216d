#include "passes/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/support/number_text.h"
#include "passes/option_text.h"

namespace rcc {

namespace {

// Why a value cannot be taken: "must be ..., not ..." and the remedy.
struct Complaint {
  std::string must_be;
  std::string help = {};
};
using Verdict = std::optional<Complaint>;

const std::string* as_text(const OptionValue& value) {
  return std::get_if<std::string>(&value.value);
}
bool is_scalar(const OptionValue& value) {
  return !std::holds_alternative<OptionValue::List>(value.value) &&
         !std::holds_alternative<OptionValue::Table>(value.value);
}

std::string range_text(const FieldRule& rule) {
  std::string text;
  if (rule.minimum && rule.maximum && !rule.excludes_minimum)
    return fmt::format("between {} and {}", short_number(*rule.minimum),
                       short_number(*rule.maximum));
  if (rule.minimum)
    text = fmt::format("{} {}", rule.excludes_minimum ? "greater than" : "at least",
                       short_number(*rule.minimum));
  if (rule.maximum)
    text += fmt::format("{}at most {}", text.empty() ? "" : " and ", short_number(*rule.maximum));
  return text;
}

Verdict check_range(double number, const FieldRule& rule) {
  if (!std::isfinite(number)) return Complaint{"a finite number"};
  const bool is_low =
      rule.minimum && (rule.excludes_minimum ? number <= *rule.minimum : number < *rule.minimum);
  const bool is_high = rule.maximum && number > *rule.maximum;
  if (is_low || is_high) return Complaint{range_text(rule)};
  return std::nullopt;
}

// Overloads of take: the value as the type of the field, or why not.

Verdict take(const OptionValue& value, bool& out, const FieldRule&) {
  const bool* flag = std::get_if<bool>(&value.value);
  if (flag) {
    out = *flag;
    return std::nullopt;
  }
  const std::string* text = as_text(value);
  const bool is_quoted = text && (*text == "true" || *text == "false");
  return Complaint{"true or false", is_quoted ? "write it without quotes" : ""};
}

Verdict take(const OptionValue& value, std::int64_t& out, const FieldRule& rule) {
  const std::int64_t* number = std::get_if<std::int64_t>(&value.value);
  if (!number) {
    const std::string* text = as_text(value);
    return Complaint{"an integer", text && parse_int(*text) ? "write it without quotes" : ""};
  }
  if (Verdict verdict = check_range(static_cast<double>(*number), rule)) return verdict;
  out = *number;
  return std::nullopt;
}

std::optional<double> as_number(const OptionValue& value) {
  if (const double* number = std::get_if<double>(&value.value)) return *number;
  if (const std::int64_t* number = std::get_if<std::int64_t>(&value.value))
    return static_cast<double>(*number);
  return std::nullopt;
}

Verdict take(const OptionValue& value, double& out, const FieldRule& rule) {
  const std::optional<double> number = as_number(value);
  if (!number) {
    const std::string* text = as_text(value);
    return Complaint{"a number",
                     text && starts_like_number(*text) ? "write it without quotes" : ""};
  }
  if (Verdict verdict = check_range(*number, rule)) return verdict;
  out = *number;
  return std::nullopt;
}

Verdict take(const OptionValue& value, std::string& out, const FieldRule& rule) {
  const std::string* text = as_text(value);
  if (!text)
    return Complaint{"text",
                     is_scalar(value) ? fmt::format("write \"{}\"", describe_value(value)) : ""};
  const auto& choices = rule.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), *text) == choices.end()) {
    const std::string_view nearest = nearest_name(*text, choices);
    return Complaint{fmt::format("one of {}", fmt::join(choices, ", ")),
                     nearest.empty() ? "" : fmt::format("did you mean `{}`?", nearest)};
  }
  out = *text;
  return std::nullopt;
}

Verdict take(const OptionValue& value, Fraction& out, const FieldRule& rule) {
  const std::string* text = as_text(value);
  std::optional<double> number = as_number(value);
  if (text) {
    if (const std::optional<Fraction> fraction = parse_fraction(*text)) number = fraction->value;
  }
  if (!number) return Complaint{"a share of the whole", "write it as 0.5 or as \"50%\""};
  FieldRule bounds = rule;
  if (!bounds.minimum) bounds.minimum = 0;
  if (!bounds.maximum) bounds.maximum = 1;
  if (Verdict verdict = check_range(*number, bounds)) {
    const bool is_percentage = !text && *number > 1 && *number <= 100;
    if (is_percentage)
      verdict->help = fmt::format("did you mean {} or \"{}%\"?", short_number(*number / 100),
                                  short_number(*number));
    return verdict;
  }
  out.value = *number;
  return std::nullopt;
}

Verdict take(const OptionValue& value, Bound& out, const FieldRule&) {
  const std::string* text = as_text(value);
  const std::optional<Bound> bound = text ? parse_bound(*text) : std::nullopt;
  if (!bound)
    return Complaint{"a bound", "write a relation and a number, such as \"<= 1.5%\" or \">= 7\""};
  out = *bound;
  return std::nullopt;
}

template <typename T>
Verdict take(const OptionValue& value, std::optional<T>& out, const FieldRule& rule) {
  T taken{};
  if (Verdict verdict = take(value, taken, rule)) return verdict;
  out = taken;
  return std::nullopt;
}

// Fills `options` from a table and collects what is wrong with it.
class OptionReader final : public OptionVisitor {
 public:
  OptionReader(const OptionTable& table, std::string_view owner) {
    levels_.push_back({&table, std::string(owner), {}});
  }

  Result<void> finish() {
    report_unknown_keys();
    if (error_.diagnostics.empty()) return {};
    return fail(std::move(error_));
  }

  void field(std::string_view name, bool& value, std::string_view, const FieldRule& rule) override {
    read(name, value, rule);
  }
  void field(std::string_view name, std::int64_t& value, std::string_view,
             const FieldRule& rule) override {
    read(name, value, rule);
  }
  void field(std::string_view name, double& value, std::string_view,
             const FieldRule& rule) override {
    read(name, value, rule);
  }
  void field(std::string_view name, std::string& value, std::string_view,
             const FieldRule& rule) override {
    read(name, value, rule);
  }
  void field(std::string_view name, Fraction& value, std::string_view,
             const FieldRule& rule) override {
    read(name, value, rule);
  }
  void field(std::string_view name, std::optional<Fraction>& value, std::string_view,
             const FieldRule& rule) override {
    read(name, value, rule);
  }
  void field(std::string_view name, std::optional<double>& value, std::string_view,
             const FieldRule& rule) override {
    read(name, value, rule);
  }
  void field(std::string_view name, std::optional<std::int64_t>& value, std::string_view,
             const FieldRule& rule) override {
    read(name, value, rule);
  }
  void field(std::string_view name, std::optional<Bound>& value, std::string_view,
             const FieldRule& rule) override {
    read(name, value, rule);
  }
  void field(std::string_view name, std::vector<std::string>& value, std::string_view,
             const FieldRule& rule) override {
    read_list(name, value, rule, "texts");
  }
  void field(std::string_view name, std::vector<double>& value, std::string_view,
             const FieldRule& rule) override {
    read_list(name, value, rule, "numbers");
  }
  void field(std::string_view name, std::vector<std::int64_t>& value, std::string_view,
             const FieldRule& rule) override {
    read_list(name, value, rule, "integers");
  }

 protected:
  bool begin_table(std::string_view name, bool& is_present, std::string_view) override {
    const OptionValue* value = find(name);
    if (!value) return false;
    const auto* table = std::get_if<OptionValue::Table>(&value->value);
    if (!table) {
      complain(fmt::format("`{}` of {}", name, owner()), *value, {"a table", ""});
      return false;
    }
    is_present = true;
    levels_.push_back({table, fmt::format("`{}` of {}", name, owner()), {}});
    return true;
  }

  void end_table() override {
    report_unknown_keys();
    levels_.pop_back();
  }

 private:
  struct Level {
    const OptionTable* table;
    std::string owner;
    std::vector<std::string_view> known;
  };

  const std::string& owner() const { return levels_.back().owner; }

  // Null when the table does not give it.
  const OptionValue* find(std::string_view name) {
    Level& level = levels_.back();
    level.known.push_back(name);
    for (const auto& [key, value] : *level.table)
      if (key == name) return &value;
    return nullptr;
  }

  template <typename T>
  void read(std::string_view name, T& out, const FieldRule& rule) {
    const OptionValue* value = find(name);
    if (!value) return;
    if (Verdict verdict = take(*value, out, rule))
      complain(fmt::format("`{}` of {}", name, owner()), *value, std::move(*verdict));
  }

  template <typename T>
  void read_list(std::string_view name, std::vector<T>& out, const FieldRule& rule,
                 std::string_view items) {
    const OptionValue* value = find(name);
    if (!value) return;
    const auto* list = std::get_if<OptionValue::List>(&value->value);
    if (!list) {
      std::string help = is_scalar(*value) ? fmt::format("write [{}]", describe_value(*value)) : "";
      return complain(fmt::format("`{}` of {}", name, owner()), *value,
                      {fmt::format("a list of {}", items), std::move(help)});
    }
    std::vector<T> taken(list->size());
    for (std::size_t i = 0; i < list->size(); ++i)
      if (Verdict verdict = take((*list)[i], taken[i], rule))
        complain(fmt::format("item {} of `{}` of {}", i + 1, name, owner()), (*list)[i],
                 std::move(*verdict));
    out = std::move(taken);
  }

  void complain(const std::string& what, const OptionValue& value, Complaint complaint) {
    Diagnostic diagnostic;
    diagnostic.message =
        fmt::format("{} must be {}, not {}", what, complaint.must_be, describe_value(value));
    diagnostic.span = value.span;
    diagnostic.help = std::move(complaint.help);
    error_.diagnostics.push_back(std::move(diagnostic));
  }

  void report_unknown_keys() {
    const Level& level = levels_.back();
    for (const auto& [key, value] : *level.table) {
      if (std::find(level.known.begin(), level.known.end(), key) != level.known.end()) continue;
      Diagnostic diagnostic;
      diagnostic.message = fmt::format("unknown key `{}` in {}", key, level.owner);
      diagnostic.span = value.key_span;
      const std::string_view nearest = nearest_name(key, level.known);
      if (!nearest.empty()) diagnostic.help = fmt::format("did you mean `{}`?", nearest);
      diagnostic.notes.push_back(level.known.empty() ? fmt::format("{} has no options", level.owner)
                                                     : fmt::format("keys of {}: {}", level.owner,
                                                                   fmt::join(level.known, ", ")));
      error_.diagnostics.push_back(std::move(diagnostic));
    }
  }

  std::vector<Level> levels_;
  Error error_{ErrorKind::usage, {}};
};

}  // namespace

Result<void> set_options(OptionSet& options, const OptionTable& table, std::string_view owner) {
  OptionReader reader(table, owner);
  options.describe(reader);
  return reader.finish();
}

}  // namespace rcc

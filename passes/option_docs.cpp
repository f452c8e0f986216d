#include <fmt/format.h>

#include <algorithm>

#include "ir/support/number_text.h"
#include "passes/option_text.h"
#include "passes/options.h"

namespace rcc {

namespace {

// Overloads of value_text: a resolved value as parse_option_text reads it.
std::string value_text(bool value) { return value ? "true" : "false"; }
std::string value_text(std::int64_t value) { return std::to_string(value); }
std::string value_text(double value) { return to_text(value); }
std::string value_text(const std::string& value) { return bare_or_quoted(value); }
std::string value_text(Fraction value) { return to_text(value); }
std::string value_text(const Bound& value) { return bare_or_quoted(to_text(value)); }
template <typename T>
std::string value_text(const std::vector<T>& values) {
  std::vector<std::string> items;
  for (const T& value : values) items.push_back(value_text(value));
  return fmt::format("[{}]", fmt::join(items, ","));
}

// Visits all fields alike: `on_field(name, value, type, help, rule)`.
template <typename Derived>
class UniformVisitor : public OptionVisitor {
 public:
  void field(std::string_view n, bool& v, std::string_view h, const FieldRule& r) override {
    self().on_field(n, v, "true or false", h, r);
  }
  void field(std::string_view n, std::int64_t& v, std::string_view h, const FieldRule& r) override {
    self().on_field(n, v, "integer", h, r);
  }
  void field(std::string_view n, double& v, std::string_view h, const FieldRule& r) override {
    self().on_field(n, v, "number", h, r);
  }
  void field(std::string_view n, std::string& v, std::string_view h, const FieldRule& r) override {
    self().on_field(n, v, "text", h, r);
  }
  void field(std::string_view n, Fraction& v, std::string_view h, const FieldRule& r) override {
    self().on_field(n, v, "fraction", h, r);
  }
  void field(std::string_view n, std::optional<Fraction>& v, std::string_view h,
             const FieldRule& r) override {
    self().on_field(n, v, "fraction", h, r);
  }
  void field(std::string_view n, std::optional<double>& v, std::string_view h,
             const FieldRule& r) override {
    self().on_field(n, v, "number", h, r);
  }
  void field(std::string_view n, std::optional<std::int64_t>& v, std::string_view h,
             const FieldRule& r) override {
    self().on_field(n, v, "integer", h, r);
  }
  void field(std::string_view n, std::optional<Bound>& v, std::string_view h,
             const FieldRule& r) override {
    self().on_field(n, v, "bound", h, r);
  }
  void field(std::string_view n, std::vector<std::string>& v, std::string_view h,
             const FieldRule& r) override {
    self().on_field(n, v, "list of texts", h, r);
  }
  void field(std::string_view n, std::vector<double>& v, std::string_view h,
             const FieldRule& r) override {
    self().on_field(n, v, "list of numbers", h, r);
  }
  void field(std::string_view n, std::vector<std::int64_t>& v, std::string_view h,
             const FieldRule& r) override {
    self().on_field(n, v, "list of integers", h, r);
  }

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
};

class TextWriter final : public UniformVisitor<TextWriter> {
 public:
  template <typename T>
  void on_field(std::string_view name, const T& value, std::string_view, std::string_view,
                const FieldRule&) {
    add(name, value_text(value));
  }
  template <typename T>
  void on_field(std::string_view name, const std::optional<T>& value, std::string_view,
                std::string_view, const FieldRule&) {
    if (value) add(name, value_text(*value));
  }

  // Of the innermost open table.
  std::string take_text() {
    std::vector<std::string>& entries = levels_.back().entries;
    std::sort(entries.begin(), entries.end());
    return fmt::format("{}", fmt::join(entries, ","));
  }

 protected:
  bool begin_table(std::string_view name, bool& is_present, std::string_view) override {
    if (is_present) levels_.push_back({std::string(name), {}});
    return is_present;
  }
  void end_table() override {
    const std::string text = take_text();
    const std::string name = std::move(levels_.back().name);
    levels_.pop_back();
    add(name, fmt::format("{{{}}}", text));
  }

 private:
  struct Level {
    std::string name;
    std::vector<std::string> entries;
  };
  void add(std::string_view name, const std::string& text) {
    levels_.back().entries.push_back(fmt::format("{}={}", name, text));
  }
  std::vector<Level> levels_{1};
};

// "integer >= 1", "number > 0, <= 1", "text: a | b".
std::string type_text(std::string_view type, const FieldRule& rule) {
  std::string text(type);
  if (!rule.choices.empty()) return fmt::format("{}: {}", type, fmt::join(rule.choices, " | "));
  if (rule.minimum)
    text += fmt::format(" {} {}", rule.excludes_minimum ? ">" : ">=", short_number(*rule.minimum));
  if (rule.maximum)
    text += fmt::format("{} <= {}", rule.minimum ? "," : "", short_number(*rule.maximum));
  return text;
}

class DocWriter final : public UniformVisitor<DocWriter> {
 public:
  template <typename T>
  void on_field(std::string_view name, const T& value, std::string_view type, std::string_view help,
                const FieldRule& rule) {
    std::string text = value_text(value);
    if (!rule.unit.empty()) text += fmt::format(" {}", rule.unit);
    add(name, type_text(type, rule), std::move(text), help);
  }
  template <typename T>
  void on_field(std::string_view name, const std::optional<T>& value, std::string_view type,
                std::string_view help, const FieldRule& rule) {
    if (value) return on_field(name, *value, type, help, rule);
    add(name, type_text(type, rule), "none", help);
  }
  std::vector<OptionDoc> rows;

 protected:
  bool begin_table(std::string_view name, bool& is_present, std::string_view help) override {
    add(name, "table", is_present ? "given" : "none", help);
    prefixes_.push_back(prefix() + std::string(name) + ".");
    return true;
  }
  void end_table() override { prefixes_.pop_back(); }

 private:
  std::string prefix() const { return prefixes_.empty() ? std::string() : prefixes_.back(); }
  void add(std::string_view name, std::string type, std::string text, std::string_view help) {
    rows.push_back(
        {prefix() + std::string(name), std::move(type), std::move(text), std::string(help)});
  }
  std::vector<std::string> prefixes_;
};

}  // namespace

std::string to_text(OptionSet& options) {
  TextWriter writer;
  options.describe(writer);
  return writer.take_text();
}

std::vector<OptionDoc> document(OptionSet& options) {
  DocWriter writer;
  options.describe(writer);
  return std::move(writer.rows);
}

}  // namespace rcc

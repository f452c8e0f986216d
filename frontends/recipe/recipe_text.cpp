#include "frontends/recipe/recipe_text.h"

#include <algorithm>
#include <iterator>

#include "ir/support/number_text.h"

namespace rcc {

namespace {

// A basic string of TOML.
std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte < 0x20 || byte == 0x7F)
      fmt::format_to(std::back_inserter(out), "\\u{:04X}", byte);
    else
      out += c;
  }
  return out + '"';
}

std::string toml_value(const OptionValue& value) {
  struct Visitor {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return to_text(number); }
    std::string operator()(const std::string& text) const { return toml_string(text); }
    std::string operator()(const OptionValue::List& list) const {
      std::vector<std::string> items;
      for (const OptionValue& item : list) items.push_back(toml_value(item));
      return fmt::format("[{}]", fmt::join(items, ", "));
    }
    std::string operator()(const OptionTable& table) const {
      std::vector<std::string> rows;
      for (const auto& [key, item] : table)
        rows.push_back(fmt::format("{} = {}", key, toml_value(item)));
      return rows.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(rows, ", "));
    }
  };
  return std::visit(Visitor{}, value.value);
}

// The options by way of their canonical text, which knows all types.
std::string rows_of(OptionSet& options) {
  const auto table = parse_option_text(to_text(options), "options");
  RCC_CHECK(table.has_value(), "canonical text reads back");
  std::string rows;
  for (const auto& [key, value] : *table)
    fmt::format_to(std::back_inserter(rows), "{} = {}\n", key, toml_value(value));
  return rows;
}

template <typename Options>
std::string section(std::string_view name, const Options& options) {
  TypedOptionSet<Options> given;
  given.options = options;
  TypedOptionSet<Options> defaults;
  if (to_text(given) == to_text(defaults)) return {};
  return fmt::format("\n[{}]\n{}", name, rows_of(given));
}

}  // namespace

std::string to_toml(const Recipe& recipe) {
  std::string text = fmt::format("schema = {}\n", kRecipeSchema);
  const auto to = std::back_inserter(text);
  if (!recipe.name.empty()) fmt::format_to(to, "name = {}\n", toml_string(recipe.name));
  fmt::format_to(to, "seed = {}\n", recipe.seed);
  text += section("data", recipe.data);
  text += section("target", recipe.target);
  text += section("require", recipe.require);
  for (const PassInstance& pass : recipe.passes) {
    const bool is_file = !pass.rules_file.empty();
    fmt::format_to(to, "\n[[pass]]\n{} = {}\n", is_file ? "rules" : "name",
                   toml_string(is_file ? pass.rules_file.string() : pass.name));
    text += rows_of(*pass.options);
  }
  return text;
}

Result<std::string> pipeline_text(const Recipe& recipe, std::string_view format) {
  if (format == "toml") return to_toml(recipe);
  if (format == "text") return to_text(recipe.passes) + "\n";
  return fail(ErrorKind::usage, fmt::format("--print-pipeline: no format `{}`", format),
              "write text or toml");
}

}  // namespace rcc

#include "frontends/recipe/overrides.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>

#include "ir/support/number_text.h"

namespace rcc {

namespace {

using Table = OptionTable;

// One argument of --set, cut into its key's parts and its value.
struct Override {
  std::string_view text;
  std::vector<std::string_view> parts;
  std::size_t value_at = 0;

  SourceSpan span(std::string_view part) const {
    const auto first = static_cast<std::uint32_t>(part.data() - text.data());
    return {kOverridePlace, 1, first + 1, static_cast<std::uint32_t>(part.size()),
            std::string(text)};
  }
};

tl::unexpected<Error> problem(const Override& override, std::string_view part, std::string message,
                              std::string help) {
  return fail(ErrorKind::usage, Diagnostic{.message = std::move(message),
                                           .span = override.span(part),
                                           .help = std::move(help)});
}

Result<Override> split(std::string_view text) {
  Override out{text, {}, 0};
  const std::size_t equals = text.find('=');
  std::string_view key = text.substr(0, equals);
  if (equals == std::string_view::npos || key.empty())
    return problem(out, text, "an override has the form key=value",
                   "for example --set seed=1 or --set remove_channels.round_to=16");
  out.value_at = equals + 1;
  for (;;) {
    const std::size_t dot = key.find('.');
    out.parts.push_back(key.substr(0, dot));
    if (out.parts.back().empty())
      return problem(out, text.substr(0, equals), "a part of the key is empty",
                     "write pass.key=value");
    if (dot == std::string_view::npos) break;
    key.remove_prefix(dot + 1);
  }
  if (out.parts.front() == "pass" && out.parts.size() > 1) out.parts.erase(out.parts.begin());
  return out;
}

// Lists, tables and quoted texts are written as in a pipeline; anything else is a number, a truth
// value, or else text as it stands.
Result<OptionValue> parse_value(const Override& override) {
  const std::string_view text = override.text.substr(override.value_at);
  OptionValue out;
  if (!text.empty() && std::string_view("[{\"'").find(text.front()) != std::string_view::npos) {
    const std::string pair = fmt::format("value={}", text);
    OptionTable table = RCC_TRY(parse_option_text(pair, kOverridePlace));
    if (table.size() != 1)
      return problem(override, text, "one value is expected", "put a list in brackets");
    out = std::move(table.front().second);
  } else if (text == "true" || text == "false") {
    out.value = text == "true";
  } else if (const auto integer = parse_int(text)) {
    out.value = *integer;
  } else if (const auto real = parse_double(text)) {
    out.value = *real;
  } else {
    out.value = std::string(text);
  }
  out.span = override.span(text);
  return out;
}

OptionValue* find(Table& table, std::string_view key) {
  for (auto& [name, value] : table)
    if (name == key) return &value;
  return nullptr;
}

void write(Table& table, const Override& override, std::size_t part, OptionValue value) {
  const std::string_view key = override.parts[part];
  OptionValue* place = find(table, key);
  if (place == nullptr) place = &table.emplace_back(std::string(key), OptionValue{}).second;
  if (part + 1 == override.parts.size()) {
    *place = std::move(value);
    place->key_span = override.span(key);
    return;
  }
  if (!std::holds_alternative<Table>(place->value))
    *place = {.value = Table{}, .span = override.span(key), .key_span = override.span(key)};
  write(std::get<Table>(place->value), override, part + 1, std::move(value));
}

std::string pass_name(const OptionValue& pass) {
  const auto* table = std::get_if<Table>(&pass.value);
  if (table == nullptr) return {};
  for (const auto& [key, value] : *table) {
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) continue;
    if (key == "name") return *text;
    if (key == "rules") return std::filesystem::path(*text).stem().string();
  }
  return {};
}

Result<OptionValue*> find_pass(Table& recipe, const Override& override) {
  std::string_view name = override.parts.front();
  std::optional<std::int64_t> number;
  if (const std::size_t hash = name.find('#'); hash != std::string_view::npos) {
    number = parse_int(name.substr(hash + 1));
    name = name.substr(0, hash);
    if (!number || *number < 1)
      return problem(override, override.parts.front(), "after # stands a number from 1",
                     "for example fine_tune#2.epochs=1");
  }
  std::vector<OptionValue*> found;
  std::vector<std::string> names;
  OptionValue* passes = find(recipe, "pass");
  if (passes != nullptr)
    if (auto* list = std::get_if<OptionValue::List>(&passes->value))
      for (OptionValue& pass : *list) {
        names.push_back(pass_name(pass));
        if (names.back() == name) found.push_back(&pass);
      }
  if (found.empty()) {
    std::vector<std::string_view> candidates{"name", "seed", "data", "target", "require"};
    candidates.insert(candidates.end(), names.begin(), names.end());
    const std::string_view nearest = nearest_name(name, candidates);
    return problem(override, override.parts.front(),
                   fmt::format("the recipe has no pass `{}`", name),
                   nearest.empty() ? "name a pass of the recipe, or seed, data, target, require"
                                   : fmt::format("did you mean `{}`?", nearest));
  }
  if (found.size() > 1 && !number)
    return problem(override, override.parts.front(),
                   fmt::format("the recipe has `{}` {} times", name, found.size()),
                   fmt::format("write {0}#1 to {0}#{1}", name, found.size()));
  const auto index = static_cast<std::size_t>(number.value_or(1) - 1);
  if (index >= found.size())
    return problem(override, override.parts.front(),
                   fmt::format("the recipe has `{}` {} times", name, found.size()),
                   fmt::format("write {}#{} at most", name, found.size()));
  return found[index];
}

Result<void> apply_one(Table& recipe, std::string_view text) {
  const Override override = RCC_TRY(split(text));
  OptionValue value = RCC_TRY(parse_value(override));
  const std::string_view head = override.parts.front();
  const bool is_scalar = head == "seed" || head == "name";
  const bool is_table = head == "data" || head == "target" || head == "require";
  if ((is_scalar && override.parts.size() == 1) || (is_table && override.parts.size() > 1)) {
    write(recipe, override, 0, std::move(value));
    return {};
  }
  if (is_scalar || is_table)
    return problem(override, head, fmt::format("`{}` is {}", head, is_table ? "a table" : "one value"),
                   is_table ? fmt::format("name one of its keys: {}.key=value", head)
                            : fmt::format("write {}=value", head));
  OptionValue* pass = RCC_TRY(find_pass(recipe, override));
  if (override.parts.size() == 1)
    return problem(override, head, "which option of the pass?",
                   fmt::format("write {}.key=value; `rcc explain {}` lists its options", head, head));
  write(std::get<Table>(pass->value), override, 1, std::move(value));
  return {};
}

}  // namespace

Result<void> apply_overrides(OptionTable& recipe, const std::vector<std::string>& overrides) {
  Error errors{ErrorKind::usage, {}};
  for (const std::string& text : overrides)
    if (auto applied = apply_one(recipe, text); !applied)
      for (Diagnostic& diagnostic : applied.error().diagnostics)
        errors.diagnostics.push_back(std::move(diagnostic));
  if (!errors.diagnostics.empty()) return fail(std::move(errors));
  return {};
}

}  // namespace rcc

#include "frontends/recipe/recipe.h"

#include <algorithm>
#include <array>
#include <utility>

#include "frontends/recipe/guard.h"
#include "frontends/recipe/overrides.h"
#include "frontends/recipe/toml_table.h"
#include "ir/support/file.h"
#include "passes/module_loader.h"

namespace rcc {

void Requirements::describe(OptionVisitor& v) {
  v.field("top1", top1, "top-1 accuracy of the result on the eval split");
  v.field("top1_drop", top1_drop, "accuracy lost, in points: before minus after");
  v.field("size", size, "bytes of the file, or a share of the original's");
  v.field("size_ratio", size_ratio, "bytes before divided by bytes after");
  v.field("macs", macs, "multiply-accumulates, or a share of the original's");
  v.field("params", params, "parameters, or a share of the original's");
  v.field("nonzeros", nonzeros, "non-zero parameters, or a share of the original's parameters");
}

namespace {

constexpr std::array<std::string_view, 8> kKeys{"schema", "name",    "seed",      "data",
                                                "target", "require", "load_pass", "pass"};

// Names the type that a value has, for messages.
std::string_view kind_name(const OptionValue& value) {
  constexpr std::array<std::string_view, 6> kNames{"a truth value", "an integer", "a number",
                                                   "text",          "a list",     "a table"};
  return kNames[value.value.index()];
}

class Reader {
 public:
  Reader(std::filesystem::path path, RecipeScope scope)
      : path_(std::move(path)), scope_(std::move(scope)) {}

  Result<Recipe> read(const OptionTable& table) {
    recipe_.name = path_.stem().string();
    // Before the passes, wherever it stands.
    for (const auto& [key, value] : table)
      if (key == "load_pass") read_modules(value);
    for (const auto& [key, value] : table) read_key(key, value);
    if (recipe_.passes.empty() && errors_.diagnostics.empty())
      recipe_.warnings.push_back({.severity = Severity::warning,
                                  .message = "the recipe has no passes",
                                  .span = {.file = path_.string()},
                                  .help = "a pass is a table [[pass]] with a name"});
    if (!errors_.diagnostics.empty()) return fail(std::move(errors_));
    return std::move(recipe_);
  }

 private:
  void read_key(std::string_view key, const OptionValue& value) {
    if (key == "schema") return read_schema(value);
    if (key == "name") return read_name(value);
    if (key == "seed") return read_seed(value);
    if (key == "data") {
      recipe_.has_data = true;
      if (read_section(key, value, recipe_.data)) resolve_data(value);
      return;
    }
    if (key == "target") return static_cast<void>(read_section(key, value, recipe_.target));
    if (key == "require") {
      if (read_section(key, value, recipe_.require)) check_requirements(value);
      return;
    }
    if (key == "load_pass") return;
    if (key == "pass") return read_passes(value);
    const std::string_view nearest = nearest_name(key, {kKeys.begin(), kKeys.end()});
    error(value.key_span, fmt::format("unknown key `{}` of the recipe", key),
          nearest.empty() ? "" : fmt::format("did you mean `{}`?", nearest),
          {fmt::format("keys of a recipe: {}", fmt::join(kKeys, ", "))});
  }

  void read_schema(const OptionValue& value) {
    const auto* number = std::get_if<std::int64_t>(&value.value);
    if (number == nullptr) return wrong_type("schema", "an integer", value);
    if (*number > kRecipeSchema)
      error(value.span,
            fmt::format("schema {} is newer than this rcc, which reads {}", *number, kRecipeSchema),
            "use a newer rcc");
    else if (*number < 1)
      error(value.span, fmt::format("there is no schema {}", *number),
            fmt::format("write schema = {}", kRecipeSchema));
  }

  void read_name(const OptionValue& value) {
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) return wrong_type("name", "text", value);
    // It becomes a part of file names.
    const bool is_plain = !text->empty() && text->size() <= 100 && text->front() != '.' &&
                          std::all_of(text->begin(), text->end(), [](unsigned char c) {
                            return c < 0x80 && (std::isalnum(c) || c == '_' || c == '-' || c == '.');
                          });
    if (!is_plain)
      return error(value.span, "the name of a recipe becomes a part of file names",
                   "use letters, digits, `_`, `-` and `.` only");
    recipe_.name = *text;
  }

  void read_seed(const OptionValue& value) {
    const auto* number = std::get_if<std::int64_t>(&value.value);
    if (number == nullptr) return wrong_type("seed", "an integer", value);
    if (*number < 0) return error(value.span, "seed is negative", "write an integer from 0");
    recipe_.seed = static_cast<std::uint64_t>(*number);
  }

  template <typename Options>
  bool read_section(std::string_view key, const OptionValue& value, Options& out) {
    const auto* table = std::get_if<OptionTable>(&value.value);
    if (table == nullptr) {
      wrong_type(key, "a table", value);
      return false;
    }
    TypedOptionSet<Options> options;
    auto done = set_options(options, *table, fmt::format("[{}]", key));
    if (!done) {
      add(std::move(done).error());
      return false;
    }
    out = std::move(options.options);
    return true;
  }

  // Shares of accuracy are never above 1; "<= 1.5" is meant as percent.
  void check_requirements(const OptionValue& section) {
    for (const auto& [key, value] : std::get<OptionTable>(section.value)) {
      const bool is_top1 = key == "top1";
      if (!is_top1 && key != "top1_drop") continue;
      const Bound& bound = is_top1 ? *recipe_.require.top1 : *recipe_.require.top1_drop;
      if (bound.is_percent || bound.limit <= 1) continue;
      error(value.span, fmt::format("`{}` of [require] is a share of all images", key),
            fmt::format("did you mean \"{}%\"?", std::get<std::string>(value.value)));
    }
  }

  // "kind:PATH,PATH" with the paths made absolute or relative to the working folder.
  void resolve_data(const OptionValue& section) {
    for (const auto& [key, value] : std::get<OptionTable>(section.value)) {
      if (key != "train" && key != "eval") continue;
      const auto* text = std::get_if<std::string>(&value.value);
      if (text == nullptr) continue;
      const std::size_t colon = text->find(':');
      if (colon == std::string::npos || colon == 0 || colon + 1 == text->size()) {
        error(value.span, fmt::format("`{}` does not say what kind of data it is", *text),
              "write images:FOLDER, cifar10:FOLDER or idx:IMAGES,LABELS");
        continue;
      }
      std::string resolved = text->substr(0, colon + 1);
      const bool is_override = value.span.file == kOverridePlace;
      std::string_view rest = std::string_view(*text).substr(colon + 1);
      for (bool is_first = true;; is_first = false) {
        const std::size_t comma = rest.find(',');
        if (!is_first) resolved += ',';
        resolved += resolve(rest.substr(0, comma), is_override);
        if (comma == std::string_view::npos) break;
        rest.remove_prefix(comma + 1);
      }
      (key == "train" ? recipe_.data.train : recipe_.data.eval) = resolved;
    }
  }

  std::string resolve(std::string_view text, bool is_override) const {
    const std::filesystem::path path(text);
    if (path.is_absolute() || is_override) return path.string();
    return (path_.parent_path() / path).lexically_normal().string();
  }

  // A file, or a list of files.
  void read_modules(const OptionValue& value) {
    if (!scope_.may_load_modules)
      return error(value.key_span, "the recipe loads a pass module, which runs its code",
                   "if you trust the file, allow it: --allow-load-pass");
    if (const auto* list = std::get_if<OptionValue::List>(&value.value)) {
      for (const OptionValue& item : *list) read_module(item);
      return;
    }
    read_module(value);
  }

  void read_module(const OptionValue& value) {
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) return wrong_type("load_pass", "a file or a list of files", value);
    auto done = load_pass_module(resolve(*text, value.span.file == kOverridePlace), scope_.passes);
    if (done) return;
    Error problem = std::move(done).error();
    for (Diagnostic& diagnostic : problem.diagnostics) diagnostic.span = value.span;
    add(std::move(problem));
  }

  void read_passes(const OptionValue& value) {
    const auto* list = std::get_if<OptionValue::List>(&value.value);
    if (list == nullptr)
      return error(value.key_span, fmt::format("`pass` is {}, not a list of tables", kind_name(value)),
                   "each pass begins with [[pass]], in double brackets");
    for (const OptionValue& item : *list) {
      if (const auto* table = std::get_if<OptionTable>(&item.value))
        read_pass(item, *table);
      else
        error(item.span, fmt::format("a pass is a table, not {}", kind_name(item)),
              "each pass begins with [[pass]]");
    }
  }

  void read_pass(const OptionValue& pass, const OptionTable& table) {
    const OptionValue* name = nullptr;
    const OptionValue* rules = nullptr;
    OptionTable options;
    for (const auto& row : table) {
      if (row.first == "name")
        name = &row.second;
      else if (row.first == "rules")
        rules = &row.second;
      else
        options.push_back(row);
    }
    if (name == nullptr && rules == nullptr)
      return error(pass.span, "a pass without a name",
                   "write name = \"...\", or rules = \"file.rules\"; `rcc passes` lists the names");
    if (name != nullptr && rules != nullptr)
      return error(rules->key_span, "a pass has a name or a file of rules, not both",
                   "keep one of them");
    const OptionValue& value = name != nullptr ? *name : *rules;
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) return wrong_type(name != nullptr ? "name" : "rules", "text", value);
    auto made = name != nullptr
                    ? scope_.passes.make(*text, options, value.span)
                    : load_rules_pass(resolve(*text, value.span.file == kOverridePlace), options,
                                      value.span);
    if (made)
      recipe_.passes.push_back(std::move(*made));
    else
      add(std::move(made).error());
  }

  void wrong_type(std::string_view key, std::string_view wanted, const OptionValue& value) {
    error(value.span, fmt::format("`{}` is {}, not {}", key, wanted, kind_name(value)), "");
  }

  void error(SourceSpan span, std::string message, std::string help,
             std::vector<std::string> notes = {}) {
    errors_.diagnostics.push_back({.message = std::move(message),
                                   .span = std::move(span),
                                   .notes = std::move(notes),
                                   .help = std::move(help)});
  }

  void add(Error error) {
    errors_.kind = error.kind;
    for (Diagnostic& diagnostic : error.diagnostics)
      errors_.diagnostics.push_back(std::move(diagnostic));
  }

  std::filesystem::path path_;
  RecipeScope scope_;
  Recipe recipe_;
  Error errors_{ErrorKind::usage, {}};
};

}  // namespace

Result<Recipe> parse_recipe(std::string text, const std::filesystem::path& path,
                            const std::vector<std::string>& overrides, RecipeScope scope) {
  OptionTable table = RCC_TRY(parse_toml(text, path.string()));
  if (table.empty())
    return fail(ErrorKind::usage, Diagnostic{.message = "the recipe is empty",
                                             .span = {.file = path.string()},
                                             .help = "begin with schema = 1 and a [[pass]] table"});
  RCC_TRY(apply_overrides(table, overrides));
  Recipe recipe = RCC_TRY(Reader(path, std::move(scope)).read(table));
  recipe.text = std::move(text);
  return recipe;
}

Result<Recipe> read_recipe(const std::filesystem::path& path,
                           const std::vector<std::string>& overrides, RecipeScope scope) {
  if (path.extension() == ".onnx")
    return fail(ErrorKind::usage, fmt::format("`{}` is a model, not a recipe", path.string()),
                "write `rcc --recipe RECIPE.toml MODEL.onnx`");
  auto text = read_text_file(path, kMaxRecipeBytes);
  if (!text) {
    Error error = std::move(text).error();
    if (error.kind == ErrorKind::input) error.kind = ErrorKind::usage;
    return fail(std::move(error));
  }
  return parse_recipe(std::move(*text), path, overrides, std::move(scope));
}

}  // namespace rcc

#include <fmt/format.h>

#include <algorithm>

#include "ir/support/file.h"
#include "passes/option_text.h"
#include "passes/pipeline.h"
#include "passes/rules/rule.h"

namespace rcc {

namespace {

constexpr std::uint64_t kMaxRuleFileBytes = 1 << 20;

void append(Error& errors, Error more) {
  errors.kind = more.kind;
  std::move(more.diagnostics.begin(), more.diagnostics.end(),
            std::back_inserter(errors.diagnostics));
}

}  // namespace

Result<PassInstance> pass_instance(std::string_view name, PassDef def, const OptionTable& options,
                                   SourceSpan place) {
  PassInstance pass;
  pass.name = name;
  pass.options = def.make_options();
  pass.def = std::make_shared<const PassDef>(std::move(def));
  pass.place = std::move(place);
  pass.written = options;
  RCC_TRY(set_options(*pass.options, options, fmt::format("pass `{}`", name)));
  return pass;
}

Result<PassInstance> load_rules_pass(const std::filesystem::path& path, const OptionTable& options,
                                     SourceSpan place) {
  // Else the text of a pipeline could not tell it from the name of a pass.
  if (path.extension() != ".rules")
    return fail(ErrorKind::usage,
                Diagnostic{.message = fmt::format("`{}` is no rule file", path.string()),
                           .span = std::move(place),
                           .help = "the name of a rule file ends in .rules"});
  const std::string text = RCC_TRY(read_text_file(path, kMaxRuleFileBytes));
  return parse_rules_pass(text, path, options, std::move(place));
}

Result<PassInstance> parse_rules_pass(std::string_view text, const std::filesystem::path& path,
                                      const OptionTable& options, SourceSpan place) {
  PassDef def = RCC_TRY(rules_pass(text, path.string(), *OpTable::builtin()));
  PassInstance pass =
      RCC_TRY(pass_instance(path.stem().string(), std::move(def), options, std::move(place)));
  pass.is_from_file = true;
  pass.rules_file = path;
  pass.rules_text = text;
  return pass;
}

Result<std::vector<PassInstance>> parse_pipeline(std::string_view text, std::string_view place,
                                                 const PassFactory& make) {
  OptionTextReader reader(text, place);
  std::vector<PassInstance> passes;
  Error errors{ErrorKind::usage, {}};
  while (!reader.is_at_end()) {
    SourceSpan span;
    const std::string name = RCC_TRY(reader.take_pass_name(span));
    if (name.empty()) return reader.expected("the name of a pass");
    OptionTable options;
    if (reader.take('{')) options = RCC_TRY(reader.take_table('}'));
    if (Result<PassInstance> pass = make(name, options, span))
      passes.push_back(std::move(*pass));
    else
      append(errors, std::move(pass).error());
    if (reader.is_at_end()) break;
    if (!reader.take(',')) return reader.expected("`,`");
    if (reader.is_at_end()) return reader.expected("the name of a pass");
  }
  if (!errors.diagnostics.empty()) return fail(std::move(errors));
  return passes;
}

std::string to_text(const PassInstance& pass) {
  const std::string options = to_text(*pass.options);
  const std::string name =
      pass.rules_file.empty() ? pass.name : pass_name_text(pass.rules_file.string());
  return options.empty() ? name : fmt::format("{}{{{}}}", name, options);
}

std::string to_text(const std::vector<PassInstance>& passes) {
  std::vector<std::string> texts;
  for (const PassInstance& pass : passes) texts.push_back(to_text(pass));
  return fmt::format("{}", fmt::join(texts, ","));
}

}  // namespace rcc

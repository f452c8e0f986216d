#include "passes/pass_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "passes/rules/rule.h"

namespace rcc {

namespace {

bool is_snake_case(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

std::string owner(const PassEntry& entry) {
  return entry.module.empty() ? std::string("it is built in")
                              : fmt::format("`{}` has it", entry.module);
}

tl::unexpected<Error> bad_row(const std::string& module, std::string_view what, std::string help) {
  return fail(ErrorKind::usage, fmt::format("the pass module `{}` {}", module, what),
              std::move(help));
}

Result<void> check_row(const PassEntry& row, const std::string& module) {
  if (!is_snake_case(row.name))
    return bad_row(module, fmt::format("calls a pass `{}`", row.name),
                   "the name of a pass is snake_case");
  if (!is_snake_case(row.family))
    return bad_row(module, fmt::format("has the pass `{}` without a family", row.name),
                   "PassEntry::family is snake_case; it groups the pass in lists");
  if (row.doc.empty() || !row.doc.substr(0, row.doc.find('\n')).ends_with('.'))
    return bad_row(module, fmt::format("says nothing about the pass `{}`", row.name),
                   "the first line of PassEntry::doc is a sentence that ends with a period");
  if ((row.make == nullptr) == row.rules.empty())
    return bad_row(module, fmt::format("does not define the pass `{}`", row.name),
                   "a row has either `make` or `rules`");
  return {};
}

Result<PassDef> definition(const PassEntry& entry) {
  if (entry.make != nullptr) return entry.make();
  return rules_pass(entry.rules, entry.rules_path, *OpTable::builtin());
}

}  // namespace

PassCatalog::PassCatalog() : entries_(builtin_passes().begin(), builtin_passes().end()) {}

Result<const PassEntry*> PassCatalog::find(std::string_view name, SourceSpan place) const {
  std::vector<std::string_view> names;
  for (const PassEntry& entry : entries_) {
    if (entry.name == name) return &entry;
    names.push_back(entry.name);
  }
  const std::string_view nearest = nearest_name(name, names);
  return fail(ErrorKind::usage,
              Diagnostic{.message = fmt::format("unknown pass `{}`", name),
                         .span = std::move(place),
                         .help = nearest.empty() ? "`rcc passes` names them all"
                                                 : fmt::format("did you mean `{}`?", nearest)});
}

Result<void> PassCatalog::add(std::span<const PassEntry> passes,
                              const std::filesystem::path& module) {
  const auto origin = std::make_shared<const std::string>(module.string());
  std::vector<PassEntry> all = entries_;
  for (PassEntry row : passes) {
    RCC_TRY(check_row(row, *origin));
    for (const PassEntry& known : all)
      if (known.name == row.name)
        return fail(ErrorKind::usage, {.message = fmt::format(
                                           "the pass module `{}` has a pass `{}`, and there is one "
                                           "already",
                                           *origin, row.name),
                                       .notes = {owner(known)},
                                       .help = "give the pass of the module another name"});
    row.module = *origin;
    all.push_back(row);
  }
  std::sort(all.begin(), all.end(), [](const PassEntry& a, const PassEntry& b) {
    return std::tie(a.family, a.name) < std::tie(b.family, b.name);
  });
  entries_ = std::move(all);
  modules_.push_back(origin);
  return {};
}

Result<PassInstance> PassCatalog::make(std::string_view name, const OptionTable& options,
                                       SourceSpan place) const {
  if (name.ends_with(".rules")) return load_rules_pass(name, options, std::move(place));
  const PassEntry* entry = RCC_TRY(find(name, place));
  PassDef def = RCC_TRY(definition(*entry));
  PassInstance pass = RCC_TRY(pass_instance(name, std::move(def), options, std::move(place)));
  pass.is_from_file = !entry->module.empty();
  pass.module_file = entry->module;
  return pass;
}

Result<PassInstance> make_pass(std::string_view name, const OptionTable& options,
                               SourceSpan place) {
  return PassCatalog().make(name, options, std::move(place));
}

}  // namespace rcc

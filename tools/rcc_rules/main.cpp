// Rule files on their own: checks them on graphs made from their patterns, runs the tests in them.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <new>
#include <string>
#include <vector>

#include "ir/support/file.h"
#include "ir/version.h"
#include "passes/registry.h"
#include "passes/rules/rule.h"
#include "passes/validation/rule_validation.h"
#include "tools/command_line.h"
#include "tools/rcc/console.h"

namespace rcc {
namespace {

constexpr std::uint64_t kMaxRuleFileBytes = 1 << 20;

struct Command {
  std::vector<std::filesystem::path> files;
  std::string rule;
  RuleValidationSettings settings;
};

struct RuleFile {
  std::string text;
  std::string path;
};

// Those given, or all that are built in.
Result<std::vector<RuleFile>> read_files(const Command& command) {
  std::vector<RuleFile> files;
  for (const std::filesystem::path& path : command.files)
    files.push_back({RCC_TRY(read_text_file(path, kMaxRuleFileBytes)), path.string()});
  if (!command.files.empty()) return files;
  for (const PassEntry& entry : builtin_passes())
    if (!entry.rules.empty())
      files.push_back({std::string(entry.rules), std::string(entry.rules_path)});
  return files;
}

tl::unexpected<Error> no_such_rule(const std::string& name, const std::vector<std::string>& names) {
  const std::string_view nearest = nearest_name(name, {names.begin(), names.end()});
  return fail(ErrorKind::usage, fmt::format("there is no rule `{}`", name),
              nearest.empty() ? "" : fmt::format("did you mean `{}`?", nearest));
}

Result<int> check(const Command& command, Console& console) {
  std::size_t wrong = 0;
  std::size_t count = 0;
  std::vector<std::string> names;
  for (const RuleFile& file : RCC_TRY(read_files(command))) {
    const auto rules = RCC_TRY(load_rules(file.text, file.path, *OpTable::builtin()));
    for (const auto& rule : rules->rules) {
      names.push_back(rule->name);
      if (!command.rule.empty() && rule->name != command.rule) continue;
      const RuleVerdict verdict = validate_rule(rules, *rule, OpTable::builtin(), command.settings);
      const std::string name = std::filesystem::path(file.path).filename().string();
      console.print(fmt::format("{}: {}", name, to_text(verdict)));
      if (!verdict.graph.empty()) console.print(verdict.graph);
      ++count;
      if (!verdict.is_ok()) ++wrong;
    }
  }
  if (count == 0 && !command.rule.empty()) return no_such_rule(command.rule, names);
  console.print(fmt::format("{} rule{}, {} wrong", count, count == 1 ? "" : "s", wrong));
  return wrong == 0 ? 0 : 1;
}

Result<int> test(const Command& command, Console& console) {
  std::size_t count = 0;
  for (const RuleFile& file : RCC_TRY(read_files(command)))
    count += RCC_TRY(run_rule_tests(file.text, file.path, OpTable::builtin()));
  console.print(fmt::format("{} test{} passed", count, count == 1 ? "" : "s"));
  return 0;
}

int run(const Command& command, Result<int> (*work)(const Command&, Console&)) {
  Console console;
  const Result<int> done = work(command, console);
  return done ? *done : console.fail(done.error());
}

}  // namespace
}  // namespace rcc

int main(int argc, char** argv) {
  rcc::Command command;
  CLI::App app("Checks and tests of rule files.", "rcc-rules");
  try {
    app.set_version_flag("--version", fmt::format("rcc-rules {}", rcc::version()));
    app.require_subcommand(1);
    CLI::App* check = app.add_subcommand(
        "check", "try each rule on graphs made from its own pattern, and compare both sides");
    CLI::App* test = app.add_subcommand("test", "run the `test` blocks of rule files");
    for (CLI::App* command_line : {check, test})
      command_line->add_option("file", command.files, ".rules files; none: all that are built in");
    check->add_option("--rule", command.rule, "only the rule of that name");
    check->add_option("--seed", command.settings.seed, "of all choices")
        ->check(rcc::check_whole_number);
    check->add_option("--sites", command.settings.sites, "on how many sites each rule is to apply")
        ->check(CLI::Range(1, 1 << 20));
    const auto parsed = rcc::parse_command_line(app, argc, argv);
    if (!parsed) return rcc::Console().fail(parsed.error());
    if (*parsed == rcc::Parsed::answer) return 0;
    return rcc::run(command, check->parsed() ? rcc::check : rcc::test);
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
    return static_cast<int>(rcc::ErrorKind::limit);
  }
}

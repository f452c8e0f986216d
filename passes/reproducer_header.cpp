#include "passes/reproducer_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "ir/support/number_text.h"
#include "ir/version.h"
#include "passes/option_text.h"

namespace rcc {

namespace {

constexpr std::string_view kField = "//! ";
constexpr std::string_view kRules = "//! rules ";
constexpr std::string_view kRuleLine = "//| ";

// The fields of a header, as options are read and written.
struct Header {
  std::string version;
  std::string failure;
  std::string passes;
  // As text: an option holds 63 bits, a seed 64.
  std::string seed = "0";
  std::string verify = "structural";
  bool check_idempotent = false;
  TargetOptions target;
  bool has_target = false;

  void describe(OptionVisitor& v) {
    v.field("version", version, "of rcc");
    v.field("failure", failure, "the message");
    v.field("passes", passes, "as of --passes");
    v.field("seed", seed, "of inputs and random choices");
    v.field("verify", verify, "checks after each pass",
            {.choices = {"off", "structural", "numeric"}});
    v.field("check_idempotent", check_idempotent, "each pass runs a second time");
    v.table("target", target, has_target, "what the model will run on");
  }
};

// Calls `each` with every line, without its end.
template <typename Function>
void for_each_line(std::string_view text, const Function& each) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    each(text.substr(at, end - at));
    at = end + 1;
  }
}

// The lines of the header that are not of rule files, and those that are, by their path.
struct Parts {
  std::string fields;
  std::map<std::string, std::string, std::less<>> rules;
};

Result<Parts> split(std::string_view text, std::string_view file) {
  Parts parts;
  std::string* rules = nullptr;
  Result<void> done;
  for_each_line(text, [&](std::string_view line) {
    if (line.starts_with(kRules)) {
      SourceSpan span;
      auto path = OptionTextReader(line.substr(kRules.size()), file).take_pass_name(span);
      if (path)
        rules = &parts.rules[*path];
      else
        done = fail(std::move(path).error());
    } else if (line.starts_with(kField)) {
      parts.fields.append(line.substr(kField.size())).append("\n");
    } else if (line.starts_with(kRuleLine) && rules != nullptr) {
      rules->append(line.substr(kRuleLine.size())).append("\n");
    }
  });
  RCC_TRY(std::move(done));
  return parts;
}

}  // namespace

std::string reproducer_header(const Reproducer& reproducer, std::string_view failure) {
  TypedOptionSet<TargetOptions> target;
  target.options = reproducer.target;
  std::string text = "// `rcc-opt --run-reproducer FILE` repeats what went wrong here.\n";
  const auto add = [&](std::string_view key, const std::string& value, std::string_view end = ",") {
    fmt::format_to(std::back_inserter(text), "{}{} = {}{}\n", kField, key, value, end);
  };
  const std::vector<PassInstance> passes(reproducer.passes.begin(), reproducer.passes.end());
  add("version", rcc::quoted(version()));
  add("failure", rcc::quoted(failure));
  add("passes", rcc::quoted(to_text(passes)));
  add("seed", rcc::quoted(std::to_string(reproducer.seed)));
  for (const VerifyName& row : kVerifyNames)
    if (row.verify == reproducer.verify) add("verify", std::string(row.name));
  add("check_idempotent", reproducer.check_idempotent ? "true" : "false");
  add("target", fmt::format("{{{}}}", to_text(target)), "");
  // A file that several passes come from stands there once.
  std::set<std::filesystem::path> written;
  for (const PassInstance& pass : passes) {
    if (pass.rules_file.empty() || !written.insert(pass.rules_file).second) continue;
    fmt::format_to(std::back_inserter(text), "{}{}\n", kRules,
                   pass_name_text(pass.rules_file.string()));
    for_each_line(pass.rules_text, [&](std::string_view line) {
      text.append(kRuleLine).append(line).append("\n");
    });
  }
  return text;
}

bool is_reproducer(std::string_view text) {
  const std::size_t end = text.find('\n');
  return end != std::string_view::npos && text.substr(end + 1).starts_with(kField);
}

Result<Reproduction> parse_reproducer(std::string_view text, std::string_view file,
                                      const PassCatalog& catalog) {
  const Parts parts = RCC_TRY(split(text, file));
  if (parts.fields.empty())
    return fail(ErrorKind::input,
                Diagnostic{.message = "this is no reproducer",
                           .span = {.file = std::string(file)},
                           .help = "one begins with lines `//! ...`; an internal error leaves it"});
  const OptionTable fields = RCC_TRY(parse_option_text(parts.fields, file));
  TypedOptionSet<Header> options;
  RCC_TRY(set_options(options, fields, "the reproducer"));
  const Header& header = options.options;
  Reproduction out;
  out.version = header.version;
  out.failure = header.failure;
  out.target = header.target;
  out.check_idempotent = header.check_idempotent;
  for (const VerifyName& row : kVerifyNames)
    if (row.name == header.verify) out.verify = row.verify;
  const std::optional<std::uint64_t> seed = parse_uint(header.seed);
  if (!seed)
    return fail(ErrorKind::input, Diagnostic{.message = "the seed of the reproducer is no number",
                                             .span = {.file = std::string(file)}});
  out.seed = *seed;
  const PassFactory make = [&](std::string_view name, const OptionTable& table,
                               SourceSpan place) -> Result<PassInstance> {
    const auto rules = parts.rules.find(name);
    if (rules == parts.rules.end()) return catalog.make(name, table, std::move(place));
    return parse_rules_pass(rules->second, rules->first, table, std::move(place));
  };
  out.passes = RCC_TRY(parse_pipeline(header.passes, "passes", make));
  return out;
}

}  // namespace rcc

#include "passes/rules/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "passes/rules/rule_checker.h"
#include "passes/rules/rule_parser.h"
#include "passes/rules/rule_pass.h"
#include "passes/rules/rule_tree.h"

namespace rcc {

namespace {

void check_file(const RuleSet& rules, RuleErrors& errors) {
  std::map<std::string, TextRange> names;
  for (const RuleOption& option : rules.options)
    if (!names.emplace(option.name, option.range).second)
      errors.add(option.range, fmt::format("option `{}` is already there", option.name));
  for (const RuleOption& option : rules.options) {
    const bool is_number = option.value.index() == 1 || option.value.index() == 2;
    if ((option.minimum || option.maximum) && !is_number)
      errors.add(option.range,
                 fmt::format("option `{}` is not a number and has no range", option.name));
    if (!is_number || !option.minimum) continue;
    const double value = option.value.index() == 1
                             ? static_cast<double>(std::get<std::int64_t>(option.value))
                             : std::get<double>(option.value);
    if (value < *option.minimum || value > *option.maximum)
      errors.add(option.range,
                 fmt::format("the default of option `{}` is outside of its range", option.name));
  }
  for (const RuleOption& option : rules.options) {
    const auto* text = std::get_if<std::string>(&option.value);
    if (text != nullptr && !option.choices.empty() &&
        std::find(option.choices.begin(), option.choices.end(), *text) == option.choices.end())
      errors.add(option.range,
                 fmt::format("the default of option `{}` is not among its values", option.name));
  }
  for (const PatternFragment& fragment : rules.fragments)
    if (!fragment.is_used)
      errors.add(fragment.range, fmt::format("no rule uses matcher `{}`", fragment.name));
  names.clear();
  for (const auto& rule : rules.rules)
    if (!names.emplace(rule->name, rule->range).second)
      errors.add(rule->range, fmt::format("rule `{}` is already there", rule->name));
  if (rules.rules.empty())
    errors.add({}, "the file has no rule", "write `rule NAME effect exact { ... }`");
}

// The options that every pass with a choice of layers has.
bool is_selection_option(std::string_view name) { return name == "layers" || name == "exclude"; }

void check_rules(RuleSet& rules, const OpTable& ops, RuleErrors& errors) {
  std::vector<bool> is_used(rules.options.size(), false);
  for (const auto& rule : rules.rules) {
    RuleChecker checker(rules, *rule, ops, errors);
    checker.check();
    for (std::size_t i = 0; i < is_used.size(); ++i)
      is_used[i] = is_used[i] || checker.uses(rules.options[i]);
    rules.has_selection = rules.has_selection || checker.has_selection();
  }
  for (const RuleOption& option : rules.options)
    if (rules.has_selection && is_selection_option(option.name))
      errors.add(option.range, fmt::format("option `{}` is already there", option.name),
                 "rules that ask `selected(...)` have `layers` and `exclude`");
  if (!errors.empty()) return;
  for (std::size_t i = 0; i < is_used.size(); ++i)
    if (!is_used[i])
      errors.add(rules.options[i].range,
                 fmt::format("no rule uses option `{}`", rules.options[i].name));
}

}  // namespace

Result<std::shared_ptr<const RuleSet>> load_rules(std::string_view text, std::string_view file,
                                                  const OpTable& ops,
                                                  std::shared_ptr<const FunctionTable> functions) {
  auto source = std::make_shared<const RuleSource>(text, file);
  auto rules = std::make_shared<RuleSet>();
  rules->source = source;
  rules->functions = std::move(functions);
  RuleErrors errors(*source);
  RuleParser(*source, *rules, errors).parse_file();
  // After an error of syntax, what follows from the part that was skipped is not worth saying.
  if (errors.empty()) {
    check_file(*rules, errors);
    check_rules(*rules, ops, errors);
  }
  if (!errors.empty()) return fail(Error{ErrorKind::usage, errors.take()});
  for (std::size_t i = 0; i < rules->rules.size(); ++i) rules->rules[i]->index = i;
  rules->trees = std::make_shared<const RuleIndex>(rules->rules);
  return std::shared_ptr<const RuleSet>(std::move(rules));
}

std::vector<Value*> observed_results(const Rule& rule, const Bindings& bindings) {
  std::vector<Value*> results;
  for (const Replacement& replacement : rule.replacements)
    if (Value* result = bindings.values[static_cast<std::size_t>(replacement.slot)])
      results.push_back(result);
  if (!rule.keeps_nodes()) return results;
  for (auto node = bindings.nodes.rbegin(); node != bindings.nodes.rend(); ++node)
    for (std::size_t i = 0; i < (*node)->result_count(); ++i)
      if ((*node)->result(i) != nullptr) results.push_back((*node)->result(i));
  return results;
}

RuleOptionSet::RuleOptionSet(std::shared_ptr<const RuleSet> rules) : rules_(std::move(rules)) {
  for (const RuleOption& option : rules_->options) values_.push_back(option.value);
}

void RuleOptionSet::describe(OptionVisitor& visitor) {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const RuleOption& option = rules_->options[i];
    FieldRule rule;
    rule.minimum = option.minimum;
    rule.maximum = option.maximum;
    rule.choices.assign(option.choices.begin(), option.choices.end());
    std::visit([&](auto& value) { visitor.field(option.name, value, option.help, rule); },
               values_[i]);
  }
  if (!rules_->has_selection) return;
  visitor.field("layers", selection_.layers, "names or globs of layers to change; empty: all");
  visitor.field("exclude", selection_.exclude, "names or globs of layers to leave alone");
}

std::vector<Datum> RuleOptionSet::values() const {
  std::vector<Datum> result;
  for (const RuleOption::Value& value : values_) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      Datum datum;
      datum.text = *text;
      result.push_back(std::move(datum));
    } else {
      result.push_back(Datum::of(std::visit(
          [](const auto& number) {
            if constexpr (std::is_arithmetic_v<std::decay_t<decltype(number)>>)
              return static_cast<double>(number);
            return 0.0;
          },
          value)));
    }
  }
  return result;
}

namespace {

Result<void> run_as_pass(const RuleSet& rules, Graph& graph, const OptionSet& options,
                         PassContext& context) {
  RuleRunSettings settings;
  const auto& given = static_cast<const RuleOptionSet&>(options);
  settings.options = given.values();
  settings.selection = given.selection();
  for (const auto* globs : {&settings.selection.layers, &settings.selection.exclude})
    if (!globs->empty()) RCC_TRY(context.select(graph, *globs));
  settings.verify = context.verify();
  settings.seed = context.seed();
  settings.rule_limit = context.rule_limit();
  settings.watch = context.rule_watch();
  settings.pass = context.pass_name();
  settings.declined = [&context](const Node& node, std::string_view reason) {
    context.declined(node, reason);
  };
  RuleRun run(graph, rules, std::move(settings));
  RCC_TRY(run.run());
  const RuleRunStatistics& statistics = run.statistics();
  if (statistics.is_cut_short)
    context.remark(fmt::format("stopped before {}: the limit on rewrites is reached",
                               statistics.next_rewrite));
  PassReport& report = context.report();
  report.summary =
      fmt::format("{} rewritten, {} declined", statistics.rewrites, statistics.declined);
  for (std::size_t i = 0; i < rules.rules.size(); ++i)
    report.facts.push_back(
        {rules.rules[i]->name, static_cast<std::int64_t>(statistics.rewrites_of_rule[i])});
  if (statistics.checked > 0) report.checked_difference = statistics.largest_difference;
  if (statistics.unchecked > 0)
    context.remark(fmt::format("{} of {} rewrites could not be checked numerically; {}",
                               statistics.unchecked, statistics.rewrites,
                               statistics.unchecked_reason));
  return {};
}

}  // namespace

Result<PassDef> rules_pass(std::string_view text, std::string_view file, const OpTable& ops,
                           std::shared_ptr<const FunctionTable> functions) {
  const std::shared_ptr<const RuleSet> rules = RCC_TRY(load_rules(text, file, ops, std::move(functions)));
  PassDef pass;
  for (const auto& rule : rules->rules) {
    pass.effect = std::max(pass.effect, rule->effect);
    pass.tolerance = std::max(pass.tolerance, rule->tolerance);
  }
  pass.rules = rules;
  pass.make_options = [rules] { return std::make_unique<RuleOptionSet>(rules); };
  pass.run = [rules](Graph& graph, const OptionSet& options, PassContext& context) {
    return run_as_pass(*rules, graph, options, context);
  };
  return pass;
}

}  // namespace rcc

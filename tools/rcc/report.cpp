#include "tools/rcc/report.h"

#include <sys/resource.h>

#include <map>

#include "ir/support/number_text.h"
#include "ir/version.h"
#include "tools/rcc/processor.h"
#include "tools/rcc/step_json.h"

namespace rcc {

namespace {

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

Json measurement_json(const Measurement& measured) {
  Json out{{"bytes", measured.bytes},
           {"params", measured.cost.params},
           {"nonzero_params", measured.cost.nonzero_params},
           {"macs", measured.cost.macs},
           {"weight_bytes", measured.cost.weight_bytes}};
  if (const auto& accuracy = measured.accuracy)
    out["top1"] = {{"value", accuracy->top1()},
                   {"low", accuracy->low()},
                   {"high", accuracy->high()},
                   {"correct", accuracy->correct},
                   {"total", accuracy->total}};
  return out;
}

// "epoch.3.loss" as 3 and "loss".
std::optional<std::pair<std::int64_t, std::string>> epoch_fact(std::string_view name) {
  constexpr std::string_view kPrefix = "epoch.";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  const std::size_t dot = name.find('.');
  const auto number = parse_int(name.substr(0, dot));
  if (dot == std::string_view::npos || !number) return std::nullopt;
  return std::pair(*number, std::string(name.substr(dot + 1)));
}

Json step_json(const StepRecord& step) {
  const StepResult& result = step.result;
  Json facts = Json::object();
  std::map<std::int64_t, Json> epochs;
  for (const Fact& fact : result.report.facts) {
    if (const auto epoch = epoch_fact(fact.name))
      epochs[epoch->first][epoch->second] = to_json(fact);
    else
      facts[fact.name] = to_json(fact);
  }
  Json out{{"name", step.name},
           {"options", step.options},
           {"summary", result.report.summary},
           {"changed", result.changed},
           {"cached", step.is_cached},
           {"seconds", result.seconds}};
  if (result.report.checked_difference >= 0)
    out["checked_difference"] = result.report.checked_difference;
  if (!step.file.empty()) {
    out["file"] = step.file.string();
    out["file_digest"] = step.file_digest;
  }
  out["facts"] = std::move(facts);
  for (auto& [number, epoch] : epochs) out["epochs"].push_back(std::move(epoch));
  return out;
}

Json environment_json(const RunRecord& run) {
  return {{"processor", processor_model()},
          {"features", processor_text()},
          {"threads", run.options.threads},
          {"device", run.options.device},
          {"backend", run.services.empty() ? Json(nullptr) : Json(run.services)},
          {"peak_memory_bytes", peak_memory_bytes()}};
}

}  // namespace

std::string report_text(const RunRecord& run) {
  Json out{{"schema", 1}, {"rcc", version()}};
  out["recipe"] = {{"name", run.recipe.name},
                   {"path", run.options.recipe.string()},
                   {"digest", hash_text(run.recipe.text).hex()},
                   {"overrides", run.options.overrides},
                   {"seed", run.recipe.seed}};
  out["model"] = run.options.model.string();
  out["output"] = run.output.string();
  out["seconds"] = run.seconds;
  out["before"] = measurement_json(run.before);
  out["after"] = measurement_json(run.after);
  out["requirements"] = {{"met", run.unmet.empty()}, {"unmet", run.unmet}};
  out["passes"] = Json::array();
  for (const StepRecord& step : run.steps) out["passes"].push_back(step_json(step));
  out["data"] = Json::object();
  for (const auto& [split, fingerprint] : run.data) out["data"][split] = fingerprint.hex();
  out["environment"] = environment_json(run);
  return dump(out, 2) + '\n';
}

}  // namespace rcc

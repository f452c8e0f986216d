#include "tools/rcc/step_keys.h"

#include "tools/rcc/graph_digest.h"
#include "tools/rcc/processor.h"

namespace rcc {

Result<std::optional<Digest>> StepKeys::step(const Graph& graph, const PassInstance& pass) {
  // A file of the user may have the name of a built-in pass, and its contents may change.
  if (pass.is_from_file) return std::nullopt;
  if (!original_digest_) original_digest_ = RCC_TRY(graph_digest(original_));
  TypedOptionSet<TargetOptions> target;
  target.options = recipe_.target;
  Hasher hasher;
  hasher.add("step").add(RCC_TRY(program(pass.def->needs_services)));
  hasher.add(pass.name).add(to_text(*pass.options)).add(to_text(target));
  hasher.add(recipe_.seed).add(static_cast<std::uint64_t>(verify_));
  hasher.add(*original_digest_).add(RCC_TRY(graph_digest(graph)));
  if (pass.def->needs_services) RCC_TRY(add_services(hasher));
  return hasher.digest();
}

Result<Digest> StepKeys::accuracy(const Graph& graph) {
  Hasher hasher;
  hasher.add("accuracy").add(RCC_TRY(program(true))).add(RCC_TRY(graph_digest(graph)));
  RCC_TRY(add_services(hasher));
  return hasher.digest();
}

Result<void> StepKeys::add_services(Hasher& hasher) {
  Services* services = RCC_TRY(provider_.services());
  hasher.add(services->description()).add(machine_.device).add(processor_text());
  hasher.add(static_cast<std::uint64_t>(machine_.threads));
  for (const auto& [split, fingerprint] : RCC_TRY(data_fingerprints()))
    hasher.add(split).add(fingerprint);
  return {};
}

Result<std::vector<std::pair<std::string, Digest>>> StepKeys::data_fingerprints() {
  if (fingerprints_) return *fingerprints_;
  Services* services = RCC_TRY(provider_.services());
  const DataOptions& data = recipe_.data;
  const std::string& calibrated = data.calibrate.from == "eval" ? data.eval : data.train;
  std::vector<std::pair<std::string, Digest>> found;
  const auto add = [&](std::string_view name, const std::string& source,
                       DataSplit split) -> Result<void> {
    if (!source.empty())
      found.emplace_back(name, RCC_TRY(services->data_fingerprint(split)));
    return {};
  };
  RCC_TRY(add("train", data.train, DataSplit::train));
  RCC_TRY(add("eval", data.eval, DataSplit::eval));
  RCC_TRY(add("calibrate", calibrated, DataSplit::calibrate));
  fingerprints_ = found;
  return found;
}

Result<Digest> StepKeys::program(bool with_module) {
  auto& known = programs_[with_module ? 1 : 0];
  if (!known) known = RCC_TRY(program_digest(with_module));
  return *known;
}

}  // namespace rcc

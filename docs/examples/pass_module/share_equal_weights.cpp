#include <fmt/format.h>

#include <map>

#include "passes/pass_module.h"

namespace {

constexpr char kDoc[] =
    "Let layers with equal weights read one constant.\n"
    "\n"
    "Exporters write a weight that two layers share once for each of them, and the\n"
    "file has it twice. Constants are equal when element type, shape and every bit\n"
    "are. Run it last: layers that share a constant are pruned and trained together.\n"
    "\n"
    "Left alone: constants of less than min_bytes, and those whose payload the text\n"
    "form left out.";

struct Options {
  std::int64_t min_bytes = 1024;
  void describe(rcc::OptionVisitor& v) {
    v.field("min_bytes", min_bytes, "leave smaller constants alone", {.minimum = 0});
  }
};

bool is_candidate(const rcc::Value& constant, const Options& options) {
  const rcc::Tensor& tensor = constant.tensor();
  return !tensor.is_elided() && !constant.is_output() &&
         tensor.size_bytes() >= static_cast<std::uint64_t>(options.min_bytes);
}

rcc::Result<void> run(rcc::Graph& graph, const Options& options, rcc::PassContext& context) {
  // The digest of a tensor covers its type and its bytes.
  std::map<rcc::Digest, rcc::Value*> seen;
  std::int64_t shared = 0;
  std::int64_t bytes = 0;
  const std::vector<rcc::Value*> constants = graph.constants();
  for (rcc::Value* constant : constants) {
    if (!is_candidate(*constant, options)) continue;
    const auto [first, is_new] = seen.emplace(constant->tensor().digest(), constant);
    if (is_new || first->second->is_sparse() != constant->is_sparse()) continue;
    bytes += static_cast<std::int64_t>(constant->tensor().size_bytes());
    ++shared;
    graph.replace_all_uses(*constant, *first->second);
    graph.remove_value(*constant);
  }
  context.report().summary = fmt::format("{} constants shared, {} bytes saved", shared, bytes);
  context.report().facts = {{"shared", shared}, {"bytes", bytes}};
  return {};
}

rcc::PassDef share_equal_weights() {
  return rcc::graph_pass<Options>({.effect = rcc::Effect::exact}, run);
}

}  // namespace

RCC_PASS_MODULE({.name = "share_equal_weights",
                 .family = "examples",
                 .doc = kDoc,
                 .make = &share_equal_weights});

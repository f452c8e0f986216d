// Drop nodes and constants that no graph output depends on.
//
// Other passes leave them behind: a folded BatchNorm's statistics, the branch that
// only fed a removed output. Graph inputs stay, used or not: they are the interface
// of the model.
//
// An opaque node is dropped like any other; ONNX operators have no side effects.

#include <fmt/format.h>

#include "passes/pass.h"

namespace rcc {
namespace {

Result<void> run(Graph& graph, const NoOptions&, PassContext& context) {
  const std::size_t constants_before = graph.constants().size();
  const std::size_t nodes = graph.erase_dead_nodes();
  const std::size_t constants = constants_before - graph.constants().size();
  context.report().summary = fmt::format("{} nodes and {} constants dropped", nodes, constants);
  context.report().facts = {{"nodes", static_cast<std::int64_t>(nodes)},
                            {"constants", static_cast<std::int64_t>(constants)}};
  return {};
}

}  // namespace

PassDef drop_dead_nodes() { return graph_pass<NoOptions>({.effect = Effect::exact}, run); }

}  // namespace rcc

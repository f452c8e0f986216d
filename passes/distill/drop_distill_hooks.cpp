// Drop the taps of insert_distill_hooks.
//
// A tap is an identity, so its readers read what it reads. Other nodes are left alone.

#include <fmt/format.h>

#include "passes/pass.h"

namespace rcc {
namespace {

Result<void> run(Graph& graph, const NoOptions&, PassContext& context) {
  std::int64_t count = 0;
  for (Node& node : graph.nodes()) {
    if (!node.is(OpKind::tap)) continue;
    graph.replace_all_uses(*node.result(), *node.operand(std::size_t{0}));
    graph.erase(node);
    ++count;
  }
  context.report().summary = fmt::format("{} taps dropped", count);
  context.report().facts = {{"taps", count}};
  return {};
}

}  // namespace

PassDef drop_distill_hooks() {
  return graph_pass<NoOptions>(
      {.effect = Effect::exact,
       .after = {{"fine_tune", "the trainer reads the taps"},
                 {"insert_distill_hooks", "there is nothing to drop before"}}},
      run);
}

}  // namespace rcc

#include "passes/validation/site_variations.h"

#include <utility>

#include "ir/shape_inference.h"

namespace rcc {

std::optional<SynthesisedSite> with_open_batch(const SynthesisedSite& site) {
  SynthesisedSite opened{site.graph.clone(), site.matched, site.description, std::nullopt};
  Graph& open = opened.graph;
  const Dim batch = open.symbols().intern("N");
  bool has_changed = false;
  for (Value* input : open.inputs()) {
    Type type = input->type();
    if (type.rank() < 2) continue;
    type.dims[0] = batch;
    open.set_type(*input, std::move(type));
    has_changed = true;
  }
  if (!has_changed || !infer_types_anew(open)) return std::nullopt;
  return opened;
}

std::optional<SynthesisedSite> with_one_node(const SynthesisedSite& site, std::size_t first,
                                             std::size_t second) {
  SynthesisedSite merged{site.graph.clone(), site.matched, site.description, std::nullopt};
  Node& kept = *merged.graph.node(site.matched[first]);
  Node& dropped = *merged.graph.node(site.matched[second]);
  if (&kept.op() != &dropped.op() || kept.result_count() != 1 || dropped.result_count() != 1 ||
      kept.result()->type() != dropped.result()->type())
    return std::nullopt;
  // The one must not be computed from the other.
  for (const Use& use : kept.result()->uses())
    if (use.user().id() == dropped.id()) return std::nullopt;
  merged.graph.replace_all_uses(*dropped.result(), *kept.result());
  merged.graph.erase(dropped);
  merged.matched[second] = merged.matched[first];
  merged.description += merged.description.empty() ? "one node twice" : ", one node twice";
  return merged;
}

}  // namespace rcc

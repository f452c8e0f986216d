#pragma once

#include <optional>

#include "ir/graph.h"
#include "passes/validation/rule_synthesis.h"

namespace rcc {

// The same site for any size of the first axis, where its shape functions allow that.
std::optional<SynthesisedSite> with_open_batch(const SynthesisedSite& site);

// The same site where the node of pattern `first` also stands for that of pattern `second`, as
// after merge_equal_nodes; nullopt where the two are not of one kind. Precondition: first < second.
std::optional<SynthesisedSite> with_one_node(const SynthesisedSite& site, std::size_t first,
                                             std::size_t second);

}  // namespace rcc

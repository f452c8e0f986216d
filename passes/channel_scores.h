#pragma once

#include <vector>

#include "ir/graph.h"
#include "passes/channel_groups.h"

namespace rcc {

// One importance per unit of the group: the L1 norms of its slices of all weights, each tensor scaled
// to a mean of 1 over the group, so that wide layers do not outweigh narrow ones. Weights that are
// elided or not f32 count nothing.
std::vector<double> channel_scores(const Graph& graph, const ChannelGroups& groups,
                                   const ChannelGroup& group);

}  // namespace rcc

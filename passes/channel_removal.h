#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"
#include "passes/channel_groups.h"

namespace rcc {

// Which units go: one flag per unit, one list per group.
using ChannelSelection = std::vector<std::vector<bool>>;

// Why a masked channel of this group would still be felt by a layer that reads it (f(0) != 0 on the
// way); empty when it would not, so that masking and compacting agree.
std::string leak_of_masked_channels(const Graph& graph, const ChannelGroups& groups,
                                    const ChannelGroup& group);

// Multiplies the selected channels by zero where they are produced, after bias and BatchNorm:
// clears their slices of the producing weights and of every constant whose operand is
// `cleared_by_mask`.
void mask_channels(Graph& graph, const ChannelGroups& groups, const ChannelSelection& selection);

enum class Payload : std::uint8_t {
  keep,
  // New constants are elided: predicts shapes and cost without touching a weight.
  elide,
};

// Removes the selected channels from every constant and type, lets the operators adapt (group,
// split sizes) and infers all types again. Error only when the operators disagree with the new
// sizes.
Result<void> compact_channels(Graph& graph, const ChannelGroups& groups,
                              const ChannelSelection& selection, Payload payload);

// The same graph at the smallest spatial input size that still infers, for checking on real
// weights: `size` pixels where an image input is larger.
Graph reduced_clone(const Graph& graph, std::int64_t size);

}  // namespace rcc

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace rcc {

// One axis of a value whose size is known.
struct ChannelAxis {
  ValueId value;
  std::uint32_t axis = 0;
  std::int64_t size = 0;
};

// One index along one ChannelAxis.
struct ChannelElement {
  // Index into ChannelGroups::axes().
  std::uint32_t axis = 0;
  std::int64_t index = 0;
};

// The smallest thing that can be removed: elements of several axes that exist or disappear
// together.
struct ChannelUnit {
  std::vector<ChannelElement> elements;
};

// Units that touch the same axes: the filters of a chain of layers, or of all the layers whose
// results a residual sum adds up.
struct ChannelGroup {
  // Sorted indices into ChannelGroups::axes().
  std::vector<std::uint32_t> axes;
  std::vector<ChannelUnit> units;
  // Contractions that produce the channels and those that read them, in graph order.
  std::vector<NodeId> producers;
  std::vector<NodeId> consumers;
  // Why nothing may be removed; empty when it may.
  std::string blocked;
};

// Which channels belong together, found from the axis links of the operator table alone (the
// dependency rules of DepGraph, arXiv 2301.12900, section 3, on elements instead of layers).
class ChannelGroups {
 public:
  static ChannelGroups find(const Graph& graph);

  std::span<const ChannelAxis> axes() const { return axes_; }
  std::span<const ChannelGroup> groups() const { return groups_; }
  // Index of the group that has `node` among its producers, or -1.
  int group_of_producer(NodeId node) const;

 private:
  std::vector<ChannelAxis> axes_;
  std::vector<ChannelGroup> groups_;
};

}  // namespace rcc

#include "passes/channel_groups.h"

#include <algorithm>
#include <map>

#include "ir/support/disjoint_sets.h"

namespace rcc {
namespace {

// A weight axis along which a contraction produces or reads channels.
struct WeightSide {
  NodeId node;
  std::uint32_t axis;
};

class Finder {
 public:
  explicit Finder(const Graph& graph) : graph_(graph) {}

  void run(std::vector<ChannelAxis>& axes_out, std::vector<ChannelGroup>& groups_out) {
    collect_axes();
    DisjointSets sets(element_count_);
    for (const Node& node : graph_.nodes()) link_node(node, sets);
    block_interface();
    build_groups(sets, groups_out);
    axes_out = std::move(axes_);
  }

 private:
  static constexpr std::uint32_t kNoAxis = UINT32_MAX;

  void collect_axes() {
    first_axis_.resize(graph_.value_id_limit(), kNoAxis);
    for (std::uint32_t id = 0; id < graph_.value_id_limit(); ++id) {
      const Value* value = graph_.value(ValueId{id});
      if (value == nullptr || !value->type().is_ranked) continue;
      first_axis_[id] = static_cast<std::uint32_t>(axes_.size());
      for (std::uint32_t axis = 0; axis < value->type().rank(); ++axis) {
        const Dim dim = value->type().dims[axis];
        const std::int64_t size = dim.is_fixed() ? dim.size() : 0;
        axes_.push_back({ValueId{id}, axis, size});
        first_element_.push_back(element_count_);
        element_count_ += static_cast<std::size_t>(size);
      }
    }
    blocked_.resize(axes_.size());
  }

  static const Value* value_of(const Node& node, const AxisRef& ref) {
    return ref.side == AxisRef::Side::operand ? node.operand(ref.index) : node.result(ref.index);
  }

  std::uint32_t axis_index(const Node& node, const AxisRef& ref) const {
    const Value* value = value_of(node, ref);
    if (value == nullptr) return kNoAxis;
    const std::uint32_t first = first_axis_[value->id().index];
    if (first == kNoAxis || ref.axis >= value->type().rank()) return kNoAxis;
    return first + ref.axis;
  }

  void link_node(const Node& node, DisjointSets& sets) {
    std::vector<std::uint32_t> linked;
    for (const AxisLink& link : axis_links(node)) {
      const std::uint32_t from = axis_index(node, link.from);
      const std::uint32_t to = axis_index(node, link.to);
      if (from == kNoAxis || to == kNoAxis) continue;
      if ((axes_[from].size == 0) != (axes_[to].size == 0)) {
        block_beside_unknown(node, from, to);
        continue;
      }
      linked.push_back(from);
      linked.push_back(to);
      unite(link, from, to, sets);
      note_weight_side(node, link.from, link.to, from);
      note_weight_side(node, link.to, link.from, to);
    }
    std::sort(linked.begin(), linked.end());
    for (std::size_t i = 0; i < node.operand_count(); ++i)
      block_unlinked(node, node.operand(i), linked);
    for (std::size_t i = 0; i < node.result_count(); ++i)
      block_unlinked(node, node.result(i), linked);
  }

  // Elements of a known axis belong to elements that cannot be counted.
  void block_beside_unknown(const Node& node, std::uint32_t from, std::uint32_t to) {
    const bool is_from_known = axes_[from].size != 0;
    const ChannelAxis& unknown = axes_[is_from_known ? to : from];
    block(is_from_known ? from : to, [&] {
      return fmt::format("`{}` ({}) meets axis {} of {}, whose size is not known", node.label(),
                         node.op().name, unknown.axis, graph_.value(unknown.value)->name());
    });
  }

  void unite(const AxisLink& link, std::uint32_t from, std::uint32_t to, DisjointSets& sets) {
    for (std::int64_t i = 0; i < axes_[from].size; ++i) {
      const std::int64_t wrapped = link.modulo > 0 ? i % link.modulo : i;
      const std::int64_t start = link.offset + wrapped * link.repeat;
      for (std::int64_t j = start; j < start + link.repeat; ++j) {
        RCC_CHECK(j >= 0 && j < axes_[to].size, "axis link out of range");
        sets.unite(static_cast<std::uint32_t>(first_element_[from] + static_cast<std::size_t>(i)),
                   static_cast<std::uint32_t>(first_element_[to] + static_cast<std::size_t>(j)));
      }
    }
  }

  // A weight axis linked to a result produces channels; one linked to a data operand reads them.
  void note_weight_side(const Node& node, const AxisRef& weight, const AxisRef& other,
                        std::uint32_t axis) {
    if (!node.op().is_contraction || weight.side != AxisRef::Side::operand) return;
    const int operand = node.op().operand_with_role(Role::weight);
    if (operand < 0 || weight.index != static_cast<std::uint16_t>(operand)) return;
    if (!node.operand(static_cast<std::size_t>(operand))->is_constant()) return;
    if (other.side == AxisRef::Side::result) {
      producing_.push_back({node.id(), axis});
    } else if (other.index != weight.index) {
      reading_.push_back({node.id(), axis});
    }
  }

  void block_unlinked(const Node& node, const Value* value,
                      const std::vector<std::uint32_t>& linked) {
    if (value == nullptr || first_axis_[value->id().index] == kNoAxis) return;
    const std::uint32_t first = first_axis_[value->id().index];
    for (std::uint32_t axis = 0; axis < value->type().rank(); ++axis) {
      if (std::binary_search(linked.begin(), linked.end(), first + axis)) continue;
      block(first + axis, [&] {
        return fmt::format("`{}` ({}) needs axis {} of {} as it is", node.label(), node.op().name,
                           axis, value->name());
      });
    }
  }

  template <typename Reason>
  void block(std::uint32_t axis, Reason reason) {
    if (blocked_[axis].empty()) blocked_[axis] = reason();
  }

  void block_interface() {
    for (const Value* input : graph_.inputs()) block_value(*input, "graph input");
    for (const GraphOutput& output : graph_.outputs()) block_value(*output.value, "graph output");
  }

  void block_value(const Value& value, std::string_view what) {
    const std::uint32_t first = first_axis_[value.id().index];
    if (first == kNoAxis) return;
    for (std::uint32_t axis = 0; axis < value.type().rank(); ++axis)
      block(first + axis, [&] { return fmt::format("{} is a {}", value.name(), what); });
  }

  void build_groups(DisjointSets& sets, std::vector<ChannelGroup>& groups) {
    constexpr std::uint32_t kNoUnit = UINT32_MAX;
    std::vector<std::uint32_t> unit_of_root(element_count_, kNoUnit);
    std::uint32_t unit_count = 0;
    for (const WeightSide& side : producing_) {
      for (std::int64_t i = 0; i < axes_[side.axis].size; ++i) {
        std::uint32_t& unit = unit_of_root[root(sets, side.axis, i)];
        if (unit == kNoUnit) unit = unit_count++;
      }
    }
    std::vector<ChannelUnit> units(unit_count);
    for (std::uint32_t axis = 0; axis < axes_.size(); ++axis) {
      for (std::int64_t i = 0; i < axes_[axis].size; ++i) {
        const std::uint32_t unit = unit_of_root[root(sets, axis, i)];
        if (unit != kNoUnit) units[unit].elements.push_back({axis, i});
      }
    }
    std::map<std::vector<std::uint32_t>, std::size_t> group_of_axes;
    for (ChannelUnit& unit : units) {
      std::vector<std::uint32_t> axes;
      for (const ChannelElement& element : unit.elements)
        if (axes.empty() || axes.back() != element.axis) axes.push_back(element.axis);
      const auto [position, is_new] = group_of_axes.try_emplace(axes, groups.size());
      if (is_new) groups.push_back(new_group(std::move(axes)));
      groups[position->second].units.push_back(std::move(unit));
    }
  }

  std::uint32_t root(DisjointSets& sets, std::uint32_t axis, std::int64_t index) const {
    return sets.find(
        static_cast<std::uint32_t>(first_element_[axis] + static_cast<std::size_t>(index)));
  }

  ChannelGroup new_group(std::vector<std::uint32_t> axes) const {
    ChannelGroup group;
    const auto add_sides = [&axes](const std::vector<WeightSide>& sides,
                                   std::vector<NodeId>& nodes) {
      for (const WeightSide& side : sides)
        if (std::binary_search(axes.begin(), axes.end(), side.axis) &&
            (nodes.empty() || nodes.back() != side.node))
          nodes.push_back(side.node);
    };
    add_sides(producing_, group.producers);
    add_sides(reading_, group.consumers);
    for (const std::uint32_t axis : axes) {
      if (blocked_[axis].empty()) continue;
      group.blocked = blocked_[axis];
      break;
    }
    group.axes = std::move(axes);
    return group;
  }

  const Graph& graph_;
  std::vector<ChannelAxis> axes_;
  // Per axis: its first element among all; why it is fixed.
  std::vector<std::size_t> first_element_;
  std::vector<std::string> blocked_;
  std::size_t element_count_ = 0;
  // Per value: index of its axis 0.
  std::vector<std::uint32_t> first_axis_;
  std::vector<WeightSide> producing_;
  std::vector<WeightSide> reading_;
};

}  // namespace

ChannelGroups ChannelGroups::find(const Graph& graph) {
  ChannelGroups found;
  Finder(graph).run(found.axes_, found.groups_);
  return found;
}

int ChannelGroups::group_of_producer(NodeId node) const {
  for (std::size_t i = 0; i < groups_.size(); ++i)
    if (std::ranges::find(groups_[i].producers, node) != groups_[i].producers.end())
      return static_cast<int>(i);
  return -1;
}

}  // namespace rcc

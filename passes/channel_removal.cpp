#include "passes/channel_removal.h"

#include <algorithm>
#include <cstring>

#include "ir/shape_inference.h"

namespace rcc {
namespace {

const Value* value_of(const Node& node, const AxisRef& ref) {
  return ref.side == AxisRef::Side::operand ? node.operand(ref.index) : node.result(ref.index);
}

// The axes of values that a group touches, for quick questions.
class GroupAxes {
 public:
  GroupAxes(const ChannelGroups& groups, const ChannelGroup& group) {
    for (const std::uint32_t axis : group.axes) {
      const ChannelAxis& entry = groups.axes()[axis];
      axes_[entry.value].push_back(entry.axis);
    }
  }
  bool contains(const Value& value, std::uint32_t axis) const {
    return std::ranges::find(axes_[value.id()], axis) != axes_[value.id()].end();
  }
  bool touches(const Value& value) const { return !axes_[value.id()].empty(); }

 private:
  IdMap<ValueId, std::vector<std::uint32_t>> axes_;
};

// Follows a masked channel through the nodes of its group and remembers where it is zero.
class ZeroTracker {
 public:
  ZeroTracker(const Graph& graph, const GroupAxes& axes) : graph_(graph), axes_(axes) {}

  std::string find_leak() {
    for (const Node& node : graph_.nodes()) {
      const std::vector<AxisLink> links = axis_links(node);
      if (std::string leak = reads_nonzero(node, links); !leak.empty()) return leak;
      for (std::size_t i = 0; i < node.result_count(); ++i) {
        const Value* result = node.result(i);
        if (result == nullptr || !axes_.touches(*result)) continue;
        is_zero_[result->id()] = makes_zero(node, links, i);
        if (!is_zero_[result->id()] && culprit_.empty())
          culprit_ = fmt::format("`{}` ({})", node.label(), node.op().name);
      }
    }
    return {};
  }

 private:
  bool in_group(const Node& node, const AxisRef& ref) const {
    const Value* value = value_of(node, ref);
    return value != nullptr && axes_.contains(*value, ref.axis);
  }

  // A contraction whose data operand carries the channels while the result does not.
  std::string reads_nonzero(const Node& node, const std::vector<AxisLink>& links) const {
    if (!node.op().is_contraction) return {};
    const int weight = node.op().operand_with_role(Role::weight);
    for (const AxisLink& link : links) {
      for (const AxisRef& ref : {link.from, link.to}) {
        const AxisRef& other = ref == link.from ? link.to : link.from;
        const bool reads = ref.side == AxisRef::Side::operand && ref.index != weight &&
                           other.side == AxisRef::Side::operand && other.index == weight;
        if (!reads || !in_group(node, ref)) continue;
        if (!is_zero_[value_of(node, ref)->id()])
          return fmt::format("a channel set to zero would still reach `{}`: {} does not keep zero",
                             node.label(), culprit_);
      }
    }
    return {};
  }

  bool makes_zero(const Node& node, const std::vector<AxisLink>& links, std::size_t result) const {
    bool any_zero = false;
    bool all_zero = true;
    for (std::size_t i = 0; i < node.operand_count(); ++i) {
      const Value* operand = node.operand(i);
      if (operand == nullptr) continue;
      const std::size_t row = std::min(i, node.op().operands.size() - 1);
      const OperandInfo& info = node.op().operands[row];
      const bool is_weight = node.op().is_contraction && info.role == Role::weight;
      if (node.op().is_contraction && info.role == Role::data) continue;
      if (info.role != Role::data && !info.cleared_by_mask && !is_weight) continue;
      // A divisor or an exponent: preserves_zero() looks at it.
      if (operand->is_constant() && node.op().zero == ZeroBehaviour::depends) continue;
      bool is_linked = false;
      bool is_in_group = false;
      for (const AxisLink& link : links) {
        for (const AxisRef& ref : {link.from, link.to}) {
          const AxisRef& other = ref == link.from ? link.to : link.from;
          if (ref.side != AxisRef::Side::operand || ref.index != i) continue;
          if (other.side != AxisRef::Side::result || other.index != result) continue;
          if (!in_group(node, other)) continue;
          is_linked = true;
          is_in_group = is_in_group || in_group(node, ref);
        }
      }
      // Another branch of a Concat: its elements are not ours.
      if (is_linked && !is_in_group) continue;
      const bool zero = is_linked && (operand->is_constant() ? info.cleared_by_mask || is_weight
                                                             : is_zero_[operand->id()]);
      any_zero = any_zero || zero;
      all_zero = all_zero && zero;
    }
    if (node.op().is_contraction) return all_zero;
    if (node.op().zero == ZeroBehaviour::absorbs) return any_zero;
    return all_zero && preserves_zero(node);
  }

  const Graph& graph_;
  const GroupAxes& axes_;
  IdMap<ValueId, bool> is_zero_;
  std::string culprit_;
};

// Indices to drop along each axis of one value.
struct ValueCut {
  std::uint32_t axis = 0;
  std::vector<bool> dropped;
  std::int64_t dropped_count = 0;
};
using ValueCuts = IdMap<ValueId, std::vector<ValueCut>>;

ValueCuts cuts_of(const ChannelGroups& groups, const ChannelSelection& selection) {
  ValueCuts cuts;
  for (std::size_t g = 0; g < groups.groups().size(); ++g) {
    const ChannelGroup& group = groups.groups()[g];
    for (std::size_t u = 0; u < group.units.size(); ++u) {
      if (!selection[g][u]) continue;
      for (const ChannelElement& element : group.units[u].elements) {
        const ChannelAxis& axis = groups.axes()[element.axis];
        std::vector<ValueCut>& list = cuts[axis.value];
        auto cut = std::ranges::find(list, axis.axis, &ValueCut::axis);
        if (cut == list.end()) {
          list.push_back({axis.axis, std::vector<bool>(static_cast<std::size_t>(axis.size)), 0});
          cut = list.end() - 1;
        }
        if (cut->dropped[static_cast<std::size_t>(element.index)]) continue;
        cut->dropped[static_cast<std::size_t>(element.index)] = true;
        ++cut->dropped_count;
      }
    }
  }
  return cuts;
}

std::int64_t product(std::span<const std::int64_t> sizes) {
  std::int64_t result = 1;
  for (const std::int64_t size : sizes) result *= size;
  return result;
}

std::vector<std::int64_t> shape_after(const Tensor& tensor, const std::vector<ValueCut>& cuts) {
  std::vector<std::int64_t> shape = tensor.shape();
  for (const ValueCut& cut : cuts) shape[cut.axis] -= cut.dropped_count;
  return shape;
}

// Copies what is kept. Blocks below the last cut axis are contiguous and copied whole.
Tensor gather(const Tensor& tensor, const std::vector<ValueCut>& cuts) {
  const std::vector<std::int64_t>& shape = tensor.shape();
  std::vector<std::vector<std::int64_t>> kept(shape.size());
  std::size_t last = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const auto cut = std::ranges::find(cuts, axis, &ValueCut::axis);
    for (std::int64_t i = 0; i < shape[axis]; ++i)
      if (cut == cuts.end() || !cut->dropped[static_cast<std::size_t>(i)]) kept[axis].push_back(i);
    if (cut != cuts.end()) last = axis;
  }
  Tensor result = Tensor::allocate(tensor.dtype(), shape_after(tensor, cuts));
  const std::span<std::byte> target = result.mutable_bytes();
  if (target.empty()) return result;
  const std::size_t block = dtype_bytes(tensor.dtype(), 1) *
                            static_cast<std::size_t>(product(std::span(shape).subspan(last + 1)));
  std::vector<std::size_t> position(last + 1, 0);
  std::size_t written = 0;
  while (written < target.size()) {
    std::int64_t source = 0;
    for (std::size_t axis = 0; axis <= last; ++axis)
      source = source * shape[axis] + kept[axis][position[axis]];
    std::memcpy(target.data() + written,
                tensor.bytes().data() + static_cast<std::size_t>(source) * block, block);
    written += block;
    for (std::size_t axis = last + 1; axis-- > 0;) {
      if (++position[axis] < kept[axis].size()) break;
      position[axis] = 0;
    }
  }
  return result;
}

// Sets the slices named by one cut to zero.
void clear_slices(std::span<std::byte> bytes, const Tensor& tensor, const ValueCut& cut) {
  const std::vector<std::int64_t>& shape = tensor.shape();
  const std::int64_t outer = product(std::span(shape).first(cut.axis));
  const std::size_t inner =
      dtype_bytes(tensor.dtype(), 1) *
      static_cast<std::size_t>(product(std::span(shape).subspan(cut.axis + 1)));
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < shape[cut.axis]; ++i)
      if (cut.dropped[static_cast<std::size_t>(i)])
        std::memset(bytes.data() + static_cast<std::size_t>(o * shape[cut.axis] + i) * inner, 0,
                    inner);
}

// True when some reader of `constant` wants its slices along `axis` cleared by a mask: it is the
// producing side of a weight, or its operand says so.
bool is_cleared(const Value& constant, std::uint32_t axis) {
  for (const Use& use : constant.uses()) {
    const Node& node = use.user();
    const std::size_t row = std::min<std::size_t>(use.operand(), node.op().operands.size() - 1);
    const OperandInfo& info = node.op().operands[row];
    const bool is_weight = node.op().is_contraction && info.role == Role::weight;
    if (!is_weight && !info.cleared_by_mask) continue;
    for (const AxisLink& link : axis_links(node)) {
      for (const AxisRef& ref : {link.from, link.to}) {
        const AxisRef& other = ref == link.from ? link.to : link.from;
        if (ref.side == AxisRef::Side::operand && ref.index == use.operand() && ref.axis == axis &&
            other.side == AxisRef::Side::result)
          return true;
      }
    }
  }
  return false;
}

}  // namespace

std::string leak_of_masked_channels(const Graph& graph, const ChannelGroups& groups,
                                    const ChannelGroup& group) {
  const GroupAxes axes(groups, group);
  return ZeroTracker(graph, axes).find_leak();
}

void mask_channels(Graph& graph, const ChannelGroups& groups, const ChannelSelection& selection) {
  const ValueCuts cuts = cuts_of(groups, selection);
  for (Value* constant : graph.constants()) {
    for (const ValueCut& cut : cuts[constant->id()]) {
      if (!is_cleared(*constant, cut.axis)) continue;
      Tensor tensor = graph.take_tensor(*constant);
      const std::span<std::byte> bytes = tensor.mutable_bytes();
      clear_slices(bytes, tensor, cut);
      graph.set_tensor(*constant, std::move(tensor));
    }
  }
}

Result<void> compact_channels(Graph& graph, const ChannelGroups& groups,
                              const ChannelSelection& selection, Payload payload) {
  const ValueCuts cuts = cuts_of(groups, selection);
  for (std::uint32_t id = 0; id < graph.value_id_limit(); ++id) {
    Value* value = graph.value(ValueId{id});
    if (value == nullptr || cuts[value->id()].empty()) continue;
    const std::vector<ValueCut>& list = cuts[value->id()];
    if (value->is_constant()) {
      const Tensor& tensor = value->tensor();
      const bool elide = payload == Payload::elide || tensor.is_elided();
      Tensor smaller =
          elide ? Tensor::elided(tensor.dtype(), shape_after(tensor, list)) : gather(tensor, list);
      graph.set_tensor(*value, std::move(smaller));
    } else {
      Type type = value->type();
      for (const ValueCut& cut : list)
        type.dims[cut.axis] = Dim(type.dims[cut.axis].size() - cut.dropped_count);
      graph.set_type(*value, std::move(type));
    }
  }
  for (Node& node : graph.nodes())
    if (node.op().resize != nullptr) RCC_TRY(node.op().resize(node, graph));
  return infer_types(graph);
}

Graph reduced_clone(const Graph& graph, std::int64_t size) {
  Graph reduced = graph.clone();
  bool is_smaller = false;
  for (Value* input : reduced.inputs()) {
    Type type = input->type();
    if (type.rank() != 4) continue;
    for (std::size_t axis = 2; axis < 4; ++axis) {
      if (!type.dims[axis].is_fixed() || type.dims[axis].size() <= size) continue;
      type.dims[axis] = Dim(size);
      is_smaller = true;
    }
    reduced.set_type(*input, std::move(type));
  }
  if (!is_smaller) return reduced;
  for (Node& node : reduced.nodes())
    for (std::size_t i = 0; i < node.result_count(); ++i)
      if (Value* result = node.result(i))
        reduced.set_type(*result, Type::unranked(result->type().dtype));
  return infer_types(reduced) ? std::move(reduced) : graph.clone();
}

}  // namespace rcc

// Changes of nodes and edges.
#include <algorithm>

#include "ir/graph.h"
#include "ir/graph_storage.h"

namespace rcc {

namespace {

bool by_name(const NamedAttribute& a, const NamedAttribute& b) { return a.name < b.name; }

// Adds what is missing, up to the bound; counts the rest.
void merge(std::vector<std::string_view>& to, const std::vector<std::string_view>& from,
           std::uint32_t& dropped) {
  for (const std::string_view text : from) {
    if (std::find(to.begin(), to.end(), text) != to.end()) continue;
    if (to.size() < Provenance::kMaxEntries)
      to.push_back(text);
    else
      ++dropped;
  }
}

}  // namespace

// --- uses -------------------------------------------------------------------------------------

void Graph::link_use(Use& use, Value& value) {
  use.value_ = &value;
  use.previous_ = value.last_use_;
  use.next_ = nullptr;
  (value.last_use_ == nullptr ? value.first_use_ : value.last_use_->next_) = &use;
  value.last_use_ = &use;
  ++value.use_count_;
  ++storage_->anchor.epoch;

  const std::uint64_t now = storage_->anchor.range_epoch;
  if (value.no_ranges_at_ != now) return;
  for (const Value* result : use.user_->results_)
    if (result != nullptr && result->no_ranges_at_ != now) {
      ++storage_->anchor.range_epoch;
      return;
    }
}

void Graph::unlink_use(Use& use) {
  Value& value = *use.value_;
  (use.previous_ == nullptr ? value.first_use_ : use.previous_->next_) = use.next_;
  (use.next_ == nullptr ? value.last_use_ : use.next_->previous_) = use.previous_;
  --value.use_count_;
  use.value_ = nullptr;
  ++storage_->anchor.epoch;
}

void Graph::set_operand(Node& node, std::size_t index, Value* value) {
  RCC_CHECK(index < node.operands_.size(), "{}: operand {} of {}", node.label(), index,
            node.operands_.size());
  Use& use = node.operands_[index];
  if (use.value_ == value) return;
  if (use.value_ != nullptr) unlink_use(use);
  if (value != nullptr) link_use(use, *value);
}

void Graph::set_operands(Node& node, const std::vector<Value*>& operands) {
  for (Use& use : node.operands_)
    if (use.value_ != nullptr) unlink_use(use);
  std::size_t count = operands.size();
  while (count > 0 && operands[count - 1] == nullptr) --count;
  node.operands_.assign(count, Use{});
  for (std::size_t i = 0; i < count; ++i) {
    Use& use = node.operands_[i];
    use.user_ = &node;
    use.operand_ = static_cast<std::uint32_t>(i);
    if (operands[i] != nullptr) link_use(use, *operands[i]);
  }
}

void Graph::replace_all_uses(Value& from, Value& to) {
  if (&from == &to) return;
  while (from.first_use_ != nullptr) {
    Use& use = *from.first_use_;
    unlink_use(use);
    link_use(use, to);
  }
  while (from.first_output_ != UINT32_MAX) set_output(from.first_output_, to);
}

void Graph::replace_uses_in(Node& user, Value& from, Value& to) {
  if (&from == &to) return;
  for (Use& use : user.operands_) {
    if (use.value_ != &from) continue;
    unlink_use(use);
    link_use(use, to);
  }
}

void Graph::drop_ranges_after(const Value& value) {
  const std::uint64_t now = storage_->anchor.range_epoch;
  std::vector<const Value*> pending{&value};
  while (!pending.empty()) {
    const Value& from = *pending.back();
    pending.pop_back();
    for (const Use& use : from.uses()) {
      for (Value* result : use.user().results_) {
        ++storage_->hidden_steps;
        if (result == nullptr || result->no_ranges_at_ == now) continue;
        if (result->range_) ++storage_->anchor.epoch;
        result->range_.reset();
        result->no_ranges_at_ = now;
        pending.push_back(result);
      }
    }
  }
}

// --- the list of nodes ------------------------------------------------------------------------

namespace {

// Room for this many nodes between neighbours that were appended one after the other.
constexpr std::uint64_t kOrderGap = std::uint64_t{1} << 24;
constexpr std::uint64_t kOrderLimit = std::uint64_t{1} << 62;

}  // namespace

void Graph::insert_into_list(Node& node, Node* before) {
  node.next_ = before;
  node.previous_ = before == nullptr ? last_ : before->previous_;
  (node.previous_ == nullptr ? first_ : node.previous_->next_) = &node;
  (before == nullptr ? last_ : before->previous_) = &node;

  const std::uint64_t low = node.previous_ == nullptr ? 0 : node.previous_->order_ + 1;
  const std::uint64_t high = before == nullptr ? low + 2 * kOrderGap : before->order_;
  node.order_ = low + (high - low) / 2;
  if (low >= high || high > kOrderLimit) relabel_around(node);
}

void Graph::remove_from_list(Node& node) {
  (node.previous_ == nullptr ? first_ : node.previous_->next_) = node.next_;
  (node.next_ == nullptr ? last_ : node.next_->previous_) = node.previous_;
}

// The node has its place on the list but there is no number for it. Spreads the numbers of the
// smallest sparse enough neighbourhood (Bender et al., "Two simplified algorithms for maintaining
// order in a list", 2002): logarithmic amortised time an insertion, wherever nodes are inserted.
void Graph::relabel_around(Node& node) {
  constexpr double kDensityFactor = 1.4;
  const Node* neighbour = node.previous_ != nullptr ? node.previous_ : node.next_;
  const std::uint64_t around = std::min(neighbour->order_, kOrderLimit - 1);
  Node* first = &node;
  Node* last = &node;
  std::uint64_t count = 1;
  double capacity = 1;
  for (int bits = 1; bits <= 62; ++bits) {
    capacity *= 2 / kDensityFactor;
    const std::uint64_t size = std::uint64_t{1} << bits;
    const std::uint64_t base = around & ~(size - 1);
    const auto is_inside = [&](const Node* other) {
      return other != nullptr &&
             (bits == 62 || (other->order_ >= base && other->order_ - base < size));
    };
    ++storage_->hidden_steps;
    for (; is_inside(first->previous_); ++count) first = first->previous_;
    for (; is_inside(last->next_); ++count) last = last->next_;
    if (static_cast<double>(count) > capacity) continue;
    const std::uint64_t step = size / (count + 1);
    if (step == 0) continue;
    storage_->hidden_steps += count;
    std::uint64_t order = base;
    for (Node* at = first;; at = at->next_) {
      order += step;
      at->order_ = order;
      if (at == last) return;
    }
  }
  internal_error(__FILE__, __LINE__, "too many nodes to number");
}

void Graph::move_before(Node& node, Node& before) {
  if (&node == &before || node.next_ == &before) return;
  remove_from_list(node);
  insert_into_list(node, &before);
  ++storage_->anchor.epoch;
}

bool Graph::sort_topologically() {
  enum class State : std::uint8_t { unseen, open, done };
  struct Frame {
    Node* node;
    std::size_t operand;
  };
  IdMap<NodeId, State> states;
  std::vector<Node*> order;
  order.reserve(node_count());
  std::vector<Frame> stack;
  for (Node& root : nodes()) {
    if (states[root.id()] == State::done) continue;
    stack.push_back({&root, 0});
    states[root.id()] = State::open;
    while (!stack.empty()) {
      Frame& frame = stack.back();
      if (frame.operand == frame.node->operand_count()) {
        states[frame.node->id()] = State::done;
        order.push_back(frame.node);
        stack.pop_back();
        continue;
      }
      const Value* value = frame.node->operand(frame.operand++);
      Node* producer = value == nullptr ? nullptr : value->producer();
      if (producer == nullptr || states[producer->id()] == State::done) continue;
      if (states[producer->id()] == State::open) return false;
      states[producer->id()] = State::open;
      stack.push_back({producer, 0});
    }
  }
  first_ = nullptr;
  last_ = nullptr;
  for (Node* node : order) insert_into_list(*node, nullptr);
  ++storage_->anchor.epoch;
  return true;
}

// --- nodes ------------------------------------------------------------------------------------

Node& Graph::add_node(NodeSpec spec) {
  Storage& storage = *storage_;
  RCC_CHECK(spec.op != nullptr);
  Node& node = *storage.node_slab.create();
  node.id_.index = static_cast<std::uint32_t>(storage.nodes.size());
  node.op_ = spec.op;
  node.anchor_ = &storage.anchor;
  set_provenance(node, std::move(spec.provenance));
  storage.nodes.push_back(&node);
  ++storage.node_count;
  ++storage.anchor.epoch;
  insert_into_list(node, spec.before);

  if (spec.results.empty()) spec.results.emplace_back();
  while (!spec.results.empty() && spec.results.back().is_absent) spec.results.pop_back();
  node.results_.reserve(spec.results.size());
  for (NodeSpec::Result& result : spec.results) {
    Value* value = nullptr;
    if (!result.is_absent) {
      value = &new_value(Value::Kind::result, result.name, std::move(result.type));
      value->producer_ = &node;
      value->result_index_ = static_cast<std::uint32_t>(node.results_.size());
    }
    node.results_.push_back(value);
  }
  set_operands(node, spec.operands);

  for (NamedAttribute& attribute : spec.attributes) {
    const AttributeInfo* info = node.op_->find_attribute(attribute.name);
    if (std::holds_alternative<std::monostate>(attribute.value)) continue;
    if (info != nullptr && is_default(*info, attribute.value)) continue;
    attribute.name = info != nullptr ? info->name : intern(attribute.name);
    node.attributes_.push_back(std::move(attribute));
  }
  std::sort(node.attributes_.begin(), node.attributes_.end(), by_name);
  for (std::size_t i = 1; i < node.attributes_.size(); ++i)
    RCC_CHECK(node.attributes_[i - 1].name != node.attributes_[i].name, "{}: {} is given twice",
              node.label(), node.attributes_[i].name);
  return node;
}

void Graph::set_attribute(Node& node, std::string_view name, AttributeValue value) {
  ++storage_->anchor.epoch;
  const AttributeInfo* info = node.op_->find_attribute(name);
  const bool is_absent = std::holds_alternative<std::monostate>(value) ||
                         (info != nullptr && is_default(*info, value));
  std::vector<NamedAttribute>& attributes = node.attributes_;
  const auto place = std::lower_bound(attributes.begin(), attributes.end(), name,
                                      [](const NamedAttribute& attribute, std::string_view wanted) {
                                        return attribute.name < wanted;
                                      });
  const bool is_set = place != attributes.end() && place->name == name;
  if (is_absent) {
    if (is_set) attributes.erase(place);
  } else if (is_set) {
    place->value = std::move(value);
  } else {
    attributes.insert(place, {info != nullptr ? info->name : intern(name), std::move(value)});
  }
}

void Graph::set_provenance(Node& node, Provenance provenance) {
  node.provenance_ = std::move(provenance);
  for (std::string_view& text : node.provenance_.sources) text = intern(text);
  for (std::string_view& text : node.provenance_.rules) text = intern(text);
  ++storage_->anchor.epoch;
}

void Graph::add_rule(Node& node, std::string_view rule) {
  merge(node.provenance_.rules, {intern(rule)}, node.provenance_.dropped);
  ++storage_->anchor.epoch;
}

void Graph::merge_provenance(Node& to, const Node& from) {
  Provenance& provenance = to.provenance_;
  merge(provenance.sources, from.provenance_.sources, provenance.dropped);
  merge(provenance.rules, from.provenance_.rules, provenance.dropped);
  provenance.dropped += from.provenance_.dropped;
  ++storage_->anchor.epoch;
}

void Graph::erase(Node& node) {
  for (const Value* result : node.results_)
    RCC_CHECK(result == nullptr || result->is_unused(), "{} is in use", result->name());
  for (Use& use : node.operands_)
    if (use.value_ != nullptr) unlink_use(use);
  for (Value* result : node.results_)
    if (result != nullptr) delete_value(*result);
  remove_from_list(node);
  storage_->nodes[node.id_.index] = nullptr;
  --storage_->node_count;
  storage_->node_slab.destroy(&node);
}

std::size_t Graph::erase_dead_nodes() {
  std::size_t erased = 0;
  for (Node& node : nodes_reversed()) {
    const bool is_dead =
        !node.results_.empty() &&
        std::all_of(node.results_.begin(), node.results_.end(),
                    [](const Value* result) { return result == nullptr || result->is_unused(); });
    if (!is_dead) continue;
    erase(node);
    ++erased;
  }
  for (Value* constant : std::vector<Value*>(constants()))
    if (constant->is_unused()) remove_value(*constant);
  return erased;
}

}  // namespace rcc

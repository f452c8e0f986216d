#include "tools/rcc_reduce/shrink.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "ir/shape_inference.h"
#include "tools/rcc_reduce/cut.h"

namespace rcc {

namespace {

// Of small integers, from -2 to 2.
constexpr std::int64_t kPeriod = 5;

bool is_weight(const Tensor& tensor) {
  const DType dtype = tensor.dtype();
  return is_numeric(dtype) && dtype != DType::i64 && dtype != DType::i32 &&
         dtype != DType::boolean;
}

double small_integer(std::int64_t index) { return static_cast<double>(index % kPeriod - 2); }

double element(Payload payload, std::int64_t index) {
  if (payload == Payload::small_integers) return small_integer(index);
  return payload == Payload::ones ? 1 : 0;
}

Tensor simple_payload(const Tensor& old, Payload payload) {
  if (payload == Payload::elided) return Tensor::elided(old.dtype(), old.shape());
  std::vector<double> values(static_cast<std::size_t>(old.element_count()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = element(payload, static_cast<std::int64_t>(i));
  return Tensor::from_doubles(old.dtype(), old.shape(), values);
}

bool is_statistic(const Value& constant) {
  for (const Use& use : constant.uses()) {
    const std::vector<OperandInfo>& rows = use.user().op().operands;
    if (use.operand() < rows.size() && rows[use.operand()].role == Role::statistic) return true;
  }
  return false;
}

bool set_payload(Graph& graph, Value& constant, Payload payload) {
  const Tensor& old = constant.tensor();
  // A variance is not negative.
  if (payload == Payload::small_integers && is_statistic(constant)) payload = Payload::ones;
  if (!is_weight(old) || is_as_simple(old, payload)) return false;
  Tensor simple = simple_payload(old, payload);
  graph.set_tensor(constant, std::move(simple));
  return true;
}

std::int64_t mapped(std::int64_t size, const SizeMap& map) {
  const auto found = map.find(size);
  return found == map.end() ? size : found->second;
}

// The leading elements along every axis. Precondition: no axis of `shape` is longer than that of
// the tensor.
Tensor leading(const Tensor& tensor, const std::vector<std::int64_t>& shape) {
  if (tensor.is_elided()) return Tensor::elided(tensor.dtype(), shape);
  const std::vector<double> from = tensor.to_doubles();
  const auto count = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies());
  std::vector<double> to(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t rest = i;
    std::int64_t at = 0;
    std::int64_t stride = 1;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      at += rest % shape[axis] * stride;
      rest /= shape[axis];
      stride *= tensor.shape()[axis];
    }
    to[static_cast<std::size_t>(i)] = from[static_cast<std::size_t>(at)];
  }
  return Tensor::from_doubles(tensor.dtype(), shape, to);
}

bool resize(Graph& graph, Value& constant, const SizeMap& map) {
  const Tensor& old = constant.tensor();
  if (!is_numeric(old.dtype())) return false;
  std::vector<std::int64_t> shape = old.shape();
  for (std::int64_t& size : shape) size = mapped(size, map);
  bool is_changed = shape != old.shape();
  Tensor tensor = is_changed ? leading(old, shape) : old;
  if (old.dtype() == DType::i64 && !old.is_elided()) {
    std::vector<std::int64_t> values = tensor.to_ints();
    for (std::int64_t& value : values) value = mapped(value, map);
    if (values != tensor.to_ints()) {
      tensor = Tensor::of(tensor.shape(), values);
      is_changed = true;
    }
  }
  if (is_changed) graph.set_tensor(constant, std::move(tensor));
  return is_changed;
}

bool resize_input(Graph& graph, Value& input, const SizeMap& map) {
  Type type = input.type();
  if (!type.is_ranked) return false;
  bool is_changed = false;
  for (Dim& dim : type.dims) {
    if (!dim.is_fixed() || mapped(dim.size(), map) == dim.size()) continue;
    dim = Dim(mapped(dim.size(), map));
    is_changed = true;
  }
  if (is_changed) graph.set_type(input, std::move(type));
  return is_changed;
}

}  // namespace

std::optional<Graph> without_attribute(const Graph& graph, std::size_t position,
                                       std::string_view name) {
  Graph out = graph.clone();
  Node& node = node_at(out, position);
  const AttributeInfo* info = node.op().find_attribute(name);
  if (info == nullptr || info->is_required) return std::nullopt;
  out.set_attribute(node, name, std::monostate{});
  if (!infer_types_anew(out)) return std::nullopt;
  return out;
}

bool is_as_simple(const Tensor& tensor, Payload payload) {
  if (tensor.is_elided()) return true;
  if (payload == Payload::elided) return false;
  for (const Payload simpler : {Payload::zeros, Payload::ones, Payload::small_integers}) {
    bool is_it = true;
    for (std::int64_t i = 0; is_it && i < tensor.element_count(); ++i)
      is_it = tensor.at(i) == element(simpler, i);
    if (is_it) return true;
    if (simpler == payload) return false;
  }
  return false;
}

std::optional<Graph> with_payloads(const Graph& graph, Payload payload) {
  Graph out = graph.clone();
  bool is_changed = false;
  for (Value* constant : out.constants()) is_changed |= set_payload(out, *constant, payload);
  if (!is_changed) return std::nullopt;
  return out;
}

std::optional<Graph> with_payload(const Graph& graph, ValueId constant, Payload payload) {
  Graph out = graph.clone();
  if (!set_payload(out, *out.value(constant), payload)) return std::nullopt;
  return out;
}

std::set<std::int64_t> sizes_of(const Graph& graph) {
  std::set<std::int64_t> sizes;
  for (const auto* list : {&graph.inputs(), &graph.constants()})
    for (const Value* value : *list)
      for (const Dim dim : value->type().dims)
        if (dim.is_fixed() && dim.size() > 1) sizes.insert(dim.size());
  return sizes;
}

std::optional<Graph> with_sizes(const Graph& graph, const SizeMap& map) {
  Graph out = graph.clone();
  bool is_changed = false;
  for (Value* input : out.inputs()) is_changed |= resize_input(out, *input, map);
  for (Value* constant : out.constants()) is_changed |= resize(out, *constant, map);
  if (!is_changed) return std::nullopt;
  for (Node& node : out.nodes()) {
    const AttributeInfo* group = node.op().find_attribute(attr::group);
    if (group == nullptr) continue;
    const std::int64_t groups = node.attribute_int(attr::group);
    if (groups > 1) out.set_attribute(node, attr::group, mapped(groups, map));
  }
  if (!infer_types_anew(out)) return std::nullopt;
  return out;
}

}  // namespace rcc

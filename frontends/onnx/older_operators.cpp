#include "frontends/onnx/older_operators.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "frontends/onnx/versions.h"

namespace rcc {

namespace {

// Adds the pieces of one node in front of it.
class Pieces {
 public:
  Pieces(Graph& graph, Node& node) : graph_(graph), node_(node) {}

  Value& operand(std::size_t index) const { return *node_.operand(index); }
  Value& number(double value) {
    const DType dtype = node_.result()->type().dtype;
    return graph_.add_constant(fmt::format("{}.number", node_.result()->name()),
                               Tensor::from_doubles(dtype, {}, {&value, 1}));
  }
  Value& add(OpKind kind, std::vector<Value*> operands, std::vector<NamedAttribute> attributes = {}) {
    Value& made = graph_.add(kind, std::move(operands), std::move(attributes), {}, &node_);
    graph_.merge_provenance(*made.producer(), node_);
    return made;
  }
  // `result` takes the place of the node.
  void replace_with(Value& result) {
    Value& old = *node_.result();
    graph_.set_type(result, old.type());
    graph_.replace_all_uses(old, result);
    graph_.take_name(result, old);
    graph_.erase(node_);
  }

 private:
  Graph& graph_;
  Node& node_;
};

Value& hard_swish(Pieces& pieces, const Node&) {
  Value& x = pieces.operand(0);
  Value& gate = pieces.add(OpKind::hard_sigmoid, {&x}, {{attr::alpha, 1.0f / 6}, {attr::beta, 0.5f}});
  return pieces.add(OpKind::mul, {&x, &gate});
}

Value& mish(Pieces& pieces, const Node&) {
  Value& x = pieces.operand(0);
  Value& smooth = pieces.add(OpKind::softplus, {&x});
  return pieces.add(OpKind::mul, {&x, &pieces.add(OpKind::tanh, {&smooth})});
}

Value& swish(Pieces& pieces, const Node& node) {
  Value& x = pieces.operand(0);
  const double alpha = node.attribute_float(attr::alpha);
  Value& scaled = alpha == 1 ? x : pieces.add(OpKind::mul, {&x, &pieces.number(alpha)});
  return pieces.add(OpKind::mul, {&x, &pieces.add(OpKind::sigmoid, {&scaled})});
}

// x * (1 + f) / 2.
Value& gelu_of(Pieces& pieces, Value& function) {
  Value& shifted = pieces.add(OpKind::add, {&function, &pieces.number(1)});
  Value& product = pieces.add(OpKind::mul, {&pieces.operand(0), &shifted});
  return pieces.add(OpKind::mul, {&product, &pieces.number(0.5)});
}

Value& gelu_by_erf(Pieces& pieces) {
  Value& x = pieces.operand(0);
  Value& scaled = pieces.add(OpKind::div, {&x, &pieces.number(std::numbers::sqrt2)});
  return gelu_of(pieces, pieces.add(OpKind::erf, {&scaled}));
}

Value& gelu_by_tanh(Pieces& pieces) {
  Value& x = pieces.operand(0);
  Value& cube = pieces.add(OpKind::pow, {&x, &pieces.number(3)});
  Value& bent = pieces.add(OpKind::mul, {&cube, &pieces.number(0.044715)});
  Value& sum = pieces.add(OpKind::add, {&x, &bent});
  Value& slope = pieces.number(std::sqrt(2 / std::numbers::pi));
  return gelu_of(pieces, pieces.add(OpKind::tanh, {&pieces.add(OpKind::mul, {&sum, &slope})}));
}

Value& gelu(Pieces& pieces, const Node& node) {
  return node.attribute_string(attr::approximate) == "tanh" ? gelu_by_tanh(pieces) : gelu_by_erf(pieces);
}

Value& layer_norm(Pieces& pieces, const Node& node) {
  Value& x = pieces.operand(0);
  const auto rank = static_cast<std::int64_t>(x.type().rank());
  const std::int64_t axis = node.attribute_int(attr::axis);
  Ints axes;
  for (std::int64_t i = axis < 0 ? axis + rank : axis; i < rank; ++i) axes.push_back(i - rank);
  const std::vector<NamedAttribute> over{{attr::axes, axes}};
  Value& centred = pieces.add(OpKind::sub, {&x, &pieces.add(OpKind::reduce_mean, {&x}, over)});
  Value& square = pieces.add(OpKind::pow, {&centred, &pieces.number(2)});
  Value& variance = pieces.add(OpKind::reduce_mean, {&square}, over);
  Value& epsilon = pieces.number(node.attribute_float(attr::epsilon));
  Value& deviation = pieces.add(OpKind::sqrt, {&pieces.add(OpKind::add, {&variance, &epsilon})});
  Value& unit = pieces.add(OpKind::div, {&centred, &deviation});
  Value& scaled = pieces.add(OpKind::mul, {&unit, &pieces.operand(1)});
  if (node.operand(2) == nullptr) return scaled;
  return pieces.add(OpKind::add, {&scaled, &pieces.operand(2)});
}

// Whether the pieces compute the same in the type of the operand.
bool can_take_apart(const Node& node) {
  const Type& type = node.operand(0)->type();
  for (std::size_t index = 1; index < node.result_count(); ++index)
    if (node.result(index) != nullptr) return false;
  return node.result() != nullptr && type.is_ranked && (type.dtype == DType::f32 || type.dtype == DType::f64);
}

struct Recipe {
  OpKind kind;
  Value& (*write)(Pieces&, const Node&);
};
constexpr std::array kRecipes{
    Recipe{OpKind::hard_swish, hard_swish},
    Recipe{OpKind::layer_norm, layer_norm},
    Recipe{OpKind::mish, mish},
    Recipe{OpKind::swish, swish},
    Recipe{OpKind::gelu, gelu},
};

// How to write the node at `opset`; null when it stays as it is.
const Recipe* recipe_for(const Node& node, std::int64_t opset) {
  const auto* found = std::ranges::find(kRecipes, node.kind(), &Recipe::kind);
  if (found == kRecipes.end() || first_opset(node.op().onnx_name) <= opset) return nullptr;
  return can_take_apart(node) ? found : nullptr;
}

}  // namespace

std::optional<Graph> with_older_operators(const Graph& graph, std::int64_t opset) {
  bool is_newer = false;
  for (const Node& node : graph.nodes()) is_newer = is_newer || recipe_for(node, opset) != nullptr;
  if (!is_newer) return std::nullopt;
  Graph older = graph.clone();
  for (Node& node : older.nodes()) {
    const Recipe* recipe = recipe_for(node, opset);
    if (recipe == nullptr) continue;
    Pieces pieces(older, node);
    pieces.replace_with(recipe->write(pieces, node));
  }
  return older;
}

}  // namespace rcc

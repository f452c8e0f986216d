// Compute nodes whose operands are all constant.
//
// Also folds a Shape whose operand has a fixed shape, even when that operand is
// not constant, and what is computed with the fixed sizes of a shape with open
// ones. Results keep their names and become constants; operands that nothing
// else reads go.
//
// A node is left alone when its results would be large: more than max_bytes, or
// more than max_growth times the bytes of its operands (a ConstantOfShape or a
// Tile can turn a few bytes into a model that no longer fits). Operators that
// the table does not know are never run.
//
// Run it after shapes are known and before rules that look for constants.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/interpreter.h"
#include "ir/shape_inference.h"
#include "ir/support/number_text.h"
#include "passes/pass.h"

namespace rcc {

namespace {

struct FoldConstantsOptions {
  std::int64_t max_bytes = 64 << 20;
  std::int64_t max_growth = 16;
  void describe(OptionVisitor& v) {
    v.field("max_bytes", max_bytes, "leave a node alone if a result is larger",
            {.minimum = 0, .unit = "bytes"});
    v.field("max_growth", max_growth,
            "leave a node alone if its results are larger than its operands by this factor",
            {.minimum = 1});
  }
};

// Results up to this size may grow out of nothing: shapes, axes, scalars.
constexpr std::uint64_t kSmallBytes = 4096;

bool depends_on_shape_only(const Node& node) { return node.is(OpKind::shape); }

bool has_fixed_shape(const Value& value) { return value.type().is_static(); }

bool is_foldable(const Node& node) {
  if (node.op().is_opaque() || node.op().interpret == nullptr || node.operand_count() == 0)
    return false;
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Value* operand = node.operand(i);
    if (operand == nullptr || operand->is_constant()) continue;
    if (!depends_on_shape_only(node) || !has_fixed_shape(*operand)) return false;
  }
  return true;
}

std::uint64_t bytes_of(const Type& type) {
  return dtype_bytes(type.dtype, static_cast<std::uint64_t>(type.element_count().value_or(0)));
}

// Why the node is not worth folding, or empty.
std::string reason_to_leave(const Node& node, const FoldConstantsOptions& options) {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Value* operand = node.operand(i);
    if (operand == nullptr) continue;
    in += bytes_of(operand->type());
    if (operand->is_constant() && operand->tensor().is_elided() && !depends_on_shape_only(node))
      return fmt::format("the contents of @{} are not known", operand->name());
  }
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    if (node.result(i) == nullptr) continue;
    const Type& type = node.result(i)->type();
    if (!type.is_static() || !type.element_count())
      return fmt::format("the size of %{} is not known", node.result(i)->name());
    const std::uint64_t bytes = bytes_of(type);
    if (bytes > static_cast<std::uint64_t>(options.max_bytes))
      return fmt::format("%{} would be {}, more than max_bytes", node.result(i)->name(),
                         size_text(bytes));
    out += bytes;
  }
  if (out > kSmallBytes && out / static_cast<std::uint64_t>(options.max_growth) > in)
    return fmt::format("{} of operands would become {}, more than max_growth allows", size_text(in),
                       size_text(out));
  return {};
}

// The operands of a node as tensors; of a value that only lends its shape, one without contents.
Result<std::vector<Tensor>> compute(const Node& node) {
  std::vector<Tensor> tensors(node.operand_count());
  std::vector<const Tensor*> operands(node.operand_count(), nullptr);
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Value* operand = node.operand(i);
    if (operand == nullptr) continue;
    if (operand->is_constant()) {
      tensors[i] = operand->tensor();
    } else {
      std::vector<std::int64_t> shape;
      for (const Dim dim : operand->type().dims) shape.push_back(dim.size());
      tensors[i] = Tensor::elided(operand->type().dtype, std::move(shape));
    }
    operands[i] = &tensors[i];
  }
  return depends_on_shape_only(node) ? node.op().interpret(node, operands)
                                     : interpret(node, operands);
}

void replace_with_constants(Graph& graph, Node& node, const std::vector<Tensor>& results) {
  std::vector<Value*> operands;
  for (std::size_t i = 0; i < node.operand_count(); ++i)
    if (Value* operand = node.operand(i); operand != nullptr && operand->is_constant())
      operands.push_back(operand);
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    Value* result = node.result(i);
    if (result == nullptr || result->is_unused()) continue;
    Value& constant = graph.add_constant({}, results[i]);
    graph.replace_all_uses(*result, constant);
    graph.take_name(constant, *result);
  }
  graph.erase(node);
  std::sort(operands.begin(), operands.end(),
            [](const Value* a, const Value* b) { return a->id() < b->id(); });
  operands.erase(std::unique(operands.begin(), operands.end()), operands.end());
  for (Value* operand : operands)
    if (operand->is_unused()) graph.remove_value(*operand);
}

// The result of a node that computes with sizes only, when it is known all the same.
std::optional<Tensor> known_result(const Node& node) {
  const Value* result = node.result();
  if (node.op().is_opaque() || node.result_count() != 1 || result == nullptr) return std::nullopt;
  const Type& type = result->type();
  if (type.dtype != DType::i64 || !type.is_static() || type.rank() > 1) return std::nullopt;
  const std::optional<Ints> numbers = known_numbers(*result);
  if (!numbers || static_cast<std::int64_t>(numbers->size()) != type.element_count())
    return std::nullopt;
  std::vector<std::int64_t> sizes;
  for (const Dim dim : type.dims) sizes.push_back(dim.size());
  return Tensor::of<std::int64_t>(std::move(sizes), *numbers);
}

// An operand that has become a constant may tell the sizes of the results.
void refine_types(Graph& graph, Node& node) {
  if (node.op().is_opaque()) return;
  const auto types = infer_result_types(graph, node);
  for (std::size_t i = 0; types && i < node.result_count(); ++i)
    if (Value* result = node.result(i))
      graph.set_type(*result, more_precise((*types)[i], result->type()));
}

Result<void> run(Graph& graph, const FoldConstantsOptions& options, PassContext& context) {
  std::int64_t folded = 0;
  for (Node& node : graph.nodes()) {
    if (folded > 0) refine_types(graph, node);
    if (!is_foldable(node)) {
      const auto known = known_result(node);
      if (!known) continue;
      replace_with_constants(graph, node, {*known});
      ++folded;
      continue;
    }
    if (const std::string reason = reason_to_leave(node, options); !reason.empty()) {
      context.declined(node, reason);
      continue;
    }
    auto results = compute(node);
    if (!results) {
      context.declined(node, results.error().message());
      continue;
    }
    replace_with_constants(graph, node, *results);
    ++folded;
  }
  context.report().summary = fmt::format("{} nodes computed", folded);
  context.report().facts = {{"folded", folded}};
  return {};
}

}  // namespace

PassDef fold_constants() {
  return graph_pass<FoldConstantsOptions>({.effect = Effect::exact}, run);
}

}  // namespace rcc

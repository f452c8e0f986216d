#include "passes/validation/node_sampler.h"

#include <gtest/gtest.h>

#include "ir/shape_inference.h"

namespace rcc {
namespace {

constexpr int kTries = 200;

Node& add_draft(Graph& graph, const NodeDraft& draft) {
  Graph::NodeSpec spec;
  spec.op = draft.op;
  spec.attributes = draft.attributes;
  for (const OperandDraft& operand : draft.operands) {
    Value* value = nullptr;
    if (operand.contents)
      value = &graph.add_constant("c", *operand.contents);
    else if (operand.kind == OperandDraft::Kind::free)
      value = &graph.add_input(
          "x", Type(operand.dtype, Shape(operand.shape.begin(), operand.shape.end())));
    spec.operands.push_back(value);
  }
  spec.results.resize(draft.result_count);
  return graph.add_node(std::move(spec));
}

// How many drafts of an operator, with nothing decided, its shape function accepts.
int accepted(const OpInfo& row) {
  const DType dtypes[] = {DType::f32, DType::f32, DType::i64, DType::boolean};
  int count = 0;
  for (int i = 0; i < kTries; ++i) {
    const SampleStyle style{.dtype = dtypes[i % 4],
                            .rank = 4,
                            .sizes = {2, 4, 6},
                            .has_equal_sizes = false,
                            .numbers = {}};
    RandomChoices random(1, row.name, static_cast<std::uint64_t>(i));
    NodeDraft draft;
    draft.op = &row;
    draft.operands.resize(std::max<std::size_t>(row.operands.size(), 1));
    for (std::size_t o = 0; o < row.operands.size(); ++o)
      if (row.operands[o].arity != Arity::optional || random.one_in(2))
        draft.operands[o].kind = OperandDraft::Kind::free;
    for (const AttributeInfo& attribute : row.attributes)
      draft.free_attributes.push_back(&attribute);
    NodeSampler(draft, style, random).complete();
    Graph graph;
    if (infer_types(graph, add_draft(graph, draft))) ++count;
  }
  return count;
}

// A rule may be about any operator, so nodes of each can be made up in a few tries.
TEST(NodeSampler, EveryOperatorAcceptsWhatIsMadeUpForIt) {
  for (const OpInfo& row : OpTable::builtin()->rows()) {
    if (row.infer == nullptr) continue;
    EXPECT_GE(accepted(row), kTries / 10) << row.name;
  }
}

TEST(NodeSampler, KeepsWhatIsAskedOfOperandsAndAttributes) {
  const OpInfo& conv = *OpTable::builtin()->find("conv");
  const SampleStyle style{
      .dtype = DType::f32, .rank = 4, .sizes = {2, 4, 6}, .has_equal_sizes = false, .numbers = {}};
  for (std::uint64_t i = 0; i < 20; ++i) {
    RandomChoices random(1, "conv", i);
    NodeDraft draft;
    draft.op = &conv;
    draft.operands.resize(2);
    draft.operands[0].kind = OperandDraft::Kind::free;
    draft.operands[1].kind = OperandDraft::Kind::free;
    draft.operands[1].wanted_rank = 4;
    draft.operands[1].wanted_sizes = {7, std::nullopt, 1, 1};
    draft.operands[1].wanted_dtype = DType::f32;
    draft.attributes.push_back({attr::group, std::int64_t{3}});
    NodeSampler(draft, style, random).complete();
    EXPECT_EQ(draft.operands[0].shape.at(1) % 3, 0);
    EXPECT_EQ(draft.operands[1].shape.at(0), 7);
    EXPECT_EQ(draft.operands[1].shape.at(2), 1);
    EXPECT_EQ(draft.operands[1].shape.at(3), 1);
  }
}

}  // namespace
}  // namespace rcc

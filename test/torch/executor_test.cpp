#include "backends/torch/executor.h"

#include <gtest/gtest.h>

#include <set>

#include "ir/interpreter.h"
#include "test/torch/operator_cases.h"
#include "test/torch/tiny_services.h"

namespace rcc {
namespace {

Evaluator& evaluator() {
  static TinyServices* services = new TinyServices;
  static Evaluator& evaluator = services->open()->evaluator();
  return evaluator;
}

class Operator : public testing::TestWithParam<OperatorCase> {};

TEST_P(Operator, AgreesWithTheInterpreter) {
  GraphBuilder builder;
  if (Value* output = GetParam().build(builder)) builder.graph.add_output(*output);
  const auto inputs = sample_inputs(builder.graph, 3);
  ASSERT_TRUE(inputs) << inputs.error().message();
  const auto expected = interpret(builder.graph, *inputs);
  ASSERT_TRUE(expected) << expected.error().message();
  const auto actual = evaluator().run(builder.graph, *inputs);
  ASSERT_TRUE(actual) << actual.error().message();
  ASSERT_EQ(actual->size(), expected->size());
  for (std::size_t i = 0; i < actual->size(); ++i) {
    EXPECT_EQ((*actual)[i].dtype(), (*expected)[i].dtype());
    EXPECT_EQ((*actual)[i].shape(), (*expected)[i].shape());
    EXPECT_LT(relative_difference((*actual)[i], (*expected)[i]), 2e-6);
    EXPECT_GT((*expected)[i].element_count(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Executor, Operator, testing::ValuesIn(operator_cases()),
                         [](const auto& each) { return std::string(each.param.name); });

// What the executor does not run.
const std::set<std::string_view> kRefused = {
    "bit_shift",  "compress", "eye_like", "global_lp_pool", "hardmax",          "local_response_norm",
    "lp_pool",    "non_zero", "one_hot",  "resize",         "reverse_sequence", "scatter_elements",
    "top_k"};

TEST(Executor, HasACaseForEveryOperatorOfTheTable) {
  std::set<std::string_view> covered;
  for (const OperatorCase& one : operator_cases()) {
    GraphBuilder builder;
    one.build(builder);
    for (const Node& node : builder.graph.nodes()) covered.insert(node.op().name);
  }
  for (const OpInfo& row : OpTable::builtin()->rows())
    EXPECT_NE(covered.contains(row.name), kRefused.contains(row.name)) << row.name;
}

TEST(Executor, RefusesTheOthersByName) {
  for (const std::string_view name : kRefused) {
    Graph graph;
    Graph::NodeSpec spec;
    spec.op = graph.ops().find(name);
    ASSERT_NE(spec.op, nullptr) << name;
    spec.operands.assign(static_cast<std::size_t>(spec.op->min_operands()),
                         &graph.add_input("x", Type(DType::f32, {Dim(2)})));
    spec.results.resize(1);
    graph.add_output(*graph.add_node(std::move(spec)).result());
    const auto executor = Executor::create(graph, {});
    ASSERT_FALSE(executor) << name;
    EXPECT_NE(executor.error().message().find(
                  fmt::format("the torch backend cannot run operator `{}`", name)),
              std::string::npos);
  }
}

std::vector<float> floats(const Tensor& tensor) {
  std::vector<float> values;
  for (const double value : tensor.to_doubles()) values.push_back(static_cast<float>(value));
  return values;
}

std::vector<float> run_one(GraphBuilder& builder, Value& output) {
  builder.graph.add_output(output);
  const auto outputs = evaluator().run(builder.graph, {});
  EXPECT_TRUE(outputs) << outputs.error().message();
  return floats(outputs->front());
}

TEST(Executor, QuantizesHalvesToEvenAndSaturates) {
  GraphBuilder b;
  Value& x = b.constant<float>({8}, {0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 126.5F, 1e9F, -1e9F});
  Value& zero = b.constant<std::int8_t>({}, {0});
  EXPECT_EQ(run_one(b, b.add(OpKind::quantize, {&x, &b.scalar(1), &zero})),
            (std::vector<float>{0, 2, 2, 0, -2, 126, 127, -128}));
}

TEST(Executor, QuantizesByDivision) {
  // 0.0175 / 0.001 rounds to 17.5, whose even neighbour is 18; times 1 / 0.001 gives less
  // than 17.5.
  GraphBuilder b;
  Value& x = b.constant<float>({2}, {0.0015F, 0.0175F});
  Value& zero = b.constant<std::uint8_t>({}, {0});
  EXPECT_EQ(run_one(b, b.add(OpKind::quantize, {&x, &b.scalar(0.001F), &zero})),
            (std::vector<float>{2, 18}));
}

TEST(Executor, NamesTheNodesItCannotRun) {
  GraphBuilder b;
  Graph::NodeSpec spec;
  spec.op = &b.graph.opaque_op("", "NonMaxSuppression");
  spec.operands = {&b.input({4})};
  spec.results.push_back({"boxes", Type(DType::f32, {4})});
  b.graph.add_output(*b.graph.add_node(std::move(spec)).result());
  const auto outputs = evaluator().run(b.graph, *sample_inputs(b.graph, 0));
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().kind, ErrorKind::input);
  EXPECT_EQ(outputs.error().message(),
            "boxes: the torch backend cannot run operator `NonMaxSuppression`");
}

TEST(Executor, ReportsWhatLibTorchRefuses) {
  GraphBuilder b;
  // The symbol hides that 2 x 3 elements do not fit into rows of 4.
  Value& x = b.input({b.graph.symbols().intern("N"), 3});
  Value& y = b.add(OpKind::reshape, {&x, &b.ints({-1, 4})});
  b.graph.add_output(y);
  const auto outputs =
      evaluator().run(b.graph, std::vector{Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6})});
  ASSERT_FALSE(outputs);
  EXPECT_NE(outputs.error().message().find("reshape"), std::string::npos);
}

TEST(Executor, RunsAnyBatchAndOnlyWhatTheOutputsNeed) {
  GraphBuilder b;
  Value& x = b.input({b.graph.symbols().intern("N"), 2});
  b.graph.add_output(b.add(OpKind::relu, {&x}));
  Graph::NodeSpec spec;
  spec.op = &b.graph.opaque_op("", "Mystery");
  spec.operands = {&x};
  spec.results.push_back({"unused", Type(DType::f32, {4})});
  b.graph.add_node(std::move(spec));
  const auto outputs =
      evaluator().run(b.graph, std::vector{Tensor::of<float>({3, 2}, {1, -2, 3, -4, 5, -6})});
  ASSERT_TRUE(outputs) << outputs.error().message();
  EXPECT_EQ(floats(outputs->front()), (std::vector<float>{1, 0, 3, 0, 5, 0}));
}

}  // namespace
}  // namespace rcc

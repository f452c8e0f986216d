#include "frontends/onnx/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontends/onnx/export.h"
#include "test/unit/onnx_bytes.h"
#include "test/unit/temporary_folder.h"

namespace rcc {
namespace {

using namespace onnx_bytes;
using testing::HasSubstr;

const std::string kEnds = field(11, value_info("x", {2, 4, 6, 6})) + field(12, value_info("y", {}));

class OnnxImportTest : public testing::Test {
 protected:
  Graph read(std::string_view bytes) {
    ImportOptions options;
    options.sink = &sink_;
    Result<Graph> graph = import_onnx(folder_.write("m.onnx", bytes), options);
    EXPECT_TRUE(graph.has_value()) << graph.error().message();
    return graph ? std::move(*graph) : Graph();
  }
  Graph read_node(std::string_view node, std::int64_t opset, std::string_view more = {}) {
    return read(model(std::string(node) + std::string(more) + kEnds, opset));
  }
  Graph written_and_read(const Graph& graph) {
    const auto path = folder_.path() / "out.onnx";
    const Result<void> written = export_onnx(graph, path);
    EXPECT_TRUE(written.has_value()) << written.error().message();
    Result<Graph> again = import_onnx(path);
    EXPECT_TRUE(again.has_value()) << again.error().message();
    return again ? std::move(*again) : Graph();
  }
  std::string messages() const {
    std::string all;
    for (const Diagnostic& diagnostic : sink_.diagnostics) all += render(diagnostic);
    return all;
  }

  TemporaryFolder folder_;
  CollectingSink sink_;
};

TEST_F(OnnxImportTest, WeightsAreNotCopied) {
  const Graph graph = read(model(small_graph()));
  const Graph copy = graph.clone();
  const Value* weight = graph.find_value("w");
  ASSERT_NE(weight, nullptr);
  EXPECT_EQ(weight->type(), Type(DType::f32, {2, 4, 3, 3}));
  EXPECT_EQ(weight->tensor().at(0), -3);
  EXPECT_EQ(weight->tensor().payload_identity(), copy.find_value("w")->tensor().payload_identity());
  EXPECT_EQ(sink_.diagnostics.size(), 0u) << messages();
}

TEST_F(OnnxImportTest, NamesAndTypes) {
  const Graph graph = read(model(small_graph()));
  ASSERT_EQ(graph.node_count(), 2u);
  EXPECT_EQ(graph.first_node()->provenance().layer(), "Conv_0");
  EXPECT_EQ(graph.first_node()->result()->name(), "c");
  EXPECT_EQ(graph.first_node()->result()->type(), Type(DType::f32, {1, 2, 5, 5}));
  EXPECT_EQ(graph.outputs().front().name, "y");
  EXPECT_EQ(graph.info().opsets.at(""), 17);
  EXPECT_EQ(graph.info().ir_version, 8);
}

TEST_F(OnnxImportTest, ConstantsOfEveryForm) {
  const auto constant = [](std::string_view name, const std::string& attribute) {
    return node("Constant", {}, {std::string(name)}, attribute);
  };
  const std::string value = field(
      5, field(1, "value") + field(5, tensor("", kFloat, {2}, raw_data(raw(std::vector<float>{1, 2})))) +
             number(20, 4));
  const Graph graph = read_node(
      constant("a", value) + constant("b", ints_attribute("value_ints", {3, 4})) +
          constant("c", int_attribute("value_int", 5)) + node("Relu", {"x"}, {"y"}),
      13);
  EXPECT_EQ(graph.node_count(), 1u);
  EXPECT_EQ(graph.find_value("a")->tensor().to_doubles(), (std::vector<double>{1, 2}));
  EXPECT_EQ(graph.find_value("b")->tensor().to_ints(), (Ints{3, 4}));
  EXPECT_EQ(graph.find_value("c")->type(), Type(DType::i64, {}));
}

TEST_F(OnnxImportTest, AliasesOfInitializersShareThePayload) {
  const Graph graph =
      read(model(node("Identity", {"w"}, {"w2"}) + node("Identity", {"w2"}, {"w3"}) + small_graph()));
  EXPECT_EQ(graph.node_count(), 2u);
  ASSERT_NE(graph.find_value("w3"), nullptr);
  EXPECT_EQ(graph.find_value("w3")->tensor().payload_identity(),
            graph.find_value("w")->tensor().payload_identity());
}

TEST_F(OnnxImportTest, InitializersThatAreInputsBecomeConstants) {
  const std::string graph_bytes = small_graph() + field(11, value_info("w", {2, 4, 3, 3}));
  const Graph graph = read(model(graph_bytes, 8, 3));
  EXPECT_EQ(graph.inputs().size(), 1u);
  EXPECT_EQ(graph.info().initializer_inputs, (std::vector<std::string>{"w"}));
  EXPECT_EQ(messages(), "");
  const Graph again = written_and_read(graph);
  EXPECT_EQ(again.info().ir_version, 4);
  EXPECT_EQ(again.info().opsets.at(""), 8);
  EXPECT_EQ(again.inputs().size(), 1u);
}

TEST_F(OnnxImportTest, UnsortedNodesAreSortedWithAWarning) {
  const Graph graph = read(model(node("Relu", {"c"}, {"y"}) + node("Neg", {"x"}, {"c"}) + kEnds));
  EXPECT_EQ(graph.first_node()->result()->name(), "c");
  EXPECT_THAT(messages(), HasSubstr("not in topological order"));
}

TEST_F(OnnxImportTest, OlderFormsAreRaised) {
  const Graph mean = read_node(
      node("ReduceMean", {"x"}, {"y"}, ints_attribute("axes", {2, 3})), 11);
  EXPECT_EQ(mean.first_node()->kind(), OpKind::reduce_mean);
  EXPECT_EQ(mean.first_node()->attribute_ints("axes"), (Ints{2, 3}));
  EXPECT_EQ(mean.first_node()->result()->type(), Type(DType::f32, {2, 4, 1, 1}));

  const std::string axes = field(5, tensor("axes", kInt64, {2}, raw_data(raw(Ints{2, 3}))));
  const Graph newer = read_node(node("ReduceMean", {"x", "axes"}, {"y"}), 18, axes);
  EXPECT_EQ(newer.first_node()->attribute_ints("axes"), (Ints{2, 3}));
  EXPECT_EQ(newer.constants().size(), 0u);
  EXPECT_EQ(written_and_read(newer).constants().size(), 0u);
}

TEST_F(OnnxImportTest, AutoPadBecomesPads) {
  const Graph graph = read_node(
      node("MaxPool", {"x"}, {"y"},
           ints_attribute("kernel_shape", {3, 2}) + ints_attribute("strides", {2, 2}) +
               field(5, field(1, "auto_pad") + field(4, "SAME_UPPER") + number(20, 3))),
      12);
  const Node& pool = *graph.first_node();
  EXPECT_EQ(pool.attribute_ints("pads"), (Ints{0, 0, 1, 0}));
  EXPECT_EQ(pool.attribute_string("auto_pad"), "NOTSET");
  EXPECT_EQ(pool.result()->type(), Type(DType::f32, {2, 4, 3, 3}));
}

TEST_F(OnnxImportTest, ElementTypesAreNamed) {
  const Graph graph = read(model(node("Cast", {"x"}, {"c"}, int_attribute("to", kInt64)) +
                                 node("Cast", {"c"}, {"y"}, int_attribute("to", kFloat)) + kEnds));
  EXPECT_EQ(graph.first_node()->attribute_string("to"), "i64");
  EXPECT_EQ(written_and_read(graph).first_node()->attribute_string("to"), "i64");
}

TEST_F(OnnxImportTest, WhatCannotBeRaisedStaysOpaqueAndSaysWhy) {
  const Graph graph = read_node(node("Softmax", {"x"}, {"y"}, int_attribute("axis", 1)), 11);
  EXPECT_TRUE(graph.first_node()->op().is_opaque());
  EXPECT_THAT(messages(), HasSubstr("node `Softmax_0` (Softmax)"));
  EXPECT_THAT(messages(), HasSubstr("opset 13: it runs over several axes at once"));
  EXPECT_EQ(written_and_read(graph).first_node()->attribute_int("axis"), 1);
}

TEST_F(OnnxImportTest, OpaqueNodesKeepTheirAttributesAndStatedTypes) {
  const std::string stated = field(13, value_info("c", {2, 7}));
  const Graph graph =
      read(model(node("Mystery", {"x", "", "x"}, {"c"}, int_attribute("k", 7)) +
                     node("Relu", {"c"}, {"y"}) + kEnds + stated,
                 17));
  const Node& opaque = *graph.first_node();
  EXPECT_TRUE(opaque.op().is_opaque());
  EXPECT_EQ(opaque.operand_count(), 3u);
  EXPECT_EQ(opaque.operand(std::size_t{1}), nullptr);
  EXPECT_EQ(opaque.attribute_int("k"), 7);
  EXPECT_EQ(graph.last_node()->result()->type(), Type(DType::f32, {2, 7}));
  const Graph again = written_and_read(graph);
  EXPECT_EQ(again.first_node()->operand_count(), 3u);
  EXPECT_EQ(again.last_node()->result()->type(), Type(DType::f32, {2, 7}));
}

// A node with a subgraph that reads the value `c` and gives a value `d` of its own.
Graph graph_with_capture(TemporaryFolder& folder) {
  const std::string body = node("Relu", {"c"}, {"d"}) + node("Relu", {"d"}, {"e"}) +
                           field(2, "body") + field(12, field(1, "e"));
  const std::string branch = field(5, field(1, "branch") + field(6, body) + number(20, 5));
  const std::string stated = field(13, value_info("m", {1}));
  const auto path = folder.write(
      "capture.onnx",
      model(node("Neg", {"x"}, {"c"}) + node("Mystery", {}, {"m"}, branch) +
            node("Relu", {"m"}, {"y"}) + kEnds + stated));
  Result<Graph> graph = import_onnx(path);
  EXPECT_TRUE(graph.has_value()) << graph.error().message();
  return graph ? std::move(*graph) : Graph();
}

TEST_F(OnnxImportTest, CapturesAreOperands) {
  const Graph graph = graph_with_capture(folder_);
  const Node& mystery = *graph.first_node()->next();
  ASSERT_EQ(mystery.operand_count(), 1u);
  EXPECT_EQ(mystery.operand(std::size_t{0})->name(), "c");
}

TEST_F(OnnxImportTest, CapturesAreRenamedOnExport) {
  // The second name is taken inside the subgraph, so the value goes under another name there.
  for (const std::string_view name : {"renamed", "d"}) {
    Graph graph = graph_with_capture(folder_);
    ASSERT_TRUE(graph.rename(*graph.find_value("c"), name));
    const Graph again = written_and_read(graph);
    const Node& neg = *again.first_node();
    const Node& mystery = *neg.next();
    ASSERT_EQ(mystery.operand_count(), 1u);
    EXPECT_EQ(mystery.operand(std::size_t{0}), neg.result());
  }
}

TEST_F(OnnxImportTest, ExportRaisesTheOpsetOnlyWhenNeeded) {
  const auto quantized = [&](std::string_view other, std::int64_t opset) {
    Graph graph = read_node(std::string(other) + node("Relu", {"x"}, {"y"}), opset);
    Value& scale = graph.add_constant("s", Tensor::of<float>({4}, {1, 2, 3, 4}));
    Value& zero = graph.add_constant("z", Tensor::of<std::int8_t>({4}, {0, 0, 0, 0}));
    Value& y = *graph.outputs().front().value;
    Value& q = graph.add(OpKind::quantize, {&y, &scale, &zero});
    graph.set_output(0, graph.add(OpKind::dequantize, {&q, &scale, &zero}));
    return graph;
  };
  EXPECT_EQ(written_and_read(quantized("", 9)).info().opsets.at(""), 13);
  EXPECT_EQ(written_and_read(quantized("", 17)).info().opsets.at(""), 17);
  // Raised with it: what the graph holds in the newest form.
  const std::string clip = node("Clip", {"x"}, {"k"});
  EXPECT_EQ(written_and_read(quantized(clip, 10)).info().opsets.at(""), 13);
  // In the way: an opaque operator that changed.
  const std::string softmax = node("Softmax", {"x"}, {"k"}, int_attribute("axis", 1));
  const auto refused = export_onnx(quantized(softmax, 11), folder_.path() / "out.onnx");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message(),
            "the model cannot be raised from opset 11 to 13: Softmax changed its meaning in opset 13");
  EXPECT_THAT(refused.error().diagnostics.front().place, HasSubstr("node `Softmax_0` (Softmax)"));
  EXPECT_THAT(refused.error().diagnostics.front().notes.front(), HasSubstr("needs opset 13"));
}

TEST_F(OnnxImportTest, OutputsKeepTheirNames) {
  Graph graph = read(model(node("Relu", {"x"}, {"a"}) + node("Neg", {"a"}, {"y"}) + kEnds));
  Value& a = *graph.find_value("a");
  Value& y = *graph.find_value("y");
  graph.replace_all_uses(y, a);
  graph.erase_dead_nodes();
  graph.add_output(a, "second");
  graph.add_output(*graph.inputs().front(), "third");
  const Graph again = written_and_read(graph);
  ASSERT_EQ(again.outputs().size(), 3u);
  EXPECT_EQ(again.outputs()[0].name, "y");
  EXPECT_EQ(again.outputs()[1].name, "second");
  EXPECT_EQ(again.outputs()[2].name, "third");
  EXPECT_EQ(again.find_value("y")->producer()->kind(), OpKind::relu);
  EXPECT_EQ(again.node_count(), 3u);
}

TEST_F(OnnxImportTest, MetadataIsKeptAndExtended) {
  const auto entry = [](std::string_view key, std::string_view value) {
    return field(14, field(1, key) + field(2, value));
  };
  const Graph graph =
      read(model(small_graph()) + field(2, "maker") + entry("z", "1") + entry("rcc.seed", "1"));
  const auto path = folder_.path() / "out.onnx";
  ExportOptions options;
  options.metadata = {{"rcc.seed", "2"}, {"rcc.a", "3"}};
  ASSERT_TRUE(export_onnx(graph, path, options).has_value());
  const auto again = import_onnx(path);
  ASSERT_TRUE(again.has_value());
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(again->info().metadata,
            (std::vector<Pair>{{"z", "1"}, {"rcc.a", "3"}, {"rcc.seed", "2"}}));
  EXPECT_EQ(again->info().producer_name, "maker");
}

TEST_F(OnnxImportTest, ModelInfoIsChecked) {
  const auto path = folder_.path() / "out.onnx";
  Graph graph = read(model(small_graph()));
  graph.info().opsets[""] = 5;
  EXPECT_EQ(export_onnx(graph, path).error().message(),
            "the graph states opset 5; 7 to 28 can be written");
  graph.info().opsets.clear();
  graph.info().functions = {"\x0a"};
  EXPECT_EQ(export_onnx(graph, path).error().message(),
            "the bytes of a model-local function are damaged");
  graph.info() = {};
  EXPECT_EQ(written_and_read(graph).info().opsets.at(""), kDefaultOpset);
}

TEST_F(OnnxImportTest, ElidedWeightsCannotBeWritten) {
  Graph graph = read(model(small_graph()));
  graph.set_tensor(*graph.find_value("b"), Tensor::elided(DType::f32, {2}));
  EXPECT_EQ(export_onnx(graph, folder_.path() / "out.onnx").error().message(),
            "the constant `b` has no contents");
}

TEST_F(OnnxImportTest, OperatorsOfRccItselfCannotBeWritten) {
  Graph graph = read(model(small_graph()));
  Value& y = *graph.outputs().front().value;
  graph.set_output(0, graph.add(OpKind::tap, {&y}, {{"name", std::string("t")}}));
  const auto refused = export_onnx(graph, folder_.path() / "out.onnx");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message(), "`tap` has no place in an ONNX file");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "out.onnx"));
}

}  // namespace
}  // namespace rcc

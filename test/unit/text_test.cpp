#include "ir/text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <limits>

#include "ir/quote.h"

namespace rcc {
namespace {

std::string problems(const Error& error) {
  std::string text;
  for (const Diagnostic& diagnostic : error.diagnostics) text += render(diagnostic);
  return text;
}

Graph read(std::string_view text, const ParseOptions& options = {}) {
  Result<Graph> graph = parse_graph(text, "test.rir", options);
  if (graph) return std::move(*graph);
  ADD_FAILURE() << problems(graph.error());
  return Graph("failed");
}

// Printed, read and printed again, it is the same graph and the same text.
void expect_round_trip(const Graph& graph, const PrintOptions& print_options = {},
                       const ParseOptions& parse_options = {}) {
  const Result<std::string> text = print(graph, print_options);
  ASSERT_TRUE(text) << problems(text.error());
  Result<Graph> again = parse_graph(*text, "printed.rir", parse_options);
  ASSERT_TRUE(again) << problems(again.error()) << *text;
  EXPECT_EQ(first_difference(graph, *again), "") << *text;
  EXPECT_EQ(*print(*again, print_options), *text);
  for (const std::string_view forbidden : {"[[", "{{", "}}"})
    EXPECT_EQ(text->find(forbidden), std::string::npos) << *text;
}

constexpr std::string_view kEverything =
    R"RIR(graph @"a graph"(%x: f32[1,2,4,4] range(-1.0, 6.0), %"a b[\x5b": i64[N,"batch size",?]) {
  model {
    ir_version = 8
    opset = 13
    opset "com.microsoft" = 1
    producer_name = "pytorch"
    producer_version = "2.0"
    domain = "org"
    model_version = -3
    doc_string = "two\nlines {\x7b"
    graph_doc_string = "g"
    metadata "k" = "v"
    metadata "" = ""
    function = raw"AAEC"
    initializer_input = "w"
  }
  @w = const f32[2,2,1,1] <1, 0, -0.0, 3e-05>
  @big = const f16[100,4] range(0.0, 1.0) sparse
  @gamma = const f32[2] sparse <2, 0.1>
  @beta = const f32[2] <0, 10>
  @mean = const f32[2] <1, 1>
  @var = const f32[2] <1, 1>
  @scalar = const f64[] <0.1>
  @empty = const i32[3,0] <>
  %c1 = conv(%x, @w) {pads = <1,0,1,0>} : f32[1,2,6,4]
  %y = batch_norm(%c1, @gamma, @beta, @mean, @var) {epsilon = 0.0} : f32[1,2,6,4] range(-inf, 0.5) loc("conv1", "bn") by("fold") dropped(3)
  %z, none, %q = onnx.Foo(%y, none, @big) {a = <1.0,2.0>, b = ints<>, c = <"x">, d = floats<>, e = strings<>, f = 1.0, i = -3, l = <1,-2>, r = raw"QUJD", s = "\"\\\t", t = i64[2] <1, 2>, "we ird" = nan} : f32[*], ?
  %0 = onnx.com.microsoft.Gelu(%z) : ?[2]
  onnx."a b"."C.d"(%0)
  return %y as "out", %q, @w
}
)RIR";

TEST(Text, PrintsEveryConstructAsItWasWritten) {
  const Graph graph = read(kEverything);
  EXPECT_EQ(*print(graph), kEverything);
  expect_round_trip(graph);
  EXPECT_EQ(first_difference(graph, graph.clone()), "");
}

TEST(Text, PrintsOneNode) {
  const Graph graph = read(
      "graph @g(%x: f32[2,3]) {\n"
      "  %y = transpose(%x) {perm = <1,0>} loc(\"t\")\n"
      "  return %y\n}\n");
  EXPECT_EQ(print(*graph.first_node()), "%y = transpose(%x) {perm = <1,0>} : f32[3,2] loc(\"t\")");
}

TEST(Text, NamesMayHoldAnyBytes) {
  Graph graph("");
  Value* last = nullptr;
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    all += c;
    last = &graph.add_input(std::string(1, c), Type(DType::f32, {}));
  }
  Graph::NodeSpec spec;
  spec.op = &graph.opaque_op(all, all);
  spec.operands = {last};
  spec.results.emplace_back().name = all;
  spec.attributes = {{all, all}};
  spec.provenance.sources = {all, ""};
  spec.provenance.rules = {"\\x41"};
  Node& node = graph.add_node(std::move(spec));
  for (const std::string_view name :
       {"/conv1/Conv_output_0", "a b", "none", "return", "\xED\xA0\x80", "\u4e2d\u6587", "\u202e",
        "[[a]]", "{{%}}", "\"", "\\", "-1", "a..", "..", "%x", "@w"})
    graph.add_input(name, Type(DType::f32, {graph.symbols().intern(name)}));
  graph.add_output(*node.result(), std::string("alias\0", 6));
  expect_round_trip(graph);
  EXPECT_EQ(quoted_text("/conv\n\x01\xff[[\u00e9\\"), "\"/conv\\n\\x01\\xff[\\x5b\u00e9\\\\\"");
}

// A tensor of every element type, with its first bytes counting up.
TEST(Text, PayloadsOfEveryElementTypeSurvive) {
  Graph graph;
  for (int i = 1; i <= static_cast<int>(DType::f4e2m1); ++i) {
    const auto dtype = static_cast<DType>(i);
    if (dtype == DType::string) continue;
    Tensor tensor = Tensor::allocate(dtype, {3, 5});
    std::uint8_t next = 0;
    for (std::byte& byte : tensor.mutable_bytes()) byte = std::byte(next = next * 7 + 3);
    graph.add_constant(dtype_name(dtype), tensor);
    graph.add_constant("elided", Tensor::elided(dtype, {3, 5}));
  }
  graph.add_constant("s", Tensor::of_strings({2, 1}, {"", "a\n\"b"}));
  graph.add_constant("no_strings", Tensor::of_strings({0}, {}));
  expect_round_trip(graph);
  PrintOptions small;
  small.max_literal_elements = 14;
  const Graph elided = read(*print(graph, small));
  EXPECT_TRUE(elided.find_value("f32")->tensor().is_elided());
  EXPECT_EQ(elided.find_value("f32")->type(), Type(DType::f32, {3, 5}));
}

TEST(Text, FloatsSurviveToTheBit) {
  const auto bits = [](std::uint32_t pattern) { return std::bit_cast<float>(pattern); };
  Graph graph;
  const std::vector<float> special{0.0F,
                                   -0.0F,
                                   1.0F,
                                   0.1F,
                                   1e-45F,
                                   3.4028235e38F,
                                   bits(0x7f800000),
                                   bits(0xff800000),
                                   bits(0x7fc00000)};
  graph.add_constant("usual", Tensor::of({9}, special));
  graph.add_constant("odd_nan", Tensor::of({2}, std::vector<float>{bits(0xffc12345), 1.0F}));
  graph.add_constant("signaling", Tensor::of({1}, std::vector<float>{bits(0x7f800001)}));
  graph.add_constant("wide", Tensor::of({3}, std::vector<double>{0.1, 5e-324, -1.7e308}));
  graph.add_constant("ints", Tensor::of({3}, Ints{INT64_MIN, INT64_MAX, -1}));
  expect_round_trip(graph);
  const std::string text = *print(graph);
  EXPECT_NE(text.find("<0, -0.0, 1, 0.1, 1e-45, 3.4028235e+38, inf, -inf, nan>"), std::string::npos)
      << text;
  EXPECT_NE(text.find("@signaling = const f32[1] raw\"AQCAfw==\""), std::string::npos) << text;
}

TEST(Text, BigPayloadsGoIntoAWeightsFile) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "text_test";
  std::filesystem::create_directories(folder);
  Graph graph;
  std::vector<float> values(100);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 3;
  const Tensor shared = Tensor::of({100}, values);
  graph.add_constant("a", Tensor::of({17}, std::vector<std::int8_t>(17, 5)));
  graph.add_constant("b", shared, true);
  graph.add_constant("c", shared.reshaped({10, 10}));
  graph.add_constant("gone", Tensor::elided(DType::f32, {1000}));
  graph.add_constant("s", Tensor::of_strings({20}, Strings(20, "x")));
  Graph::NodeSpec spec;
  spec.op = &graph.opaque_op("", "Foo");
  spec.attributes = {{"t", Tensor::of({20}, Ints(20, -1))}};
  graph.add_node(std::move(spec));
  PrintOptions options;
  options.weights_file = folder / "model.bin";
  ParseOptions parse_options;
  parse_options.base = folder;
  expect_round_trip(graph, options, parse_options);
  const std::string text = *print(graph, options);
  EXPECT_NE(text.find("@a = const i8[17] file(\"model.bin\", 0)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("@b = const f32[100] sparse file(\"model.bin\", 64)\n"), std::string::npos);
  EXPECT_NE(text.find("@c = const f32[10,10] file(\"model.bin\", 64)\n"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(options.weights_file), 512U + 160U);
  const Graph again = read(text, parse_options);
  EXPECT_EQ(again.find_value("b")->tensor().payload_identity(),
            again.find_value("c")->tensor().payload_identity());
  const Result<Graph> beyond = parse_graph(
      "graph @g() {\n@b = const f32[100] file(\"model.bin\", 640)\nreturn\n}", "f", parse_options);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().message(), "400 bytes at 640 are not in the file of 672 bytes");
  EXPECT_EQ(beyond.error().diagnostics.front().span.column, 39U);
  std::filesystem::remove_all(folder);
}

TEST(Text, ShowsStatisticsOfBigWeights) {
  Graph graph;
  std::vector<float> values(20, 0.0F);
  values[3] = -2.5F;
  values[7] = 1.0F;
  const Tensor tensor = Tensor::of({20}, values);
  graph.add_constant("w", tensor);
  PrintOptions options;
  options.with_weight_stats = true;
  const std::string text = *print(graph, options);
  EXPECT_EQ(text, "graph @main() {\n  @w = const f32[20] {amax = 2.5, digest = \"" +
                      tensor.digest().hex() + "\", nnz = 2}\n  return\n}\n");
  EXPECT_TRUE(read(text).find_value("w")->tensor().is_elided());
}

TEST(Text, FillsElidedConstantsFromASeed) {
  constexpr std::string_view kText =
      "graph @g(%x: f32[1,64,4,4]) {\n"
      "  @w = const f32[64,64,1,1]\n"
      "  @p = const f32[64]\n"
      "  @v = const f32[64]\n"
      "  %c = conv(%x, @w)\n"
      "  %y = batch_norm(%c, @p, @p, @p, @v) : f32[1,64,4,4] range(0.0, 1.0)\n"
      "  return %y\n}\n";
  ParseOptions options;
  options.fill_seed = 7;
  const Graph graph = read(kText, options);
  const auto values_of = [](const Graph& from, std::string_view name) {
    return from.find_value(name)->tensor().to_doubles();
  };
  EXPECT_EQ(values_of(graph, "w"), values_of(read(kText, options), "w"));
  EXPECT_TRUE(graph.find_value("y")->range().has_value());
  for (const double value : values_of(graph, "v")) EXPECT_TRUE(value >= 0.5 && value < 1.5);
  double squares = 0;
  for (const double value : values_of(graph, "w")) squares += value * value;
  // 64 inputs to each of 64 outputs, each weight of variance 1/64.
  EXPECT_NEAR(squares / 64, 1.0, 0.1);
  options.fill_seed = 8;
  EXPECT_NE(values_of(graph, "w"), values_of(read(kText, options), "w"));
  const Result<Graph> bomb =
      parse_graph("graph @g() {\n@w = const f32[1099511627776]\nreturn\n}", "f", options);
  ASSERT_FALSE(bomb);
  EXPECT_EQ(bomb.error().kind, ErrorKind::limit);
}

TEST(Text, InfersTypesThatAreLeftOutAndKeepsThoseThatAreStated) {
  const Graph graph = read(
      "graph @g(%x: f32[N,2,4,4]) {\n"
      "  @w = const f32[3,2,1,1]\n"
      "  %c = conv(%x, @w) : ?\n"
      "  %r = relu(%x)\n"
      "  %d = conv(%x, @w) : f32[?,3,H,4]\n"
      "  return %c, %r, %d\n}\n");
  EXPECT_EQ(graph.find_value("c")->type(), Type());
  EXPECT_EQ(to_text(graph.find_value("r")->type(), graph.symbols()), "f32[N,2,4,4]");
  EXPECT_EQ(to_text(graph.find_value("d")->type(), graph.symbols()), "f32[?,3,H,4]");
}

TEST(Text, AcceptsWhatPeopleWrite) {
  const Graph graph = read(
      "\xEF\xBB\xBF// A byte order mark, Windows line ends, tabs, comments, spread lines.\r\n"
      "graph @g(%x: f32[ 2 , 3 ]) { // here\r\n"
      "\t%y = transpose(\r\n\t\t%x)\r\n\t\t{perm=<1, 0>}\r\n"
      "\t@late = const f32[2]<1,2.50> %z = mul(%x, %x)\r\n"
      "\treturn %y, %z }\r\n");
  EXPECT_EQ(*print(graph),
            "graph @g(%x: f32[2,3]) {\n"
            "  @late = const f32[2] <1, 2.5>\n"
            "  %y = transpose(%x) {perm = <1,0>} : f32[3,2]\n"
            "  %z = mul(%x, %x) : f32[2,3]\n"
            "  return %y, %z\n}\n");
}

TEST(Text, ReadsSeveralGraphs) {
  const auto graphs = parse("graph @a() {\nreturn\n}\ngraph @b() { return }\n", "f");
  ASSERT_TRUE(graphs);
  ASSERT_EQ(graphs->size(), 2U);
  EXPECT_EQ((*graphs)[1].name(), "b");
  const Result<Graph> one = parse_graph("graph @a() { return } graph @b() { return }", "f");
  ASSERT_FALSE(one);
  EXPECT_EQ(one.error().message(), "2 graphs where one is wanted");
}

// Each line changes one thing of a graph; the difference is named.
TEST(FirstDifference, NamesWhatDiffers) {
  constexpr std::string_view kText =
      "graph @g(%x: f32[2]) {\n"
      "  model {\n    ir_version = 8\n  }\n"
      "  @w = const f32[2] <1, 2>\n"
      "  %y = mul(%x, @w) : f32[2] range(0.0, 1.0) loc(\"m\")\n"
      "  %z = leaky_relu(%y) {alpha = 0.5} : f32[2]\n"
      "  return %z as \"o\"\n}\n";
  const Graph graph = read(kText);
  const auto difference = [&](std::string_view from, std::string_view to) {
    std::string text(kText);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    return first_difference(graph, read(text));
  };
  EXPECT_EQ(difference("@g", "@h"), "name: `g` and `h`");
  EXPECT_EQ(difference("= 8", "= 9"), "ir_version: 8 and 9");
  EXPECT_EQ(difference("<1, 2>", "<1, 3>"), "w: a payload and another");
  EXPECT_EQ(difference(" <1, 2>", ""), "w: present and elided");
  EXPECT_EQ(difference("f32[2] <", "f32[2] sparse <"), "w: dense and sparse");
  EXPECT_EQ(difference("mul", "add"), "operator of m: `mul` and `add`");
  EXPECT_EQ(difference("range(0.0, 1.0)", "range(0.0, 2.0)"), "range of y: [0, 1] and [0, 2]");
  EXPECT_EQ(difference("\"m\"", "\"m\", \"n\""), "provenance of m: one and another");
  EXPECT_EQ(difference("alpha = 0.5", "alpha = 0.25"), "alpha of z: a value and another");
  EXPECT_EQ(difference(" : f32[2]\n  return", " : f32[?]\n  return"),
            "type of z: `f32[2]` and `f32[?]`");
  EXPECT_EQ(difference("%z as \"o\"", "%z"), "output 0: `o` and `z`");
  EXPECT_EQ(difference("return %z as \"o\"", "%u = relu(%z) return %z as \"o\""), "nodes: 2 and 3");
  EXPECT_EQ(difference("mul(%x, @w)", "mul(@w, %x)"), "operands of m: `x` and `w`");
}

}  // namespace
}  // namespace rcc

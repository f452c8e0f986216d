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
  EXPECT_EQ(print(*graph.first_node()),
            "%y = transpose(%x) {perm = <1,0>} : f32[3,2] loc(\"t\")");
}

}  // namespace
}  // namespace rcc

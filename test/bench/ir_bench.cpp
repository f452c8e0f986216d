// What the graph costs: building, printing, parsing, verifying and copying chains of nodes.
//
//     cmake --build build/release --target rcc_ir_bench && build/release/bin/rcc_ir_bench
//
// test/bench/framework_cost.py counts instructions instead.
#include <benchmark/benchmark.h>

#include <string>

#include "ir/text.h"
#include "ir/verifier.h"

namespace rcc {
namespace {

Graph chain(std::int64_t nodes) {
  Graph graph("chain");
  Value* x = &graph.add_input(
      "x", Type(DType::f32, {graph.symbols().intern("N"), Dim(8), Dim(16), Dim(16)}));
  Value& w = graph.add_constant("w", Tensor::elided(DType::f32, {8, 8, 3, 3}));
  for (std::int64_t i = 0; i < nodes / 4; ++i) {
    const std::string layer = "layer" + std::to_string(i);
    Value& conv =
        graph.add(OpKind::conv, {x, &w}, {{attr::pads, Ints{1, 1, 1, 1}}}, layer + ".conv");
    Value& relu = graph.add(OpKind::relu, {&conv}, {}, layer + ".relu");
    Value& sigmoid = graph.add(OpKind::sigmoid, {&relu}, {}, layer + ".sigmoid");
    x = &graph.add(OpKind::add, {&sigmoid, x}, {}, layer + ".add");
  }
  graph.add_output(*x);
  return graph;
}

void finish(benchmark::State& state) {
  state.SetComplexityN(state.range(0));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void build(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(chain(state.range(0)));
  finish(state);
}

void print_text(benchmark::State& state) {
  const Graph graph = chain(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(*print(graph));
  finish(state);
}

void parse_text(benchmark::State& state) {
  const std::string text = *print(chain(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(*parse_graph(text));
  finish(state);
}

void verify_changed(benchmark::State& state) {
  Graph graph = chain(state.range(0));
  for (auto _ : state) {
    graph.add_rule(*graph.first_node(), "bench");
    if (!verify(graph)) state.SkipWithError("not valid");
  }
  finish(state);
}

void clone(benchmark::State& state) {
  const Graph graph = chain(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(graph.clone());
  finish(state);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1000)->Arg(10000)->Arg(100000)->Unit(benchmark::kMillisecond);
}

BENCHMARK(build)->Apply(sizes);
BENCHMARK(print_text)->Apply(sizes);
BENCHMARK(parse_text)->Apply(sizes);
BENCHMARK(verify_changed)->Apply(sizes);
BENCHMARK(clone)->Apply(sizes);

}  // namespace
}  // namespace rcc

BENCHMARK_MAIN();

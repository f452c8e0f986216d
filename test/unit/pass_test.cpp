#include "passes/pass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/text.h"
#include "passes/pipeline.h"

namespace rcc {
namespace {

using testing::ElementsAre;

constexpr std::string_view kChain = R"(graph @chain(%x: f32[2]) {
  %relu_1 = relu(%x)
  %relu_2 = relu(%relu_1)
  %sigmoid = sigmoid(%relu_2)
  return %sigmoid
})";

struct Chosen {
  std::vector<std::string> layers;
  void describe(OptionVisitor& v) { v.field("layers", layers, "which"); }
};

// Renames what it selects, so that the test sees it.
Result<void> mark(Graph& graph, const Chosen& options, PassContext& context) {
  for (Node* node : RCC_TRY(context.select(graph, options.layers))) context.remark(*node, "chosen");
  return {};
}

Result<std::vector<std::string>> choose(std::vector<std::string> layers) {
  PassDef def = graph_pass<Chosen>({}, mark);
  auto options = std::make_shared<TypedOptionSet<Chosen>>();
  options->options.layers = std::move(layers);
  PassInstance pass;
  pass.name = "mark";
  pass.def = std::make_shared<const PassDef>(std::move(def));
  pass.options = options;
  CollectingSink sink;
  Graph graph = parse_graph(kChain).value();
  RCC_TRY(Pipeline({pass}, {}, sink).run(graph));
  std::vector<std::string> messages;
  for (const Diagnostic& diagnostic : sink.diagnostics) messages.push_back(diagnostic.message);
  return messages;
}

TEST(PassContext, SelectsByGlobInGraphOrder) {
  EXPECT_THAT(choose({"sigmoid", "relu_?"}).value(),
              ElementsAre("mark: %relu_1 chosen", "mark: %relu_2 chosen", "mark: %sigmoid chosen"));
  EXPECT_EQ(choose({})->size(), 3);
  EXPECT_THAT(choose({"*_2"}).value(), ElementsAre("mark: %relu_2 chosen"));
}

TEST(PassContext, AGlobWithoutAMatchIsAnError) {
  const auto result = choose({"relu_*", "sigmiod", "conv*"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::usage);
  const auto& diagnostics = result.error().diagnostics;
  ASSERT_EQ(diagnostics.size(), 2);
  EXPECT_EQ(diagnostics[0].message, "mark: `sigmiod` matches no layer");
  EXPECT_EQ(diagnostics[0].help, "did you mean `sigmoid`?");
  EXPECT_EQ(diagnostics[1].message, "mark: `conv*` matches no layer");
}

TEST(PassContext, RemarksNameTheLayer) {
  PassDef def = graph_pass<NoOptions>(
      {}, [](Graph& graph, const NoOptions&, PassContext& context) -> Result<void> {
        Provenance provenance;
        provenance.sources = {graph.intern("layer1.relu")};
        graph.set_provenance(*graph.first_node(), provenance);
        context.declined(*graph.first_node(), "it is fine");
        context.warn("odd", "look");
        return {};
      });
  PassInstance pass;
  pass.name = "look";
  pass.options = def.make_options();
  pass.def = std::make_shared<const PassDef>(std::move(def));
  CollectingSink sink;
  Graph graph = parse_graph(kChain).value();
  ASSERT_TRUE(Pipeline({pass}, {}, sink).run(graph));
  ASSERT_EQ(sink.diagnostics.size(), 2);
  EXPECT_EQ(render(sink.diagnostics[0]),
            "remark: look: %relu_1 declined: it is fine\n  --> layer `layer1.relu`\n");
  EXPECT_EQ(render(sink.diagnostics[1]), "warning: look: odd\nhelp: look\n");
}

TEST(Effect, Names) {
  EXPECT_EQ(effect_name(Effect::exact), "exact");
  EXPECT_EQ(effect_name(Effect::approx), "approx");
  EXPECT_EQ(effect_name(Effect::lossy), "lossy");
}

}  // namespace
}  // namespace rcc

#include "passes/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "ir/text.h"
#include "test/unit/temporary_folder.h"

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kSum = R"(graph @sum(%x: f32[2]) {
  @a = const f32[2] <1.0, 2.0>
  %y = add(%x, @a)
  return %y
})";

Graph sum_graph() { return parse_graph(kSum).value(); }

using Body = Result<void> (*)(Graph&, const NoOptions&, PassContext&);
PassInstance instance(std::string name, PassDef def, Body body) {
  def = graph_pass<NoOptions>(std::move(def), body);
  PassInstance pass;
  pass.name = std::move(name);
  pass.options = def.make_options();
  pass.def = std::make_shared<const PassDef>(std::move(def));
  return pass;
}

Result<void> nothing(Graph&, const NoOptions&, PassContext&) { return {}; }

Value& constant(Graph& graph) { return *graph.constants().front(); }

// Adds 2^-10 to the first element of the constant of kSum.
Result<void> nudge(Graph& graph, const NoOptions&, PassContext&) {
  const float first = constant(graph).tensor().elements<float>()[0];
  graph.set_tensor(constant(graph), Tensor::of<float>({2}, {first + 1.0F / 1024, 2.0F}));
  return {};
}

Result<void> run(Graph& graph, std::vector<PassInstance> passes, PipelineOptions options = {}) {
  CollectingSink sink;
  return Pipeline(std::move(passes), std::move(options), sink).run(graph);
}

std::vector<std::string> messages(const Result<void>& result) {
  std::vector<std::string> texts;
  for (const Diagnostic& diagnostic : result.error().diagnostics)
    texts.push_back(diagnostic.message);
  return texts;
}

TEST(Pipeline, CatchesAPassThatClaimsToBeExact) {
  Graph graph = sum_graph();
  const Result<void> result =
      run(graph, {instance("liar", {.effect = Effect::exact}, nudge)}, {.verify = Verify::numeric});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::internal);
  EXPECT_THAT(result.error().message(),
              HasSubstr("pass `liar` promises `exact` and breaks it: output `y` differs by "));
  EXPECT_THAT(result.error().message(), HasSubstr("element 0 was "));
}

TEST(Pipeline, HoldsApproxToItsTolerance) {
  const auto verdict = [](double tolerance) {
    Graph graph = sum_graph();
    return run(graph,
               {instance("nudge", {.effect = Effect::approx, .tolerance = tolerance}, nudge)},
               {.verify = Verify::numeric});
  };
  EXPECT_TRUE(verdict(0.1));
  const Result<void> strict = verdict(1e-6);
  ASSERT_FALSE(strict);
  EXPECT_THAT(strict.error().message(), HasSubstr("promises `approx 1e-06` and breaks it"));
}

template <int kHundredths>
Result<void> set_first_constant(Graph& graph, const NoOptions&, PassContext&) {
  graph.set_tensor(constant(graph), Tensor::scalar(kHundredths / 100.0f));
  return {};
}

// x + a + 2^20 - 2^20 has what the large number leaves of x + a; a difference of a has to be larger.
TEST(Pipeline, DoesNotBlameAPassForTheRoundingOfTheGraph) {
  constexpr std::string_view kRounds = R"(graph @rounds(%x: f32[64]) {
    @a = const f32[] <1.0>
    @large = const f32[] <1048576.0>
    %s = add(%x, @a)
    %t = add(%s, @large)
    %y = sub(%t, @large)
    return %y
  })";
  const auto verdict = [&](Body body) {
    Graph graph = parse_graph(kRounds).value();
    return run(graph, {instance("pass", {.effect = Effect::approx, .tolerance = 1e-6}, body)},
               {.verify = Verify::numeric});
  };
  EXPECT_TRUE(verdict(set_first_constant<101>));
  EXPECT_FALSE(verdict(set_first_constant<200>));
}

TEST(Pipeline, LossyMayChangeNumbers) {
  Graph graph = sum_graph();
  EXPECT_TRUE(run(graph, {instance("prune", {.effect = Effect::lossy}, nudge)},
                  {.verify = Verify::numeric}));
}

TEST(Pipeline, StructuralDoesNotRunTheGraph) {
  Graph graph = sum_graph();
  EXPECT_TRUE(run(graph, {instance("liar", {.effect = Effect::exact}, nudge)}));
}

TEST(Pipeline, APassOfTheUserIsTheUsersFault) {
  Graph graph = sum_graph();
  PassInstance liar = instance("liar", {.effect = Effect::exact}, nudge);
  liar.is_from_file = true;
  const Result<void> result = run(graph, {liar}, {.verify = Verify::numeric});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::usage);
}

TEST(Pipeline, VerifiesTheGraphAfterEachPass) {
  Graph graph = sum_graph();
  const Body break_type = [](Graph& g, const NoOptions&, PassContext& context) -> Result<void> {
    context.report().summary = "never seen";
    Value& y = *g.outputs().front().value;
    g.set_type(y, Type(DType::f32, {Dim(3)}));
    g.set_attribute(*y.producer(), "unknown", std::int64_t{1});
    return {};
  };
  const Result<void> result = run(graph, {instance("breaker", {}, break_type)});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::internal);
  EXPECT_EQ(result.error().message(), "pass `breaker` left a broken graph");
  EXPECT_GE(result.error().diagnostics.front().notes.size(), 2);
}

TEST(Pipeline, SaysWhichPassFailed) {
  Graph graph = sum_graph();
  PassInstance pass = instance("wants_torch", {},
                               [](Graph&, const NoOptions&, PassContext& context) -> Result<void> {
                                 RCC_TRY(context.services());
                                 return {};
                               });
  pass.place = {.file = "recipe.toml", .line = 3, .column = 1, .length = 1, .line_text = "x"};
  const Result<void> result = run(graph, {pass});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::environment);
  EXPECT_EQ(result.error().diagnostics.front().span.file, "recipe.toml");
  EXPECT_THAT(result.error().diagnostics.front().notes, ElementsAre("in pass `wants_torch`"));
}

TEST(Pipeline, TellsChangedFromUnchanged) {
  Graph graph = sum_graph();
  std::vector<bool> changed;
  PipelineOptions options;
  options.verify = Verify::numeric;
  options.after_pass = [&](const Graph&, const PipelineOptions::Step& step) -> Result<void> {
    changed.push_back(step.changed);
    return {};
  };
  EXPECT_TRUE(run(graph,
                  {instance("a", {}, nothing), instance("b", {.effect = Effect::lossy}, nudge)},
                  options));
  EXPECT_THAT(changed, ElementsAre(false, true));
}

TEST(Pipeline, TakesAGraphFromTheCache) {
  Graph graph = sum_graph();
  PipelineOptions options;
  bool is_from_cache = false;
  options.lookup = [](const Graph& g, std::size_t index,
                      const PassInstance& pass) -> Result<std::optional<Graph>> {
    EXPECT_EQ(index, 0);
    EXPECT_EQ(pass.name, "nudge");
    Graph cached = g.clone();
    cached.set_tensor(constant(cached), Tensor::of<float>({2}, {7.0F, 7.0F}));
    return cached;
  };
  options.after_pass = [&](const Graph&, const PipelineOptions::Step& step) -> Result<void> {
    is_from_cache = step.is_from_cache;
    return {};
  };
  EXPECT_TRUE(run(graph, {instance("nudge", {.effect = Effect::lossy}, nudge)}, options));
  EXPECT_EQ(constant(graph).tensor().at(0), 7.0);
  EXPECT_TRUE(is_from_cache);
}

TEST(Pipeline, ChecksIdempotence) {
  const auto verdict = [](PassDef def) {
    Graph graph = sum_graph();
    return run(graph, {instance("nudge", std::move(def), nudge)}, {.check_idempotent = true});
  };
  EXPECT_TRUE(verdict({.effect = Effect::lossy, .is_idempotent = false}));
  const Result<void> result = verdict({.effect = Effect::lossy, .is_idempotent = true});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(),
              HasSubstr("pass `nudge` is not idempotent, a second run changed: "));
}

TEST(Pipeline, LeavesAReproducer) {
  const TemporaryFolder folder;
  Graph graph = sum_graph();
  const Result<void> result =
      run(graph, {instance("liar", {.effect = Effect::exact}, nudge)},
          {.verify = Verify::numeric, .seed = 5, .reproducer_folder = folder.path()});
  ASSERT_FALSE(result);
  const std::string note = result.error().diagnostics.front().notes.back();
  EXPECT_THAT(note, HasSubstr("to repeat it: rcc-opt --run-reproducer '"));
  const std::size_t begin = note.find('\'') + 1;
  const std::filesystem::path file = note.substr(begin, note.find('\'', begin) - begin);
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  ParseOptions options;
  options.base = file.parent_path();
  EXPECT_THAT(text.str(), HasSubstr("//! passes = \"liar\",\n"
                                    "//! seed = \"5\",\n"
                                    "//! verify = numeric,\n"));
  const Graph before = parse_graph(text.str(), "before.rir", options).value();
  EXPECT_EQ(first_difference(before, sum_graph()), "");
}

TEST(Pipeline, ARuleFileThatBreaksItsPromiseLeavesAReproducer) {
  const TemporaryFolder folder;
  const std::filesystem::path rules = folder.write("no_sum.rules",
                                                   "# A lie.\n"
                                                   "rule no_sum effect exact {\n"
                                                   "  match { y = add(a, _); }\n"
                                                   "  replace y with relu(a);\n"
                                                   "}\n");
  Graph graph = sum_graph();
  const Result<void> result = run(graph, {load_rules_pass(rules, {}).value()},
                                  {.verify = Verify::numeric, .reproducer_folder = folder.path()});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::usage);
  EXPECT_THAT(result.error().message(), HasSubstr("rule `no_sum` is wrong at %y: "));
  EXPECT_THAT(result.error().diagnostics.front().notes.back(),
              HasSubstr("rcc-opt --run-reproducer '" + folder.path().string()));
}

// The snapshot that checks compare with follows the graph through unchanged and changed passes.
TEST(Pipeline, ComparesWithTheGraphJustBefore) {
  Graph graph = sum_graph();
  const PassDef lossy{.effect = Effect::lossy};
  const PassInstance keep = instance("keep", {.effect = Effect::exact}, nothing);
  const PassInstance prune = instance("prune", lossy, nudge);
  const Body rewrite_same = [](Graph& g, const NoOptions&, PassContext&) -> Result<void> {
    g.set_tensor(constant(g), constant(g).tensor());
    return {};
  };
  const PassInstance same = instance("same", {.effect = Effect::exact}, rewrite_same);
  EXPECT_TRUE(
      run(graph, {same, keep, prune, same, keep, prune, same}, {.verify = Verify::numeric}));
  const Result<void> result =
      run(graph, {prune, keep, instance("liar", {.effect = Effect::exact}, nudge)},
          {.verify = Verify::numeric});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), HasSubstr("pass `liar` promises"));
}

TEST(PipelineDeathTest, AnInternalErrorLeavesAReproducer) {
  const TemporaryFolder folder;
  const Body crash = [](Graph& g, const NoOptions&, PassContext&) -> Result<void> {
    RCC_CHECK(g.node_count() == 99, "on purpose");
    return {};
  };
  Graph graph = sum_graph();
  EXPECT_EXIT(static_cast<void>(run(graph, {instance("crash", {}, crash)},
                                    {.verify = Verify::off, .reproducer_folder = folder.path()})),
              testing::ExitedWithCode(101),
              "to repeat it: rcc-opt --run-reproducer '.*.rir'");
}

TEST(PipelineOrder, ReportsWhatMustComeFirstAndWhy) {
  Graph graph = sum_graph();
  const PassDef late{.after = {{"fold", "scales must describe folded weights"}}};
  const PassDef early{.before = {{"quantize", "it reads float weights"}}};
  const PassInstance quantize = instance("quantize", late, nothing);
  const PassInstance fold = instance("fold", early, nothing);
  EXPECT_TRUE(run(graph, {fold, quantize}));
  EXPECT_TRUE(run(graph, {quantize}));
  EXPECT_TRUE(run(graph, {fold}));
  // One fold before and one quantize after are enough for each.
  EXPECT_TRUE(run(graph, {fold, quantize, fold, quantize}));
  const Result<void> result = run(graph, {quantize, fold});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::usage);
  EXPECT_THAT(messages(result),
              ElementsAre("`quantize` must come after `fold`: scales must describe folded weights",
                          "`fold` must come before `quantize`: it reads float weights"));
}

// A factory for names that end in "_pass".
struct ToyOptions {
  std::int64_t k = 1;
  std::vector<std::string> layers;
  void describe(OptionVisitor& v) {
    v.field("k", k, "a number", {.minimum = 0});
    v.field("layers", layers, "names");
  }
};
Result<PassInstance> toy(std::string_view name, const OptionTable& table, SourceSpan place) {
  PassDef def = graph_pass<ToyOptions>(
      {}, [](Graph&, const ToyOptions&, PassContext&) -> Result<void> { return {}; });
  PassInstance pass;
  pass.name = name;
  pass.options = def.make_options();
  pass.def = std::make_shared<const PassDef>(std::move(def));
  pass.place = std::move(place);
  RCC_TRY(set_options(*pass.options, table, pass.name));
  return pass;
}

TEST(PipelineText, RoundTrip) {
  const auto canonical = [](std::string_view text) {
    return to_text(parse_pipeline(text, "--passes", toy).value());
  };
  EXPECT_EQ(canonical(""), "");
  EXPECT_EQ(canonical("a"), "a{k=1,layers=[]}");
  const std::string text = canonical(" a , b{ k = 2, layers = [x.*, \"y,z\"] },c{}");
  EXPECT_EQ(text, "a{k=1,layers=[]},b{k=2,layers=[x.*,\"y,z\"]},c{k=1,layers=[]}");
  EXPECT_EQ(canonical(text), text);
}

TEST(PipelineText, PassesKnowTheirPlace) {
  const auto passes = parse_pipeline("a,bc{k=2}", "--passes", toy).value();
  EXPECT_EQ(passes[1].place.column, 3);
  EXPECT_EQ(passes[1].place.length, 2);
}

TEST(PipelineText, Mistakes) {
  const auto errors = [](std::string_view text) {
    const auto result = parse_pipeline(text, "--passes", toy);
    std::vector<std::string> texts;
    if (result) return texts;
    for (const Diagnostic& diagnostic : result.error().diagnostics)
      texts.push_back(fmt::format("{}:{}", diagnostic.span.column, diagnostic.message));
    return texts;
  };
  EXPECT_THAT(errors("a,,b"), ElementsAre("3:expected the name of a pass before `,`"));
  EXPECT_THAT(errors("a,"), ElementsAre("3:expected the name of a pass at the end"));
  EXPECT_THAT(errors("a b"), ElementsAre("3:expected `,` before `b`"));
  EXPECT_THAT(errors("a{k=1"), ElementsAre("6:expected `,` or `}` at the end"));
  EXPECT_THAT(errors("a{k=-1},b{q=1}"),
              ElementsAre("5:`k` of a must be at least 0, not -1", "11:unknown key `q` in b"));
}

TEST(PipelineText, UnknownPass) {
  const auto result = make_pass("drop_ded_nodes", {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::usage);
  EXPECT_EQ(result.error().message(), "unknown pass `drop_ded_nodes`");
  EXPECT_EQ(result.error().diagnostics.front().help, "did you mean `drop_dead_nodes`?");
}

}  // namespace
}  // namespace rcc

#include "passes/reproducer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/support/file.h"
#include "ir/text.h"
#include "ir/version.h"
#include "test/unit/temporary_folder.h"

namespace rcc {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kRules =
    "# Replace a sum by its first operand.\n"
    "\n"
    "rule no_sum effect exact {\n"
    "  match { y = add(a, _); }\n"
    "  replace y with relu(a);\n"
    "}\n";

Graph sum_graph(std::int64_t size) {
  Graph graph("sum");
  Value& x = graph.add_input("x", Type(DType::f32, {Dim(size)}));
  const std::vector<float> ones(static_cast<std::size_t>(size), 0.1F);
  Value& one = graph.add_constant("one", Tensor::of<float>({size}, ones));
  graph.add_output(graph.add(OpKind::add, {&x, &one}, {}, "y"));
  return graph;
}

// The file that a command names.
std::filesystem::path file_of(const std::string& command) {
  const std::size_t begin = command.find('\'') + 1;
  return command.substr(begin, command.find('\'', begin) - begin);
}

std::string contents(const std::filesystem::path& file) {
  return read_text_file(file, 1 << 20).value();
}

TEST(Reproducer, OneFileHoldsEverything) {
  const TemporaryFolder folder;
  std::vector<PassInstance> passes{
      load_rules_pass(folder.write("no sum.rules", kRules), {}).value(),
      make_pass("prune_magnitude", {}).value()};
  const Graph graph = sum_graph(3);
  const Reproducer reproducer{.graph = &graph,
                              .passes = passes,
                              .seed = UINT64_MAX,
                              .target = {.runtime = "onednn", .cpu = "vnni"},
                              .verify = Verify::numeric,
                              .check_idempotent = true,
                              .folder = folder.path() / "a" / "b"};
  const std::string command = write_reproducer(reproducer, "it said \"no\"\nand more").value();
  EXPECT_THAT(command, StartsWith("rcc-opt --run-reproducer '"));
  const std::string text = contents(file_of(command));
  std::filesystem::remove(folder.path() / "no sum.rules");

  ASSERT_TRUE(is_reproducer(text));
  const auto run = parse_reproducer(text, "x.rir");
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->version, version());
  EXPECT_EQ(run->failure, "it said \"no\"\nand more");
  EXPECT_EQ(run->seed, UINT64_MAX);
  EXPECT_EQ(run->target.runtime, "onednn");
  EXPECT_EQ(run->target.cpu, "vnni");
  EXPECT_EQ(run->verify, Verify::numeric);
  EXPECT_TRUE(run->check_idempotent);
  EXPECT_EQ(to_text(run->passes), to_text(passes));
  EXPECT_EQ(run->passes.front().rules_text, kRules);
  EXPECT_TRUE(run->passes.front().is_from_file);
  EXPECT_EQ(first_difference(parse_graph(text).value(), graph), "");
}

TEST(Reproducer, ARuleFileMayBeRunTwice) {
  const TemporaryFolder folder;
  const std::filesystem::path rules = folder.write("no_sum.rules", kRules);
  const std::vector<PassInstance> passes{load_rules_pass(rules, {}).value(),
                                         load_rules_pass(rules, {}).value()};
  const Graph graph = sum_graph(3);
  const Reproducer reproducer{.graph = &graph, .passes = passes, .folder = folder.path()};
  const std::string text = contents(file_of(write_reproducer(reproducer, "").value()));
  const auto run = parse_reproducer(text, "x.rir");
  ASSERT_TRUE(run) << run.error().message();
  ASSERT_EQ(run->passes.size(), 2U);
  EXPECT_EQ(run->passes.back().rules_text, kRules);
}

TEST(Reproducer, ManyWeightsLieBesideIt) {
  const TemporaryFolder folder;
  const Graph graph = sum_graph(70000);
  const Reproducer reproducer{.graph = &graph, .folder = folder.path()};
  const std::filesystem::path file = file_of(write_reproducer(reproducer, "").value());
  const std::string text = contents(file);
  EXPECT_LT(text.size(), 1000U);
  ParseOptions options;
  options.base = folder.path();
  const Graph again = parse_graph(text, "x.rir", options).value();
  EXPECT_EQ(first_difference(again, graph), "");
}

TEST(Reproducer, RefusesOtherFiles) {
  const auto run = parse_reproducer("graph @g() {\n}\n", "x.rir");
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().message(), "this is no reproducer");
  EXPECT_FALSE(is_reproducer("graph @g() {\n}\n"));
  const auto wrong = parse_reproducer("// x\n//! passes = \"drop_ded_nodes\"\n", "x.rir");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message(), "unknown pass `drop_ded_nodes`");
}

// A ratio of the original graph means the same when the passes before are repeated with it.
TEST(Reproducer, OfAPipelineHoldsTheOriginalGraph) {
  const TemporaryFolder folder;
  const std::filesystem::path rules = folder.write("no_sum.rules", kRules);
  Graph graph = sum_graph(3);
  CollectingSink sink;
  const auto done = Pipeline({make_pass("drop_identity", {}).value(),
                              load_rules_pass(rules, {}).value(),
                              make_pass("drop_dead_nodes", {}).value()},
                             {.verify = Verify::numeric,
                              .reproducer_folder = folder.path(),
                              .reproducer_scope = PipelineOptions::ReproducerScope::pipeline},
                             sink)
                        .run(graph);
  ASSERT_FALSE(done);
  const std::string text = contents(file_of(done.error().diagnostics.front().notes.back()));
  const auto run = parse_reproducer(text, "x.rir");
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_THAT(to_text(run->passes), StartsWith("drop_identity,"));
  EXPECT_EQ(run->passes.size(), 2U);
  EXPECT_EQ(first_difference(parse_graph(text).value(), sum_graph(3)), "");
  EXPECT_THAT(run->failure, HasSubstr("rule `no_sum` is wrong at %y"));
}

}  // namespace
}  // namespace rcc

#include "tools/rcc/step_cache.h"

#include <gtest/gtest.h>

#include <fstream>

#include "ir/text.h"
#include "tools/rcc/graph_digest.h"
#include "tools/rcc/step_keys.h"

namespace rcc {
namespace {

namespace fs = std::filesystem;

constexpr const char* kText = R"(graph @g(%x: f32[N,2]) {
  @w = const f32[2,2] <1.0, 0.0, 0.0, 1.0>
  %y = gemm(%x, @w)
  return %y
})";

class StepCacheTest : public testing::Test {
 protected:
  StepCacheTest()
      : folder_(fs::path(testing::TempDir()) /
                fmt::format("rcc_step_cache_{}",
                            testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
  }
  ~StepCacheTest() override { fs::remove_all(folder_); }

  // 64 x 64 floats, which go into the file of weights.
  static Graph big_graph() {
    Graph graph = *parse_graph(kText);
    Tensor tensor = Tensor::allocate(DType::f32, {64, 64});
    float next = 0;
    for (float& value : tensor.mutable_elements<float>()) value = next += 0.25F;
    graph.add_constant("big", std::move(tensor), true);
    return graph;
  }

  static StepResult result() {
    StepResult result;
    result.report.summary = "two things done";
    result.report.facts = {{"count", std::int64_t{2}}, {"loss", 0.5}, {"device", std::string("cpu")}};
    result.report.checked_difference = 1e-6;
    result.seconds = 1.5;
    result.changed = true;
    result.messages = {{.severity = Severity::warning, .message = "odd", .help = "look"}};
    return result;
  }

  fs::path folder_;
  Digest key_ = hash_text("key");
};

TEST_F(StepCacheTest, FindsWhatWasStored) {
  const StepCache cache(folder_);
  EXPECT_FALSE(cache.find_step(key_));
  const Graph graph = big_graph();
  ASSERT_TRUE(cache.store_step(key_, "fine_tune", graph, result()));
  const auto found = cache.find_step(key_);
  ASSERT_TRUE(found);
  EXPECT_EQ(first_difference(found->graph, graph), "");
  EXPECT_EQ(found->result.report.summary, "two things done");
  ASSERT_EQ(found->result.report.facts.size(), 3U);
  EXPECT_EQ(std::get<std::int64_t>(found->result.report.facts[0].value), 2);
  EXPECT_EQ(std::get<double>(found->result.report.facts[1].value), 0.5);
  EXPECT_EQ(std::get<std::string>(found->result.report.facts[2].value), "cpu");
  EXPECT_EQ(found->result.report.checked_difference, 1e-6);
  EXPECT_EQ(found->result.seconds, 1.5);
  EXPECT_TRUE(found->result.changed);
  ASSERT_EQ(found->result.messages.size(), 1U);
  EXPECT_EQ(found->result.messages[0].message, "odd");
  EXPECT_FALSE(cache.find_step(hash_text("other")));
}

TEST_F(StepCacheTest, IgnoresDamage) {
  const StepCache cache(folder_);
  ASSERT_TRUE(cache.store_step(key_, "fine_tune", big_graph(), result()));
  for (const char* name : {"entry.json", "graph.rir", "weights.bin"}) {
    const fs::path path = folder_ / key_.hex() / name;
    const std::string whole = *read_text_file(path, 1 << 20);
    std::string bad = whole;
    bad[bad.size() / 2] ^= 1;
    std::ofstream(path) << bad;
    EXPECT_FALSE(cache.find_step(key_)) << name;
    std::ofstream(path) << whole.substr(0, whole.size() / 2);
    EXPECT_FALSE(cache.find_step(key_)) << name;
    std::ofstream(path) << whole;
    EXPECT_TRUE(cache.find_step(key_)) << name;
  }
}

TEST_F(StepCacheTest, ReplacesADamagedEntry) {
  const StepCache cache(folder_);
  ASSERT_TRUE(cache.store_accuracy(key_, "accuracy", {90, 100}));
  std::ofstream(folder_ / key_.hex() / "entry.json") << "{";
  EXPECT_FALSE(cache.find_accuracy(key_));
  ASSERT_TRUE(cache.store_accuracy(key_, "accuracy", {90, 100}));
  EXPECT_EQ(cache.find_accuracy(key_)->correct, 90U);
}

TEST_F(StepCacheTest, RemovesTheLongestUnusedWhenFull) {
  const StepCache cache(folder_, 1000);
  for (int i = 0; i < 20; ++i) {
    const Digest key = hash_text(std::to_string(i));
    ASSERT_TRUE(cache.store_accuracy(key, "accuracy", {90, 100}));
    fs::last_write_time(folder_ / key.hex(),
                        fs::file_time_type::clock::now() - std::chrono::hours(20 - i));
  }
  const auto entries = cache.entries();
  EXPECT_GE(entries.size(), 2U);
  EXPECT_LT(entries.size(), 12U);
  EXPECT_TRUE(cache.find_accuracy(hash_text("19")));
  EXPECT_FALSE(cache.find_accuracy(hash_text("0")));
}

TEST_F(StepCacheTest, ClearsOnlyItsOwn) {
  const StepCache cache(folder_);
  ASSERT_TRUE(cache.store_accuracy(key_, "accuracy", {90, 100}));
  std::ofstream(folder_ / "mine.txt") << "kept";
  EXPECT_EQ(cache.clear(), 1U);
  EXPECT_TRUE(cache.entries().empty());
  EXPECT_TRUE(fs::exists(folder_ / "mine.txt"));
}

TEST_F(StepCacheTest, DigestSeesStructureAndWeights) {
  const Graph graph = big_graph();
  EXPECT_EQ(*graph_digest(graph), *graph_digest(graph.clone()));
  Graph changed = graph.clone();
  Value& big = *changed.find_value("big");
  Tensor tensor = big.tensor();
  tensor.mutable_elements<float>()[4095] += 1;
  changed.set_tensor(big, tensor);
  EXPECT_NE(*graph_digest(graph), *graph_digest(changed));
  Graph renamed = graph.clone();
  renamed.rename(*renamed.find_value("y"), "z");
  EXPECT_NE(*graph_digest(graph), *graph_digest(renamed));
}

class NoServices final : public ServiceProvider {
 public:
  Result<Services*> services() override { return fail(ErrorKind::environment, "none"); }
};

// A rule file may be called like a built-in pass and do something else, or change between two runs.
TEST_F(StepCacheTest, OnlyBuiltInPassesHaveKeys) {
  fs::create_directories(folder_);
  const fs::path file = folder_ / "drop_identity.rules";
  std::ofstream(file) << "rule r effect exact { match { y = relu(relu(x)); } replace y with relu(x); }";
  const Graph graph = *parse_graph(kText);
  const Recipe recipe;
  NoServices provider;
  StepKeys keys(recipe, graph, Verify::structural, {}, provider);
  EXPECT_TRUE((*keys.step(graph, *make_pass("drop_identity", {}))).has_value());
  EXPECT_FALSE((*keys.step(graph, *load_rules_pass(file, {}))).has_value());
}

}  // namespace
}  // namespace rcc

#include "passes/services.h"

#include <gtest/gtest.h>

#include <numeric>

#include "ir/interpreter.h"
#include "test/torch/tiny_network.h"
#include "test/torch/tiny_services.h"

namespace rcc {
namespace {

TEST(TorchServices, AMissingGpuIsAnErrorOfTheEnvironment) {
  TinyServices services("cuda:63");
  EXPECT_EQ(services.open(), nullptr);
  EXPECT_EQ(services.error.kind, ErrorKind::environment);
  EXPECT_NE(services.error.message().find("`cuda:63`"), std::string::npos);
  EXPECT_NE(services.error.diagnostics.front().help, "");
}

TEST(TorchServices, AnUnknownDeviceIsAnErrorOfUsage) {
  TinyServices services("tpu");
  EXPECT_EQ(services.open(), nullptr);
  EXPECT_EQ(services.error.kind, ErrorKind::usage);
}

TEST(TorchServices, RefusesAnotherInterfaceVersion) {
  Error error;
  EXPECT_EQ(rcc_create_services(kServicesInterfaceVersion + 1, {}, error), nullptr);
  EXPECT_EQ(error.kind, ErrorKind::environment);
}

TEST(TorchServices, CountsWhatTheInterpreterCounts) {
  TinyServices tiny;
  tiny.config().data.batch = 7;
  std::vector<std::uint64_t> done;
  tiny.config().on_progress = [&](const Progress& progress) { done.push_back(progress.done); };
  TinyNetwork network;
  const auto accuracy = tiny.open()->evaluator().accuracy(network.b.graph, DataSplit::eval);
  ASSERT_TRUE(accuracy) << accuracy.error().message();
  EXPECT_EQ(accuracy->total, 24U);
  EXPECT_EQ(done, (std::vector<std::uint64_t>{7, 14, 21, 24}));
}

TEST(TorchServices, MissingDataIsAnErrorThatNamesTheKey) {
  TinyServices tiny;
  tiny.config().data.eval.clear();
  TinyNetwork network;
  const auto accuracy = tiny.open()->evaluator().accuracy(network.b.graph, DataSplit::eval);
  ASSERT_FALSE(accuracy);
  EXPECT_EQ(accuracy.error().kind, ErrorKind::usage);
  EXPECT_NE(accuracy.error().message().find("`eval` is not given"), std::string::npos);
}

TEST(TorchServices, ImagesOfAnotherSizeAreAnError) {
  TinyServices tiny;
  GraphBuilder b;
  Value& x = b.input({1, 1, 8, 8});
  b.graph.add_output(b.add(OpKind::gemm, {&b.add(OpKind::flatten, {&x}), &b.weight({64, 2})}));
  const auto accuracy = tiny.open()->evaluator().accuracy(b.graph, DataSplit::eval);
  ASSERT_FALSE(accuracy);
  EXPECT_NE(accuracy.error().message().find("has size 8 along axis 2"), std::string::npos);
}

TEST(TorchServices, FillsUpFixedBatches) {
  // 24 images in batches of 10: the last batch has 4, which are what counts.
  TinyServices tiny;
  GraphBuilder b;
  Value& x = b.input({10, 1, 4, 4});
  Value& rows = b.add(OpKind::reshape, {&x, &b.ints({10, 16})});
  b.graph.add_output(b.add(OpKind::gemm, {&rows, &b.weight({16, 2})}));
  const auto accuracy = tiny.open()->evaluator().accuracy(b.graph, DataSplit::eval);
  ASSERT_TRUE(accuracy) << accuracy.error().message();
  EXPECT_EQ(accuracy->total, 24U);
}

TEST(TorchServices, ObservesValuesOfEveryKindWhateverTheBatch) {
  std::vector<ValueStatistics> by_batch;
  for (const std::int64_t batch : {24, 5}) {
    TinyServices tiny;
    tiny.config().data.batch = batch;
    TinyNetwork network;
    const Graph& graph = network.b.graph;
    const std::vector<ValueId> values = {graph.inputs()[0]->id(), network.conv_weight->id(),
                                         graph.outputs()[0].value->id(), graph.inputs()[0]->id()};
    const auto statistics = tiny.open()->evaluator().observe(graph, values);
    ASSERT_TRUE(statistics) << statistics.error().message();
    ASSERT_EQ(statistics->size(), 4U);
    const auto total = [&](std::size_t i) {
      const auto& counts = (*statistics)[i].histogram;
      return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    };
    EXPECT_EQ(total(0), 24U * 16);
    EXPECT_EQ(total(1), 36U);
    EXPECT_EQ(total(2), 48U);
    EXPECT_EQ((*statistics)[3].histogram, (*statistics)[0].histogram);
    by_batch.push_back((*statistics)[0]);
  }
  EXPECT_EQ(by_batch[0].minimum, by_batch[1].minimum);
  EXPECT_EQ(by_batch[0].maximum, by_batch[1].maximum);
  // (60 / 255 - 0.5) / 0.25 is the darkest possible pixel.
  EXPECT_NEAR(by_batch[0].minimum, (60 / 255.0 - 0.5) / 0.25, 0.05);
}

TEST(TorchServices, FingerprintsTellSplitsAndPreprocessingApart) {
  TinyServices first, second, third;
  second.config().data.normalize.mean = {0.4};
  third.config().data.flip = true;
  const Digest plain = *first.open()->data_fingerprint(DataSplit::train);
  EXPECT_EQ(plain, *first.open()->data_fingerprint(DataSplit::train));
  EXPECT_NE(plain, *second.open()->data_fingerprint(DataSplit::train));
  EXPECT_NE(plain, *third.open()->data_fingerprint(DataSplit::train));
  EXPECT_EQ(*first.open()->data_fingerprint(DataSplit::eval),
            *third.open()->data_fingerprint(DataSplit::eval));
  EXPECT_EQ(*first.open()->data_size(DataSplit::train), 24U);
}

TEST(TorchServices, TimesInRoundsAndRefusesSimulatedIntegers) {
  TinyServices tiny;
  TinyNetwork network;
  const Graph* graphs[] = {&network.b.graph, &network.b.graph};
  Engine& engine = tiny.open()->engine();
  const auto timings =
      engine.time(graphs, {.rounds = 3, .warmup_seconds = 0, .seconds_per_round = 0.01});
  ASSERT_TRUE(timings) << timings.error().message();
  ASSERT_EQ(timings->size(), 2U);
  EXPECT_EQ((*timings)[1].round_medians_us.size(), 3U);
  EXPECT_GT((*timings)[1].round_medians_us[2], 0);
  EXPECT_GE((*timings)[0].runs, 3U);

  GraphBuilder b;
  b.graph.add_output(b.add(OpKind::quantize, {&b.input({4}), &b.scalar(1)}));
  const Graph* simulated[] = {&b.graph};
  EXPECT_FALSE(engine.time(simulated, {}));
}

}  // namespace
}  // namespace rcc

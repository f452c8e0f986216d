#include <gtest/gtest.h>

#include <cmath>

#include "backends/torch/precision.h"
#include "test/torch/tiny_network.h"
#include "test/torch/tiny_services.h"

namespace rcc {
namespace {

TrainOptions short_training() {
  return {.epochs = 3, .batch = 8, .learning_rate = 0.1, .momentum = 0.9, .weight_decay = 1e-3};
}

class Training : public testing::Test {
 protected:
  Result<TrainReport> train(TinyNetwork& network, const TrainOptions& options,
                            const Graph* teacher = nullptr, std::uint64_t seed = 1) {
    return services_.open()->trainer().train(network.b.graph, teacher, options, seed);
  }
  double top1(const TinyNetwork& network) {
    const auto accuracy = services_.open()->evaluator().accuracy(network.b.graph, DataSplit::eval);
    EXPECT_TRUE(accuracy) << accuracy.error().message();
    return accuracy->top1();
  }
  TinyServices services_;
};

TEST_F(Training, LearnsTheTinyDataAndReportsEachEpoch) {
  TinyNetwork network;
  TrainOptions options = short_training();
  options.epochs = 40;
  const auto report = train(network, options);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->epochs.size(), 40U);
  EXPECT_LT(report->epochs.back().loss, 0.3 * report->epochs.front().loss);
  EXPECT_EQ(report->epochs.back().epoch, 40);
  EXPECT_EQ(report->epochs.back().train_top1, 1);
  EXPECT_EQ(report->precision, "float32");
  EXPECT_EQ(report->device, "cpu");
  EXPECT_GT(report->peak_memory_bytes, std::uint64_t{10} << 20);
  EXPECT_EQ(top1(network), 1);
  EXPECT_NE(network.mean->tensor().at(0), 0);
}

TEST_F(Training, EqualRunsGiveEqualBytesAndSeedsMatter) {
  services_.config().data.flip = true;
  services_.config().data.crop_padding = 1;
  services_.config().threads = 2;
  TinyNetwork first, second, other;
  ASSERT_TRUE(train(first, short_training()));
  ASSERT_TRUE(train(second, short_training()));
  ASSERT_TRUE(train(other, short_training(), nullptr, 2));
  for (std::size_t i = 0; i < first.b.graph.constants().size(); ++i)
    EXPECT_TRUE(first.b.graph.constants()[i]->tensor().same_contents(
        second.b.graph.constants()[i]->tensor()));
  EXPECT_FALSE(first.conv_weight->tensor().same_contents(other.conv_weight->tensor()));
}

TEST_F(Training, ZerosOfSparseWeightsStayExactlyZero) {
  TinyNetwork network;
  std::vector<float> values(36, 0.25F);
  for (std::size_t i = 0; i < values.size(); i += 3) values[i] = 0;
  network.b.graph.set_tensor(*network.conv_weight, Tensor::of({4, 1, 3, 3}, values));
  network.b.graph.set_sparse(*network.conv_weight, true);
  ASSERT_TRUE(train(network, short_training()));
  for (std::int64_t i = 0; i < 36; ++i) {
    const double value = network.conv_weight->tensor().at(i);
    EXPECT_EQ(value == 0, i % 3 == 0);
    EXPECT_NE(value, 0.25);
  }
  EXPECT_TRUE(network.conv_weight->is_sparse());
}

TEST_F(Training, ADivergingLossIsAnErrorThatLeavesTheGraphAlone) {
  TinyNetwork network;
  const Tensor before = network.conv_weight->tensor();
  TrainOptions options = short_training();
  options.learning_rate = 1e30;
  const auto report = train(network, options);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message().find("the loss became"), std::string::npos);
  EXPECT_NE(report.error().diagnostics.front().help.find("learning_rate"), std::string::npos);
  EXPECT_TRUE(network.conv_weight->tensor().same_contents(before));
}

TEST_F(Training, ATeacherEqualToTheStudentTeachesNothing) {
  // Without BatchNorm's batch statistics both compute the same.
  GraphBuilder b;
  Value& x = b.input({b.graph.symbols().intern("N"), 1, 4, 4});
  Value& weight = b.weight({16, 2});
  b.graph.add_output(b.add(OpKind::gemm, {&b.add(OpKind::flatten, {&x}), &weight}));
  const Tensor before = weight.tensor();
  const Graph same = b.graph.clone();
  TrainOptions options = short_training();
  options.weight_decay = 0;
  options.has_distill = true;
  options.distill = {.temperature = 2, .alpha = 1};
  const auto report = services_.open()->trainer().train(b.graph, &same, options, 0);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_NEAR(report->epochs.back().loss, 0, 1e-6);
  for (std::int64_t i = 0; i < 32; ++i) EXPECT_NEAR(weight.tensor().at(i), before.at(i), 1e-5);
}

TEST_F(Training, SharedWeightsStayOneParameter) {
  GraphBuilder b;
  Value& x = b.input({b.graph.symbols().intern("N"), 1, 4, 4});
  Value& square = b.weight({16, 16});
  Value& once = b.add(OpKind::gemm, {&b.add(OpKind::flatten, {&x}), &square});
  Value& twice = b.add(OpKind::gemm, {&once, &square});
  b.graph.add_output(b.add(OpKind::gemm, {&twice, &b.weight({16, 2})}));
  const Tensor before = square.tensor();
  TrainOptions options = short_training();
  options.learning_rate = 1e-4;
  ASSERT_TRUE(services_.open()->trainer().train(b.graph, nullptr, options, 0));
  EXPECT_EQ(square.use_count(), 2U);
  EXPECT_FALSE(square.tensor().same_contents(before));
}

TEST_F(Training, Bf16FollowsTheProcessor) {
  TinyNetwork network;
  TrainOptions options = short_training();
  options.precision = "bf16";
  const auto report = train(network, options);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->precision, processor_has_bf16() ? "bf16" : "float32");
  bool has_note = false;
  for (const std::string& line : services_.lines) has_note |= line.starts_with("precision: bf16");
  EXPECT_EQ(has_note, !processor_has_bf16());
}

TEST_F(Training, HooksPullTheStudentTowardsTheTeachersValues) {
  GraphBuilder b;
  Value& x = b.input({b.graph.symbols().intern("N"), 1, 4, 4});
  Value& weight = b.weight({16, 2});
  Value& scores = b.add(OpKind::gemm, {&b.add(OpKind::flatten, {&x}), &weight});
  b.graph.add_output(scores);
  Graph teacher = b.graph.clone();
  const Value* target = teacher.outputs().front().value;
  for (const bool is_wrong : {false, true}) {
    Graph student = b.graph.clone();
    Value& output = *student.outputs().front().value;
    Value& tapped =
        student.add(OpKind::tap, {&output},
                    {{attr::name, std::string("t")},
                     {attr::teacher, std::string(is_wrong ? "nowhere" : target->name())}});
    student.set_output(0, tapped);
    TrainOptions options = short_training();
    options.has_distill = true;
    options.distill = {.temperature = 2, .alpha = 1};
    const auto report = services_.open()->trainer().train(student, &teacher, options, 0);
    EXPECT_EQ(report.has_value(), !is_wrong);
    if (!is_wrong) continue;
    EXPECT_NE(report.error().message().find("no value `nowhere`"), std::string::npos);
  }
}

TEST_F(Training, ReestimatesBatchNormAsAverageOverTheImages) {
  TinyNetwork network;
  Graph& graph = network.b.graph;
  const ValueId conv = graph.first_node()->result()->id();
  Services& services = *services_.open();
  const auto moments = services.evaluator().channel_moments(graph, {&conv, 1});
  ASSERT_TRUE(moments) << moments.error().message();
  const auto count = services.trainer().reestimate_batch_norm(graph, 0, 0);
  ASSERT_TRUE(count) << count.error().message();
  EXPECT_EQ(*count, 1U);
  // All images are calibration images here, and batches have equal sizes.
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(network.mean->tensor().at(static_cast<std::int64_t>(i)), moments->front().mean[i],
                1e-5);
}

}  // namespace
}  // namespace rcc

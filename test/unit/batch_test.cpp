#include "backends/torch/data/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace rcc {
namespace {

using testing::ElementsAre;
using Samples = std::vector<std::uint32_t>;

// Images of two channels whose pixels are 0, 1, 2, ... from the first sample on.
DataSet make_set(std::size_t count, std::uint32_t height, std::uint32_t width) {
  DataSet set;
  set.shape = {2, height, width};
  const std::size_t size = count * set.shape.size();
  set.pixels.reset(new std::uint8_t[size]);
  for (std::size_t i = 0; i < size; ++i) set.pixels[i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 0; i < count; ++i) set.labels.push_back(static_cast<std::uint32_t>(i % 3));
  set.class_names = {"a", "b", "c"};
  // Turns every pixel x into x (first channel) and x / 2 (second).
  set.mean = {0, 0};
  set.std = {1.0 / 255, 2.0 / 255};
  return set;
}

std::vector<float> augmented(const DataSet& set, const Samples& samples, std::uint64_t epoch,
                             std::uint64_t seed = 1) {
  std::vector<float> images(samples.size() * set.shape.size());
  BatchFiller(set).fill_augmented(samples, seed, epoch, images);
  return images;
}

TEST(BatchFiller, Normalizes) {
  DataSet set = make_set(1, 1, 2);
  set.pixels.reset(new std::uint8_t[4]{0, 255, 51, 255});
  set.mean = {0.5, 0.0};
  set.std = {0.25, 0.5};
  std::vector<float> images(4);
  BatchFiller(set).fill(Samples{0}, images);
  EXPECT_THAT(images, ElementsAre(-2.0F, 2.0F, 0.4F, 2.0F));
}

TEST(BatchFiller, PicksSamplesAndLabels) {
  const DataSet set = make_set(3, 1, 2);
  std::vector<float> images(8);
  std::vector<std::int64_t> labels(2);
  const BatchFiller filler(set);
  filler.fill(Samples{2, 0}, images);
  filler.fill_labels(Samples{2, 0}, labels);
  EXPECT_THAT(images, ElementsAre(8, 9, 5, 5.5, 0, 1, 1, 1.5));
  EXPECT_THAT(labels, ElementsAre(2, 0));
}

TEST(BatchFiller, WithoutAugmentationFillsThePlainImages) {
  const DataSet set = make_set(2, 3, 2);
  std::vector<float> plain(24);
  BatchFiller(set).fill(Samples{1, 0}, plain);
  EXPECT_EQ(augmented(set, {1, 0}, 7), plain);
}

// The windows of seed 1, epoch 4, padding 1 were computed apart from Philox in Python:
// sample 0 begins one column to the left, sample 1 one row above, sample 7 one row below and is
// mirrored.
TEST(BatchFiller, CutsWindowsOutOfThePaddedImage) {
  DataSet set = make_set(8, 2, 3);
  set.augmentation = {1, true};
  EXPECT_THAT(augmented(set, {0}, 4), ElementsAre(0, 0, 1, 0, 3, 4, 0, 3, 3.5, 0, 4.5, 5));
  EXPECT_THAT(augmented(set, {1}, 4), ElementsAre(0, 0, 0, 12, 13, 14, 0, 0, 0, 9, 9.5, 10));
  EXPECT_THAT(augmented(set, {7}, 4), ElementsAre(89, 88, 87, 0, 0, 0, 47.5, 47, 46.5, 0, 0, 0));
}

TEST(BatchFiller, DrawsTheSameWhateverTheBatch) {
  DataSet set = make_set(10, 5, 4);
  set.augmentation = {2, true};
  const Samples all{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const std::vector<float> whole = augmented(set, all, 3);
  for (const std::uint32_t sample : all) {
    const std::vector<float> single = augmented(set, {sample}, 3);
    EXPECT_TRUE(
        std::equal(single.begin(), single.end(), whole.begin() + std::ptrdiff_t{sample} * 40))
        << sample;
  }
  EXPECT_NE(augmented(set, all, 4), whole);
  EXPECT_NE(augmented(set, all, 3, 2), whole);
}

// A white pixel in the middle of black shows where the window was, the gray one to its right
// whether it was mirrored.
TEST(BatchFiller, DrawsEveryWindowEquallyOften) {
  constexpr std::uint32_t kCount = 3600;
  DataSet set;
  set.shape = {1, 5, 6};
  set.labels.assign(kCount, 0);
  set.pixels.reset(new std::uint8_t[kCount * set.shape.size()]());
  for (std::size_t i = 0; i < kCount; ++i) {
    set.pixels[i * set.shape.size() + 2 * 6 + 2] = 255;
    set.pixels[i * set.shape.size() + 2 * 6 + 3] = 51;
  }
  set.mean = {0};
  set.std = {1};
  set.augmentation = {1, true};
  Samples samples(kCount);
  for (std::uint32_t i = 0; i < kCount; ++i) samples[i] = i;
  const std::vector<float> images = augmented(set, samples, 0);
  std::map<std::pair<std::ptrdiff_t, bool>, int> counts;
  for (std::size_t i = 0; i < kCount; ++i) {
    const float* image = images.data() + i * set.shape.size();
    const std::ptrdiff_t white = std::find(image, image + set.shape.size(), 1.0F) - image;
    ++counts[{white, image[white + 1] == 0.2F}];
  }
  // 3 x 3 places, mirrored or not; 200 each, standard deviation 13.7.
  EXPECT_EQ(counts.size(), 18U);
  for (const auto& [window, count] : counts) EXPECT_NEAR(count, 200, 5 * 13.7);
}

// Computed apart in Python: for i = 10 .. 2 swap places i - 1 and (bits(i) * i) / 2^64.
TEST(ShuffledSamples, NeverChanges) {
  EXPECT_EQ(shuffled_samples(10, 5, 2), (Samples{7, 4, 8, 3, 2, 9, 0, 6, 1, 5}));
}

TEST(ShuffledSamples, ArePermutationsThatDependOnSeedAndEpoch) {
  const Samples first = shuffled_samples(1000, 0, 0);
  Samples sorted = first;
  std::sort(sorted.begin(), sorted.end());
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(sorted[i], i);
  EXPECT_NE(shuffled_samples(1000, 0, 1), first);
  EXPECT_NE(shuffled_samples(1000, 1, 0), first);
  EXPECT_TRUE(shuffled_samples(0, 0, 0).empty());
}

TEST(CalibrationSamples, GiveEachClassItsShare) {
  DataSet set;
  // 100, 300 and 600 samples of three classes.
  for (std::uint32_t i = 0; i < 1000; ++i) set.labels.push_back(i < 100 ? 0 : i < 400 ? 1 : 2);
  const Samples chosen = calibration_samples(set, 50, 0);
  std::vector<int> counts(3);
  for (const std::uint32_t sample : chosen) ++counts[set.labels[sample]];
  EXPECT_THAT(counts, ElementsAre(5, 15, 30));
  Samples sorted = chosen;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end());
  EXPECT_NE(chosen, sorted);
  EXPECT_NE(calibration_samples(set, 50, 1), chosen);
  EXPECT_EQ(calibration_samples(set, 50, 0), chosen);
}

TEST(CalibrationSamples, AreAllWhenMoreAreWanted) {
  const DataSet set = make_set(5, 1, 1);
  Samples chosen = calibration_samples(set, 5, 0);
  EXPECT_EQ(calibration_samples(set, 99, 0), chosen);
  std::sort(chosen.begin(), chosen.end());
  EXPECT_THAT(chosen, ElementsAre(0U, 1U, 2U, 3U, 4U));
}

}  // namespace
}  // namespace rcc

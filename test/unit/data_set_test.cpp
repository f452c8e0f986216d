#include "backends/torch/data/data_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <unistd.h>

#include "test/unit/encode_image.h"
#include "test/unit/temporary_folder.h"

namespace rcc {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::string gray_png(std::uint8_t pixel, std::uint32_t size = 1) {
  PngFile file;
  file.width = size;
  file.height = size;
  file.rows.assign(std::size_t{size} * size, pixel);
  return encode_png(file);
}

std::string rgb_png(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  PngFile file;
  file.color_type = PNG_COLOR_TYPE_RGB;
  file.rows = {red, green, blue};
  return encode_png(file);
}

class DataSetTest : public testing::Test {
 protected:
  DataSetSpec gray_spec(std::string source) const {
    DataSetSpec spec;
    spec.source = std::move(source);
    spec.channels = Channels::gray;
    spec.mean = {0.5};
    spec.std = {0.25};
    return spec;
  }
  DataSetSpec folder_spec() const { return gray_spec("images:" + folder().string()); }
  const fs::path& folder() const { return temporary_.path(); }
  fs::path write(const std::string& name, std::string_view contents) const {
    return temporary_.write(name, contents);
  }

  TemporaryFolder temporary_;
};

std::vector<int> pixels(const DataSet& set) {
  return {set.pixels.get(), set.pixels.get() + set.count() * set.shape.size()};
}

Error error_of(const DataSetSpec& spec) {
  auto set = load_data_set(spec);
  EXPECT_FALSE(set);
  return set ? Error{ErrorKind::input, {Diagnostic{}}} : std::move(set).error();
}

std::string message(const DataSetSpec& spec) { return error_of(spec).message(); }

using ImageFolderTest = DataSetTest;

TEST_F(ImageFolderTest, OrdersClassesAndFilesByTheirBytes) {
  write("cat/9.png", gray_png(1));
  write("cat/10.PNG", gray_png(2));
  write("Zebra/b.jpeg", encode_jpeg({8, 8, 1, std::vector<std::uint8_t>(64, 3)}));
  write("Zebra/a.png", gray_png(4, 8));
  DataSetSpec spec = folder_spec();
  spec.resize = ImageSize{1, 1};
  const auto set = load_data_set(spec);
  ASSERT_TRUE(set);
  EXPECT_THAT(set->class_names, ElementsAre("Zebra", "cat"));
  EXPECT_THAT(set->labels, ElementsAre(0U, 0U, 1U, 1U));
  EXPECT_THAT(pixels(*set), ElementsAre(4, 3, 2, 1));
  EXPECT_TRUE(set->warnings.empty());
}

TEST_F(ImageFolderTest, WarnsOfWhatItPassesOver) {
  write("a/1.png", gray_png(1));
  write("a/notes.txt", "x");
  write("a/inner/2.png", gray_png(2));
  write("top.png", gray_png(3));
  write(".hidden/1.png", gray_png(4));
  write("a/.hidden.png", gray_png(5));
  fs::create_directory(folder() / "empty");
  const auto set = load_data_set(folder_spec());
  ASSERT_TRUE(set);
  EXPECT_EQ(set->count(), 1U);
  EXPECT_THAT(set->class_names, ElementsAre("a", "empty"));
  ASSERT_EQ(set->warnings.size(), 2U);
  EXPECT_EQ(set->warnings[0].message, "class `empty` has no images");
  EXPECT_EQ(set->warnings[1].message,
            "3 names were passed over, which are not JPEG or PNG files of a class; the first is `" +
                (folder() / "a/inner").string() + "`");
  EXPECT_EQ(set->warnings[1].severity, Severity::warning);
}

TEST_F(ImageFolderTest, ConvertsToTheWantedChannels) {
  write("a/1.png", gray_png(7));
  write("a/2.png", rgb_png(255, 0, 0));
  EXPECT_THAT(pixels(*load_data_set(folder_spec())), ElementsAre(7, 76));
  DataSetSpec spec = folder_spec();
  spec.channels = Channels::rgb;
  spec.mean = {0, 0, 0};
  spec.std = {1, 1, 1};
  EXPECT_THAT(pixels(*load_data_set(spec)), ElementsAre(7, 7, 7, 255, 0, 0));
}

TEST_F(ImageFolderTest, WantsOneSizeUnlessItResizes) {
  write("a/1.png", gray_png(7));
  const fs::path other = write("a/2.png", gray_png(7, 3));
  DataSetSpec spec = folder_spec();
  const Error error = error_of(spec);
  EXPECT_EQ(error.message(), "an image of 3 x 3 pixels among images of 1 x 1");
  EXPECT_EQ(error.diagnostics[0].place, other.string());
  EXPECT_THAT(error.diagnostics[0].help, HasSubstr("resize = [height, width]"));
  spec.resize = ImageSize{2, 2};
  const auto set = load_data_set(spec);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->shape, (ImageShape{1, 2, 2}));
  EXPECT_EQ(pixels(*set), std::vector<int>(8, 7));
}

TEST_F(ImageFolderTest, TellsTheFirstTwentyBrokenFiles) {
  for (int i = 10; i < 35; ++i) write("a/" + std::to_string(i) + ".jpg", i == 10 ? "" : "\xff\xd8");
  write("b/good.png", gray_png(1));
  for (const unsigned threads : {1U, 2U, 5U}) {
    DataSetSpec spec = folder_spec();
    spec.threads = threads;
    const Error error = error_of(spec);
    EXPECT_EQ(error.kind, ErrorKind::input);
    ASSERT_EQ(error.diagnostics.size(), 20U);
    EXPECT_EQ(error.message(), "an empty file");
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(error.diagnostics[i].place,
                (folder() / "a" / (std::to_string(10 + i) + ".jpg")).string());
    EXPECT_EQ(error.diagnostics[19].message, "the JPEG data end too early");
    EXPECT_THAT(error.diagnostics[19].notes, ElementsAre("+5 more"));
  }
}

TEST_F(ImageFolderTest, ReportsAllFilesBroken) {
  const fs::path path = write("a/1.png", "x");
  const Error error = error_of(folder_spec());
  ASSERT_EQ(error.diagnostics.size(), 1U);
  EXPECT_EQ(error.diagnostics[0].place, path.string());
}

TEST_F(ImageFolderTest, SaysWhatAFolderMustHave) {
  EXPECT_EQ(message(gray_spec("images:" + (folder() / "none").string())),
            "the folder `" + (folder() / "none").string() + "` does not exist");
  EXPECT_EQ(message(gray_spec("images:" + write("file", "x").string())),
            "`" + (folder() / "file").string() + "` is not a folder");
  const Error error = error_of(folder_spec());
  EXPECT_EQ(error.message(),
            "the image folder `" + folder().string() + "` has no JPEG or PNG files");
  EXPECT_THAT(error.diagnostics[0].help, HasSubstr("a folder of their own"));
}

TEST_F(ImageFolderTest, WarnsOfExifRotations) {
  JpegFile file{8, 8, 1, std::vector<std::uint8_t>(64, 3)};
  write("a/1.jpg", encode_jpeg(file));
  file.exif_orientation = 3;
  write("a/2.jpg", encode_jpeg(file));
  const auto set = load_data_set(folder_spec());
  ASSERT_TRUE(set);
  ASSERT_EQ(set->warnings.size(), 1U);
  EXPECT_EQ(set->warnings[0].message, "1 of 2 images carry an EXIF rotation, which is not applied");
}

class Cifar10Test : public DataSetTest {
 protected:
  DataSetSpec spec(DataPart part) const {
    DataSetSpec result = gray_spec("cifar10:" + folder().string());
    result.channels = Channels::rgb;
    result.mean = {0.4914, 0.4822, 0.4465};
    result.std = {0.2470, 0.2435, 0.2616};
    result.part = part;
    return result;
  }
  static std::string record(char label, char red, char green, char blue) {
    return std::string(1, label) + std::string(1024, red) + std::string(1024, green) +
           std::string(1024, blue);
  }
};

TEST_F(Cifar10Test, ReadsTheFilesOfEachPart) {
  write("data_batch_2.bin", record(9, 4, 5, 6));
  write("data_batch_1.bin", record(3, 1, 2, 3) + record(0, 7, 8, 9));
  write("test_batch.bin", record(1, 10, 11, 12));
  const auto train = load_data_set(spec(DataPart::train));
  ASSERT_TRUE(train);
  EXPECT_EQ(train->shape, (ImageShape{3, 32, 32}));
  EXPECT_THAT(train->labels, ElementsAre(3U, 0U, 9U));
  EXPECT_EQ(train->class_names.at(3), "cat");
  EXPECT_EQ(train->image(0)[0], 1);
  EXPECT_EQ(train->image(1)[1024], 8);
  EXPECT_EQ(train->image(2)[3071], 6);
  const auto test = load_data_set(spec(DataPart::test));
  ASSERT_TRUE(test);
  EXPECT_THAT(test->labels, ElementsAre(1U));
}

TEST_F(Cifar10Test, RefusesWhatIsNotCifar10) {
  EXPECT_EQ(message(spec(DataPart::train)),
            "the CIFAR-10 folder `" + folder().string() + "` has no data_batch_*.bin");
  write("data_batch_1.bin", record(3, 1, 2, 3) + "x");
  EXPECT_EQ(message(spec(DataPart::train)),
            "`" + (folder() / "data_batch_1.bin").string() +
                "` has 3074 bytes, which is not a number of CIFAR-10 records of 3073 bytes");
  write("data_batch_1.bin", "");
  EXPECT_THAT(message(spec(DataPart::train)), HasSubstr("has 0 bytes"));
  write("data_batch_1.bin", record(3, 1, 2, 3) + record(10, 1, 2, 3));
  EXPECT_EQ(message(spec(DataPart::train)), "record 1 of `" +
                                                (folder() / "data_batch_1.bin").string() +
                                                "` has label 10; CIFAR-10 has 10 classes");
}

class IdxTest : public DataSetTest {
 protected:
  static std::string idx(std::vector<std::uint32_t> sizes, std::string_view data) {
    std::string file{0, 0, 8, static_cast<char>(sizes.size())};
    for (const std::uint32_t size : sizes)
      for (const int shift : {24, 16, 8, 0}) file += static_cast<char>(size >> shift);
    return file += data;
  }
  DataSetSpec spec(std::string_view images, std::string_view labels) const {
    return gray_spec("idx:" + write("images", images).string() + "," +
                     write("labels", labels).string());
  }
  std::string images_message(std::string_view images) const {
    std::string text = message(spec(images, idx({2}, "ab")));
    const std::string path = "`" + (folder() / "images").string() + "` ";
    EXPECT_EQ(text.find(path), 0U) << text;
    return text.substr(path.size());
  }
};

TEST_F(IdxTest, ReadsThreeDimensions) {
  const auto set = load_data_set(spec(idx({2, 1, 3}, "abcdef"), idx({2}, {"\x04\x01", 2})));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->shape, (ImageShape{1, 1, 3}));
  EXPECT_THAT(set->labels, ElementsAre(4U, 1U));
  EXPECT_THAT(set->class_names, ElementsAre("0", "1", "2", "3", "4"));
  EXPECT_THAT(pixels(*set), ElementsAre('a', 'b', 'c', 'd', 'e', 'f'));
}

TEST_F(IdxTest, ReadsFourDimensions) {
  DataSetSpec wanted = spec(idx({1, 3, 1, 2}, "abcdef"), idx({1}, {"\x00", 1}));
  wanted.channels = Channels::rgb;
  wanted.mean = wanted.std = {0.5, 0.5, 0.5};
  const auto set = load_data_set(wanted);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->shape, (ImageShape{3, 1, 2}));
  EXPECT_THAT(pixels(*set), ElementsAre('a', 'b', 'c', 'd', 'e', 'f'));
}

TEST_F(IdxTest, ChecksTheHeaderAgainstTheFile) {
  EXPECT_EQ(images_message(idx({2, 1, 3}, "abcde")),
            "has 5 bytes of data; its header says 2 x 1 x 3");
  EXPECT_EQ(images_message(idx({2, 1, 3}, "abcdefg")),
            "has 7 bytes of data; its header says 2 x 1 x 3");
  // The product is 2^96, and 0 in 64 bits.
  EXPECT_EQ(images_message(idx({1U << 31, 1U << 31, 1U << 31, 8}, "")),
            "has 0 bytes of data; its header says 2147483648 x 2147483648 x 2147483648 x 8");
  EXPECT_EQ(images_message(""), "is not an IDX file");
  EXPECT_EQ(images_message("\x89PNG"), "is not an IDX file");
  EXPECT_EQ(images_message("\x1f\x8b\x08"), "is compressed with gzip");
  EXPECT_EQ(images_message({"\0\0\x0d\3", 4}),
            "has IDX element type 0x0d; only unsigned bytes (0x08) are read");
  EXPECT_EQ(images_message(idx({2}, "ab")), "has 1 dimensions");
  EXPECT_EQ(images_message(idx({2, 1, 3}, "").substr(0, 9)), "ends within its header");
  EXPECT_EQ(images_message(idx({0, 1, 1}, "")), "has no images");
  EXPECT_EQ(images_message(idx({1, 2, 1, 1}, "ab")),
            "has 1 images, but `" + (folder() / "labels").string() + "` has 2 labels");
  EXPECT_EQ(images_message(idx({2, 2, 1, 1}, "abcd")),
            "has 2 channels; 1 (gray) or 3 (RGB) are read");
}

TEST_F(IdxTest, RefusesImagesWithoutPixels) {
  const Error error = error_of(spec(idx({1, 0, 3}, ""), idx({1}, "a")));
  EXPECT_EQ(error.message(), "an image of 3 x 0 pixels; at most 67 million are decoded");
}

TEST_F(DataSetTest, NeverGuessesTheNormalization) {
  write("a/1.png", gray_png(1));
  DataSetSpec spec = folder_spec();
  spec.std.clear();
  const Error error = error_of(spec);
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_EQ(error.message(), "no normalization is given for `images:" + folder().string() + "`");
  spec = folder_spec();
  spec.channels = Channels::rgb;
  EXPECT_EQ(message(spec), "normalize has 1 means and 1 deviations for 3 channels");
  spec = folder_spec();
  spec.std = {0};
  EXPECT_EQ(message(spec), "normalize has mean 0.5 and deviation 0 for channel 0");
  spec.mean = {123.675};
  spec.std = {58.395};
  EXPECT_EQ(error_of(spec).diagnostics[0].help, "divide by 255: mean 0.4850, deviation 0.2290");
}

TEST_F(DataSetTest, ExplainsSources) {
  EXPECT_EQ(message(gray_spec("data/train")), "`data/train` is not a data source");
  EXPECT_EQ(error_of(gray_spec("image:x")).diagnostics[0].help, "did you mean `images`?");
  EXPECT_EQ(message(gray_spec("npz:x.npz")), "unknown kind of data source `npz`");
  EXPECT_EQ(message(gray_spec("idx:a")), "`idx:a` does not name two files");
  EXPECT_EQ(error_of(gray_spec("images:")).kind, ErrorKind::usage);
}

TEST_F(DataSetTest, KeepsToTheMemoryLimit) {
  write("a/1.png", gray_png(1, 10));
  write("a/2.png", gray_png(2, 10));
  DataSetSpec spec = folder_spec();
  spec.max_bytes = 199;
  const Error error = error_of(spec);
  EXPECT_EQ(error.kind, ErrorKind::limit);
  EXPECT_EQ(error.message(), "the 2 images of `" + spec.source +
                                 "` would take 200 B of memory, more than the limit of 199 B");
  spec.max_bytes = 200;
  EXPECT_TRUE(load_data_set(spec));
}

TEST_F(DataSetTest, ChecksResizeAndPadding) {
  write("a/1.png", gray_png(1, 4));
  DataSetSpec spec = folder_spec();
  spec.resize = ImageSize{0, 3};
  EXPECT_EQ(error_of(spec).kind, ErrorKind::limit);
  spec = folder_spec();
  spec.augmentation.crop_padding = 4;
  EXPECT_EQ(message(spec), "crop_padding is 4 for images of 4 x 4 pixels");
}

TEST_F(DataSetTest, FingerprintTellsContents) {
  const auto fingerprint = [this](const DataSetSpec& spec) {
    return load_data_set(spec)->fingerprint;
  };
  write("a/1.png", gray_png(1));
  write("b/1.png", gray_png(2));
  DataSetSpec spec = folder_spec();
  const Digest first = fingerprint(spec);
  spec.threads = 1;
  spec.mean = {0.1};
  EXPECT_EQ(fingerprint(spec), first);
  spec.resize = ImageSize{2, 2};
  EXPECT_NE(fingerprint(spec), first);
  write("b/1.png", gray_png(3));
  EXPECT_NE(fingerprint(folder_spec()), first);
  write("b/1.png", gray_png(2));
  EXPECT_EQ(fingerprint(folder_spec()), first);
  fs::rename(folder() / "b/1.png", folder() / "a/2.png");
  EXPECT_NE(fingerprint(folder_spec()), first);
}

TEST_F(DataSetTest, ComparesClasses) {
  DataSet train;
  train.class_names = {"cat", "dog"};
  DataSet eval;
  eval.class_names = {"cat", "dog"};
  EXPECT_TRUE(check_same_classes(train, eval));
  EXPECT_TRUE(check_class_count(train, 2));
  EXPECT_EQ(check_class_count(train, 1000).error().message(),
            "the model gives 1000 scores, the data set has 2 classes");
  eval.class_names = {"cat", "deer"};
  EXPECT_EQ(check_same_classes(train, eval).error().message(),
            "class 1 is `dog` in the training data and `deer` in the evaluation data");
  eval.class_names = {"cat"};
  EXPECT_EQ(check_same_classes(train, eval).error().message(),
            "the training data have 2 classes, the evaluation data 1");
}

TEST_F(DataSetTest, CountsSharedImages) {
  write("train/a/1.png", gray_png(1));
  write("train/a/2.png", gray_png(2));
  write("eval/a/1.png", gray_png(3));
  write("eval/a/2.png", gray_png(2));
  write("eval/a/3.png", gray_png(2));
  const auto train = load_data_set(gray_spec("images:" + (folder() / "train").string()));
  const auto eval = load_data_set(gray_spec("images:" + (folder() / "eval").string()));
  EXPECT_EQ(count_shared_images(*train, *eval), 2U);
  EXPECT_EQ(count_shared_images(*eval, *train), 1U);
}

}  // namespace
}  // namespace rcc

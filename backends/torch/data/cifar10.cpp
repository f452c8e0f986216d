#include <algorithm>
#include <memory>
#include <system_error>

#include "backends/torch/data/sample_source.h"
#include "ir/support/file.h"

namespace rcc {

namespace {

namespace fs = std::filesystem;

constexpr ImageShape kShape{3, 32, 32};
// A label, then the red, green and blue plane.
constexpr std::size_t kRecordBytes = 1 + 3 * 32 * 32;
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 32;
constexpr std::string_view kRemedy =
    "the binary version of CIFAR-10 has data_batch_1.bin to data_batch_5.bin and test_batch.bin";

bool is_batch_of(const std::string& name, DataPart part) {
  if (part == DataPart::test) return name == "test_batch.bin";
  return name.starts_with("data_batch_") && name.ends_with(".bin");
}

Result<std::vector<std::string>> batch_names(const fs::path& folder, DataPart part) {
  std::error_code error;
  std::vector<std::string> names;
  fs::directory_iterator iterator(folder, error);
  for (; !error && iterator != fs::directory_iterator(); iterator.increment(error)) {
    std::string name = iterator->path().filename().string();
    if (is_batch_of(name, part)) names.push_back(std::move(name));
  }
  if (error)
    return fail(ErrorKind::input, fmt::format("cannot list the CIFAR-10 folder `{}`: {}",
                                              folder.string(), error.message()));
  if (names.empty())
    return fail(ErrorKind::input,
                fmt::format("the CIFAR-10 folder `{}` has no {}", folder.string(),
                            part == DataPart::test ? "test_batch.bin" : "data_batch_*.bin"),
                std::string(kRemedy));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<SampleSource> open_cifar10(const fs::path& folder, DataPart part) {
  SampleSource source;
  source.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                        "dog",      "frog",       "horse", "ship", "truck"};
  auto files = std::make_shared<std::vector<std::shared_ptr<const MappedFile>>>();
  auto records = std::make_shared<std::vector<const std::uint8_t*>>();
  for (const std::string& name : RCC_TRY(batch_names(folder, part))) {
    const std::shared_ptr<const MappedFile> file =
        RCC_TRY(MappedFile::open(folder / name, kMaxFileBytes));
    const std::size_t size = file->bytes().size();
    if (size == 0 || size % kRecordBytes != 0)
      return fail(ErrorKind::input,
                  fmt::format("`{}` has {} bytes, which is not a number of CIFAR-10 records of {} "
                              "bytes",
                              file->path().string(), size, kRecordBytes),
                  std::string(kRemedy));
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(file->bytes().data());
    for (std::size_t at = 0; at < size; at += kRecordBytes) {
      if (bytes[at] >= source.class_names.size())
        return fail(ErrorKind::input,
                    fmt::format("record {} of `{}` has label {}; CIFAR-10 has 10 classes",
                                at / kRecordBytes, file->path().string(), bytes[at]),
                    std::string(kRemedy));
      source.labels.push_back(bytes[at]);
      records->push_back(bytes + at + 1);
    }
    files->push_back(file);
  }
  // The files are held as long as the records point into them.
  source.read = [files, records](std::size_t i) -> Result<Image> {
    const std::uint8_t* pixels = (*records)[i];
    Image image;
    image.shape = kShape;
    image.pixels.assign(pixels, pixels + kShape.size());
    return image;
  };
  source.place = [folder](std::size_t i) {
    return fmt::format("{}: record {}", folder.string(), i);
  };
  return source;
}

}  // namespace rcc

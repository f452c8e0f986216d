#include "backends/torch/data/data_set.h"

#include <algorithm>
#include <cmath>

#include "backends/torch/data/decode_image.h"
#include "backends/torch/data/load_images.h"

namespace rcc {

namespace {

tl::unexpected<Error> refuse_spec(std::string message, std::string help) {
  return fail(ErrorKind::usage, std::move(message), std::move(help));
}

Result<void> check_normalization(const DataSetSpec& spec) {
  const std::uint32_t channels = channel_count(spec.channels);
  if (spec.mean.empty() || spec.std.empty())
    return refuse_spec(fmt::format("no normalization is given for `{}`", spec.source),
                       "add what the model was trained with to [data]: normalize = { mean = [...], "
                       "std = [...] }, one number per channel, of pixels in [0, 1]");
  if (spec.mean.size() != channels || spec.std.size() != channels)
    return refuse_spec(
        fmt::format("normalize has {} means and {} deviations for {} channel{}", spec.mean.size(),
                    spec.std.size(), channels, channels == 1 ? "" : "s"),
        "give one number per channel; `channels` is \"rgb\" or \"gray\"");
  for (std::uint32_t c = 0; c < channels; ++c) {
    if (!std::isfinite(spec.mean[c]) || !std::isfinite(spec.std[c]) || spec.std[c] <= 0.0)
      return refuse_spec(fmt::format("normalize has mean {} and deviation {} for channel {}",
                                     spec.mean[c], spec.std[c], c),
                         "both must be finite and the deviation above 0");
    // The recipe of an 8-bit pipeline: (x - 123.7) / 58.4.
    if (spec.std[c] > 2.0 || std::abs(spec.mean[c]) > 2.0)
      return refuse_spec(fmt::format("normalize has mean {} and deviation {} for channel {}, which "
                                     "is not a scale of pixels in [0, 1]",
                                     spec.mean[c], spec.std[c], c),
                         fmt::format("divide by 255: mean {:.4f}, deviation {:.4f}",
                                     spec.mean[c] / 255, spec.std[c] / 255));
  }
  return {};
}

Result<SampleSource> open_source(const DataSetSpec& spec) {
  const std::string_view text = spec.source;
  const std::size_t colon = text.find(':');
  const std::string_view form = text.substr(0, colon);
  const std::string_view rest = colon == text.npos ? std::string_view() : text.substr(colon + 1);
  const std::string forms = "write images:FOLDER, cifar10:FOLDER or idx:IMAGES,LABELS";
  if (colon == text.npos || rest.empty())
    return refuse_spec(fmt::format("`{}` is not a data source", text), forms);
  if (form == "images") return open_image_folder(rest);
  if (form == "cifar10") return open_cifar10(rest, spec.part);
  if (form == "idx") {
    const std::size_t comma = rest.find(',');
    if (comma == rest.npos || comma == 0 || comma + 1 == rest.size() ||
        rest.find(',', comma + 1) != rest.npos)
      return refuse_spec(fmt::format("`{}` does not name two files", text),
                         "write idx:IMAGES,LABELS");
    return open_idx(rest.substr(0, comma), rest.substr(comma + 1));
  }
  const std::string_view nearest = nearest_name(form, {"images", "cifar10", "idx"});
  return refuse_spec(fmt::format("unknown kind of data source `{}`", form),
                     nearest.empty() ? forms : fmt::format("did you mean `{}`?", nearest));
}

Digest fingerprint_of(const DataSet& set) {
  Hasher hasher;
  hasher.add(std::uint64_t{set.shape.channels}).add(std::uint64_t{set.shape.height});
  hasher.add(std::uint64_t{set.shape.width}).add(std::uint64_t{set.class_names.size()});
  for (const std::string& name : set.class_names) hasher.add(name);
  hasher.add(std::as_bytes(std::span(set.labels)));
  hasher.add(std::as_bytes(std::span(set.pixels.get(), set.count() * set.shape.size())));
  return hasher.digest();
}

}  // namespace

Result<DataSet> load_data_set(const DataSetSpec& spec) {
  RCC_TRY(check_normalization(spec));
  if (spec.resize) RCC_TRY(check_image_size(spec.resize->width, spec.resize->height));
  SampleSource source = RCC_TRY(open_source(spec));
  LoadedImages loaded = RCC_TRY(load_images(source, spec));

  const std::uint32_t shorter_side = std::min(loaded.shape.height, loaded.shape.width);
  if (spec.augmentation.crop_padding >= shorter_side)
    return refuse_spec(
        fmt::format("crop_padding is {} for images of {} x {} pixels",
                    spec.augmentation.crop_padding, loaded.shape.height, loaded.shape.width),
        fmt::format("give less than {}", shorter_side));
  DataSet set;
  set.shape = loaded.shape;
  set.pixels = std::move(loaded.pixels);
  set.labels = std::move(source.labels);
  set.class_names = std::move(source.class_names);
  set.mean = spec.mean;
  set.std = spec.std;
  set.augmentation = spec.augmentation;
  set.warnings = std::move(source.warnings);
  if (loaded.asking_for_rotation > 0) {
    Diagnostic warning;
    warning.severity = Severity::warning;
    warning.message = fmt::format("{} of {} images carry an EXIF rotation, which is not applied",
                                  loaded.asking_for_rotation, set.count());
    warning.place = spec.source;
    warning.help = "turn the pixels of these files if the model was trained on upright images";
    set.warnings.push_back(std::move(warning));
  }
  set.fingerprint = fingerprint_of(set);
  return set;
}

Result<void> check_class_count(const DataSet& set, std::uint64_t model_classes) {
  if (set.class_names.size() == model_classes) return {};
  return fail(ErrorKind::input,
              fmt::format("the model gives {} scores, the data set has {} classes", model_classes,
                          set.class_names.size()),
              "use the data set that the model was made for, or give the model a new classifier "
              "with replace_classifier");
}

Result<void> check_same_classes(const DataSet& train, const DataSet& eval) {
  const std::size_t common = std::min(train.class_names.size(), eval.class_names.size());
  for (std::size_t i = 0; i < common; ++i)
    if (train.class_names[i] != eval.class_names[i])
      return fail(ErrorKind::input,
                  fmt::format("class {} is `{}` in the training data and `{}` in the evaluation "
                              "data",
                              i, train.class_names[i], eval.class_names[i]),
                  "both must have the same class folders; an empty one keeps its place");
  if (train.class_names.size() == eval.class_names.size()) return {};
  return fail(ErrorKind::input,
              fmt::format("the training data have {} classes, the evaluation data {}",
                          train.class_names.size(), eval.class_names.size()),
              "both must have the same class folders; an empty one keeps its place");
}

std::size_t count_shared_images(const DataSet& a, const DataSet& b) {
  if (a.shape != b.shape) return 0;
  std::vector<Digest> digests;
  digests.reserve(a.count());
  for (std::size_t i = 0; i < a.count(); ++i)
    digests.push_back(hash_bytes(std::as_bytes(a.image(i))));
  std::sort(digests.begin(), digests.end());
  std::size_t shared = 0;
  for (std::size_t i = 0; i < b.count(); ++i)
    if (std::binary_search(digests.begin(), digests.end(), hash_bytes(std::as_bytes(b.image(i)))))
      ++shared;
  return shared;
}

}  // namespace rcc

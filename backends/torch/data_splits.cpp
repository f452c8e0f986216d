#include "backends/torch/data_splits.h"

#include <bit>
#include <numeric>

#include "backends/torch/data/batch.h"

namespace rcc {

namespace {

std::string_view split_name(DataSplit split) {
  switch (split) {
    case DataSplit::train:
      return "train";
    case DataSplit::eval:
      return "eval";
    case DataSplit::calibrate:
      return "calibrate";
  }
  return {};
}

Result<DataSetSpec> spec_of(const DataOptions& options, DataPart part, std::int64_t threads) {
  DataSetSpec spec;
  spec.source = part == DataPart::train ? options.train : options.eval;
  spec.part = part;
  spec.channels = options.channels == "gray" ? Channels::gray : Channels::rgb;
  if (!options.resize.empty()) {
    if (options.resize.size() != 2 || options.resize[0] < 1 || options.resize[1] < 1)
      return fail(ErrorKind::usage, "data: `resize` needs two positive sizes, height and width",
                  "write resize = [224, 224]");
    spec.resize = ImageSize{static_cast<std::uint32_t>(options.resize[0]),
                            static_cast<std::uint32_t>(options.resize[1])};
  }
  if (!options.has_normalize)
    return fail(ErrorKind::usage, "data: `normalize` is missing",
                "give the mean and std that the model was trained with; they are never guessed");
  spec.mean = options.normalize.mean;
  spec.std = options.normalize.std;
  if (part == DataPart::train) {
    spec.augmentation.crop_padding = static_cast<std::uint32_t>(options.crop_padding);
    spec.augmentation.flip = options.flip;
  }
  if (threads > 0) spec.threads = static_cast<unsigned>(threads);
  return spec;
}

}  // namespace

DataPart DataSplits::part_of(DataSplit split) const {
  if (split == DataSplit::calibrate)
    return config_.data.calibrate.from == "eval" ? DataPart::test : DataPart::train;
  return split == DataSplit::train ? DataPart::train : DataPart::test;
}

Result<const DataSplits::Loaded*> DataSplits::load(DataPart part) {
  std::optional<Loaded>& slot = part == DataPart::train ? train_ : eval_;
  if (slot) return &*slot;
  const DataSetSpec spec = RCC_TRY(spec_of(config_.data, part, config_.threads));
  Loaded loaded{RCC_TRY(load_data_set(spec)), {}};
  for (const Diagnostic& warning : loaded.set.warnings)
    if (config_.on_line) config_.on_line("data: " + warning.message);
  const std::optional<Loaded>& other = part == DataPart::train ? eval_ : train_;
  if (other) {
    const DataSet& train = part == DataPart::train ? loaded.set : other->set;
    const DataSet& eval = part == DataPart::train ? other->set : loaded.set;
    RCC_TRY(check_same_classes(train, eval));
  }
  loaded.all.resize(loaded.set.count());
  std::iota(loaded.all.begin(), loaded.all.end(), 0U);
  slot = std::move(loaded);
  return &*slot;
}

Result<SplitView> DataSplits::view(DataSplit split) {
  const DataPart part = part_of(split);
  const bool is_named = !(part == DataPart::train ? config_.data.train : config_.data.eval).empty();
  if (!is_named) {
    const std::string_view wanted = part == DataPart::train ? "train" : "eval";
    return fail(ErrorKind::usage,
                fmt::format("data: the {} split is needed, but `{}` is not given",
                            split_name(split), wanted),
                fmt::format("add {} = \"images:FOLDER\" to [data]", wanted));
  }
  const Loaded* loaded = RCC_TRY(load(part));
  if (split != DataSplit::calibrate) return SplitView{&loaded->set, loaded->all};
  if (!calibrate_) {
    const auto wanted = static_cast<std::size_t>(config_.data.calibrate.samples);
    calibrate_ = calibration_samples(loaded->set, wanted, config_.seed);
  }
  return SplitView{&loaded->set, *calibrate_};
}

Result<Digest> DataSplits::fingerprint(DataSplit split) {
  const SplitView chosen = RCC_TRY(view(split));
  Hasher hasher;
  hasher.add(chosen.set->fingerprint).add(std::as_bytes(chosen.samples));
  for (const double value : chosen.set->mean) hasher.add(std::bit_cast<std::uint64_t>(value));
  for (const double value : chosen.set->std) hasher.add(std::bit_cast<std::uint64_t>(value));
  if (split == DataSplit::train) {
    hasher.add(std::uint64_t{chosen.set->augmentation.crop_padding});
    hasher.add(std::uint64_t{chosen.set->augmentation.flip});
  }
  return hasher.digest();
}

}  // namespace rcc

#include "backends/torch/data/load_images.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <thread>
#include <utility>

#include "ir/support/number_text.h"

namespace rcc {

namespace {

constexpr std::size_t kMostErrors = 20;

std::uint64_t default_max_bytes() {
  const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return pages / 4 * 3 * page_bytes;
}

// What one thread met. A thread takes samples in ascending order, so its first errors suffice.
struct Outcome {
  std::vector<std::pair<std::size_t, Error>> errors;
  std::uint64_t error_count = 0;
  std::uint64_t asking_for_rotation = 0;

  void add(std::size_t sample, Error error) {
    ++error_count;
    if (errors.size() < kMostErrors) errors.emplace_back(sample, std::move(error));
  }
};

Result<Image> prepare(const SampleSource& source, const DataSetSpec& spec, std::size_t sample) {
  Image image = RCC_TRY(source.read(sample));
  image = convert_channels(std::move(image), spec.channels);
  if (spec.resize)
    image = resize_bilinear(std::move(image), spec.resize->height, spec.resize->width);
  return image;
}

// The shape all samples must have: the wanted one, or that of the first readable sample.
std::optional<ImageShape> common_shape(const SampleSource& source, const DataSetSpec& spec) {
  if (spec.resize)
    return ImageShape{channel_count(spec.channels), spec.resize->height, spec.resize->width};
  for (std::size_t i = 0; i < source.labels.size(); ++i)
    if (const auto image = prepare(source, spec, i)) return image->shape;
  return std::nullopt;
}

tl::unexpected<Error> fail_with(std::vector<Outcome> outcomes) {
  std::vector<std::pair<std::size_t, Error>> all;
  std::uint64_t count = 0;
  for (Outcome& outcome : outcomes) {
    count += outcome.error_count;
    std::move(outcome.errors.begin(), outcome.errors.end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  if (all.size() > kMostErrors) all.erase(all.begin() + kMostErrors, all.end());
  Error error;
  error.kind = all.front().second.kind;
  for (auto& entry : all) error.diagnostics.push_back(std::move(entry.second.diagnostics.front()));
  if (count > all.size())
    return fail(std::move(error).with_note(fmt::format("+{} more", count - all.size())));
  return fail(std::move(error));
}

Error wrong_size(const ImageShape& shape, const ImageShape& expected) {
  return fail(ErrorKind::input,
              fmt::format("an image of {} x {} pixels among images of {} x {}", shape.height,
                          shape.width, expected.height, expected.width),
              "give all images one size in [data]: resize = [height, width]")
      .value();
}

}  // namespace

Result<LoadedImages> load_images(const SampleSource& source, const DataSetSpec& spec) {
  const std::size_t count = source.labels.size();
  const std::optional<ImageShape> shape = common_shape(source, spec);
  LoadedImages loaded;
  if (shape) {
    const std::uint64_t max_bytes = spec.max_bytes == 0 ? default_max_bytes() : spec.max_bytes;
    loaded.shape = *shape;
    if (shape->size() > max_bytes / count)
      return fail(
          ErrorKind::limit,
          fmt::format("the {} images of `{}` would take {} of memory, more than the limit "
                      "of {}",
                      count, spec.source, size_text(count * shape->size()), size_text(max_bytes)),
          "make them smaller with resize, or use fewer images");
    loaded.pixels.reset(new (std::nothrow) std::uint8_t[count * shape->size()]);
    if (!loaded.pixels)
      return fail(ErrorKind::limit, fmt::format("not enough memory for the images of `{}` ({})",
                                                spec.source, size_text(count * shape->size())));
  }

  constexpr std::size_t kChunk = 16;
  std::atomic<std::size_t> next{0};
  const auto work = [&](Outcome& outcome) {
    for (std::size_t first = next.fetch_add(kChunk); first < count;
         first = next.fetch_add(kChunk)) {
      for (std::size_t i = first; i < std::min(first + kChunk, count); ++i) {
        auto image = prepare(source, spec, i);
        if (!image) {
          outcome.add(i, std::move(image).error().with_place(source.place(i)));
        } else if (image->shape != *shape) {
          outcome.add(i, wrong_size(image->shape, *shape).with_place(source.place(i)));
        } else {
          std::copy(image->pixels.begin(), image->pixels.end(),
                    loaded.pixels.get() + i * shape->size());
          outcome.asking_for_rotation += image->asks_for_rotation ? 1 : 0;
        }
      }
    }
  };
  std::vector<Outcome> outcomes(std::max(spec.threads, 1U));
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < outcomes.size(); ++i)
    threads.emplace_back(work, std::ref(outcomes[i]));
  work(outcomes[0]);
  for (std::thread& thread : threads) thread.join();

  const bool failed = std::any_of(outcomes.begin(), outcomes.end(),
                                  [](const Outcome& outcome) { return outcome.error_count > 0; });
  if (failed) return fail_with(std::move(outcomes));
  for (const Outcome& outcome : outcomes) loaded.asking_for_rotation += outcome.asking_for_rotation;
  return loaded;
}

}  // namespace rcc

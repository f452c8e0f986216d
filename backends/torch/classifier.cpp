#include "backends/torch/classifier.h"

namespace rcc {

namespace {

Result<void> check_images(const Value& input, const DataSet& set) {
  const Type& type = input.type();
  if (!type.is_ranked || type.rank() != 4 || !is_float(type.dtype))
    return fail(
        ErrorKind::input,
        fmt::format("input `{}`: images need a float input of 4 axes, N C H W", input.name()),
        "[data] of a recipe feeds image classifiers");
  const std::int64_t sizes[] = {set.shape.channels, set.shape.height, set.shape.width};
  for (std::size_t i = 0; i < 3; ++i) {
    const Dim dim = type.dims[i + 1];
    if (!dim.is_fixed() || dim.size() == sizes[i]) continue;
    return fail(
        ErrorKind::usage,
        fmt::format("the data's images are {}x{}x{} (channels, height, width), but input `{}` "
                    "has size {} along axis {}",
                    sizes[0], sizes[1], sizes[2], input.name(), dim.size(), i + 1),
        i == 0 ? "set `channels` in [data]" : "set `resize` in [data] to the model's size");
  }
  return {};
}

}  // namespace

Result<Classifier> as_classifier(const Graph& graph, const DataSet& set) {
  if (graph.inputs().size() != 1 || graph.outputs().size() != 1)
    return fail(ErrorKind::input,
                fmt::format("the model has {} inputs and {} outputs; a classifier has one of each",
                            graph.inputs().size(), graph.outputs().size()),
                "evaluate such a model outside of rcc");
  const Value& input = *graph.inputs().front();
  RCC_TRY(check_images(input, set));
  const Type& scores = graph.outputs().front().value->type();
  if (scores.is_ranked && scores.rank() >= 2 && scores.dims[1].is_fixed())
    RCC_TRY(check_class_count(set, static_cast<std::uint64_t>(scores.dims[1].size())));
  Classifier classifier;
  if (input.type().dims[0].is_fixed()) classifier.fixed_batch = input.type().dims[0].size();
  return classifier;
}

}  // namespace rcc

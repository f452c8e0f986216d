#pragma once

#include <cstdint>
#include <optional>

#include "backends/torch/data/data_set.h"
#include "ir/graph.h"
#include "ir/support/result.h"

namespace rcc {

// A graph as an image classifier: one input of images, one output of scores.
struct Classifier {
  // Set when the model accepts only batches of this size.
  std::optional<std::int64_t> fixed_batch;
};

// Errors unless the graph is one and fits the images and classes of `set`.
Result<Classifier> as_classifier(const Graph& graph, const DataSet& set);

}  // namespace rcc

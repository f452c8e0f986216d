#pragma once

#include <filesystem>

#include "ir/graph.h"

namespace rcc {

// Ranges of values as a file, so that a calibration can be kept, read and used again without images:
// a JSON object {"value name": [low, high], ...} in order of the graph's values.
Result<void> write_ranges(const Graph& graph, const std::filesystem::path& path);

// Sets the range of every value that the file names. A name the graph does not have, a pair that is
// not finite or not ordered: an error that names the nearest value.
Result<std::size_t> read_ranges(Graph& graph, const std::filesystem::path& path);

}  // namespace rcc

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ir/graph.h"
#include "ir/support/result.h"

namespace rcc {

struct ExportOptions {
  // Added to the model's own metadata, replacing entries of the same key; sorted by key in the file.
  std::vector<std::pair<std::string, std::string>> metadata;
  // Receives remarks, for one that the opset was raised; may be null.
  DiagnosticSink* sink = nullptr;
};

// The opset of graphs that come from no ONNX file.
inline constexpr std::int64_t kDefaultOpset = 17;

// Writes the model at the opset of its source, raised only when a node needs it and no opaque node
// would change its meaning; operators that older ones can express (older_operators.h) never need it.
// The same graph gives the same bytes; the file is the whole old or the
// whole new one at every moment. Weights go from where they are into the file.
// Ranges and sparse flags have no place in ONNX and are left out.
Result<void> export_onnx(const Graph& graph, const std::filesystem::path& path,
                         const ExportOptions& options = {});

}  // namespace rcc

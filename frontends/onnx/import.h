#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "ir/graph.h"
#include "ir/support/result.h"

namespace rcc {

struct ImportOptions {
  // Receives warnings and remarks; may be null.
  DiagnosticSink* sink = nullptr;
  std::shared_ptr<const OpTable> ops = OpTable::builtin();
  // One file can hold no more: protobuf's lengths are 31 bits.
  std::uint64_t max_file_bytes = (std::uint64_t{1} << 31) - 1;
  std::uint32_t max_nodes = 1'000'000;
};

// Reads an ONNX model. Weights are not copied: the tensors of the graph point into the mapped file.
// Operators that the table knows are in their newest form, with types inferred; others are opaque.
// The graph has been verified. Errors name the node; several are reported at once.
Result<Graph> import_onnx(const std::filesystem::path& path, const ImportOptions& options = {});

}  // namespace rcc

#pragma once

#include <filesystem>

#include "ir/graph.h"

namespace rcc {

// Reads a model: ONNX, or the text form when the name ends in .rir.
Result<Graph> read_model(const std::filesystem::path& path, DiagnosticSink& sink);

// Before the work: whether a model could be written to `path`. rcc writes ONNX, and would read nothing
// else back from a name in .rir.
Result<void> check_model_output(const std::filesystem::path& path);

// Bytes of a model's file, and at least those of its weights, which may lie in files of their own.
std::uint64_t model_bytes(const std::filesystem::path& path, std::uint64_t weight_bytes);

}  // namespace rcc

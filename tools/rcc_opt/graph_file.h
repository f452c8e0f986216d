#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "ir/support/diagnostic.h"
#include "ir/text.h"
#include "tools/rcc_opt/settings.h"

namespace rcc {

// A part of the input that succeeds or fails on its own.
struct InputPiece {
  std::string text;
  std::string file;
};
bool is_onnx(const std::filesystem::path& path);

// The whole text, or with --split-input-file the parts between lines `// -----`, each padded with
// empty lines so that its diagnostics have the lines of the file. "-" is the standard input.
Result<std::vector<InputPiece>> read_text_pieces(const Settings& settings);
Result<std::vector<Graph>> parse_piece(const InputPiece& piece, const Settings& settings);
Result<std::vector<Graph>> read_onnx(const Settings& settings, DiagnosticSink& sink);

PrintOptions print_options(const Settings& settings);
// To --output: an ONNX model or text, by its ending.
Result<void> write_output(const std::vector<Graph>& graphs, const Settings& settings,
                          DiagnosticSink& sink);

}  // namespace rcc

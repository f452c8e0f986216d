#include "tools/rcc_opt/graph_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>

#include "frontends/onnx/export.h"
#include "frontends/onnx/import.h"
#include "ir/support/file.h"

namespace rcc {

namespace {

constexpr std::uint64_t kMaxTextBytes = std::uint64_t{1} << 30;
constexpr std::string_view kSeparator = "// -----";

Result<std::string> read_standard_input() {
  std::string text;
  std::string block(1 << 16, '\0');
  while (std::cin.read(block.data(), static_cast<std::streamsize>(block.size())) ||
         std::cin.gcount() > 0) {
    text.append(block, 0, static_cast<std::size_t>(std::cin.gcount()));
    if (text.size() > kMaxTextBytes)
      return fail(ErrorKind::limit, "the standard input is larger than 1 GiB");
  }
  return text;
}

}  // namespace

bool is_onnx(const std::filesystem::path& path) { return path.extension() == ".onnx"; }

Result<std::vector<InputPiece>> read_text_pieces(const Settings& settings) {
  const bool is_standard_input = settings.input == "-";
  const std::string text = is_standard_input
                               ? RCC_TRY(read_standard_input())
                               : RCC_TRY(read_text_file(settings.input, kMaxTextBytes));
  const std::string file = is_standard_input ? "<stdin>" : settings.input;
  if (!settings.split_input) return std::vector<InputPiece>{{text, file}};
  std::vector<InputPiece> pieces;
  std::size_t line_number = 0;
  InputPiece piece{{}, file};
  for (std::size_t at = 0; at < text.size(); ++line_number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    if (line.starts_with(kSeparator)) {
      pieces.push_back(std::move(piece));
      piece = {std::string(line_number + 1, '\n'), file};
    } else {
      piece.text.append(line).append("\n");
    }
  }
  pieces.push_back(std::move(piece));
  return pieces;
}

Result<std::vector<Graph>> parse_piece(const InputPiece& piece, const Settings& settings) {
  ParseOptions options;
  options.fill_seed = settings.fill_seed;
  if (settings.input != "-") options.base = std::filesystem::path(settings.input).parent_path();
  return parse(piece.text, piece.file, options);
}

Result<std::vector<Graph>> read_onnx(const Settings& settings, DiagnosticSink& sink) {
  std::vector<Graph> graphs;
  graphs.push_back(RCC_TRY(import_onnx(settings.input, {.sink = &sink})));
  return graphs;
}

PrintOptions print_options(const Settings& settings) {
  PrintOptions options;
  options.with_weight_stats = settings.print_weight_stats;
  options.with_locations = !settings.no_locations;
  options.weights_file = settings.weights;
  return options;
}

Result<void> write_output(const std::vector<Graph>& graphs, const Settings& settings,
                          DiagnosticSink& sink) {
  if (is_onnx(settings.output)) {
    if (graphs.size() != 1)
      return fail(ErrorKind::usage,
                  fmt::format("an ONNX file holds one graph, the input has {}", graphs.size()));
    return export_onnx(graphs.front(), settings.output, {.metadata = {}, .sink = &sink});
  }
  std::string text;
  for (const Graph& graph : graphs) {
    if (!text.empty()) text += '\n';
    text += RCC_TRY(print(graph, print_options(settings)));
  }
  return write_atomic(settings.output, text);
}

}  // namespace rcc

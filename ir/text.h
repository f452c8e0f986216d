#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace rcc {

// How a graph is written as text. `parse(print(g)) == g` holds for every choice of options as far as
// payloads were written.
struct PrintOptions {
  // Constants of at most this many elements are written out; others print their type only ("elided").
  std::int64_t max_literal_elements = 16;
  // Adds {amax, nnz, digest} to big constants; reads every weight.
  bool with_weight_stats = false;
  // Node provenance as loc("layer" ...). Needed for an exact round trip of models.
  bool with_locations = true;
  // When set, big payloads go into this file ("weights file") and the text refers to it by offset.
  std::filesystem::path weights_file;
};

Result<std::string> print(const Graph& graph, const PrintOptions& options = {});
// One node as its line of text, without the newline.
std::string print(const Node& node);

struct ParseOptions {
  // Folder against which weights files named in the text are resolved.
  std::filesystem::path base;
  // Elided constants are filled with small reproducible numbers from this seed; unset: stay elided.
  std::optional<std::uint64_t> fill_seed;
  std::shared_ptr<const OpTable> ops = OpTable::builtin();
};

// One or more graphs. Types may be left out where they can be inferred. `file` is the name for messages.
// Errors have file:line:column; several are reported at once where the text allows to go on.
Result<std::vector<Graph>> parse(std::string_view text, std::string_view file,
                                 const ParseOptions& options = {});
// Precondition of the text: exactly one graph.
Result<Graph> parse_graph(std::string_view text, std::string_view file = "<text>",
                          const ParseOptions& options = {});

// Same structure: names, types, attributes, order, payloads, ranges, provenance, model info.
// The first difference in words, or empty.
std::string first_difference(const Graph& a, const Graph& b);

}  // namespace rcc

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ir/support/result.h"
#include "ir/tensor.h"

namespace rcc {

// A model file in parts: serialised messages around the initializers, whose payloads go from where
// they are into the file.
struct ModelParts {
  struct Initializer {
    std::string name;
    Tensor tensor;
  };
  // Fields of the model before and after its graph.
  std::string before_graph;
  std::string after_graph;
  // Fields of the graph before and after its initializers.
  std::string graph_head;
  std::vector<Initializer> initializers;
  std::string graph_tail;
};

// The same parts give the same bytes. Error when the file would reach 2 GiB.
Result<void> write_model(const ModelParts& parts, const std::filesystem::path& path);

// Appends a length-delimited field to a serialised message.
void append_field(std::string& message, std::uint32_t number, std::string_view content);

}  // namespace rcc

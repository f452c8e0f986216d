#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace rcc {

// A format that is not ONNX's, known by its first bytes.
struct ForeignFormat {
  // "a PyTorch checkpoint (zip)"; empty when the bytes are no known format.
  std::string_view name;
  std::string_view remedy;
};
ForeignFormat foreign_format(std::span<const std::byte> file);

}  // namespace rcc

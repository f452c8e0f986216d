#pragma once

#include <cstddef>
#include <span>

namespace rcc {

// Whether the APP1 segment of a JPEG file (after its length) asks for another orientation than the
// one the pixels are stored in.
bool asks_for_rotation(std::span<const std::byte> segment);

}  // namespace rcc

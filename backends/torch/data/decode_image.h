#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "backends/torch/data/image.h"
#include "ir/support/result.h"

namespace rcc {

constexpr std::uint64_t kMaxImagePixels = std::uint64_t{64} << 20;
constexpr std::uint64_t kMaxImageFileBytes = std::uint64_t{64} << 20;

// Decodes a JPEG or PNG file, told apart by their first bytes: gray or RGB, as the file has it.
// Refused with reason and remedy: what is damaged or ends early, more than kMaxImagePixels (before
// any of them is decoded), CMYK, 16 bits a sample, transparency, animation.
Result<Image> decode_image(std::span<const std::byte> file);

Result<Image> decode_jpeg(std::span<const std::byte> file);
Result<Image> decode_png(std::span<const std::byte> file);

// An error unless an image of this size may be decoded.
Result<void> check_image_size(std::uint64_t width, std::uint64_t height);

}  // namespace rcc

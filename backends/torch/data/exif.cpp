#include "backends/torch/data/exif.h"

#include <cstdint>
#include <string_view>

namespace rcc {

bool asks_for_rotation(std::span<const std::byte> segment) {
  using namespace std::string_view_literals;
  constexpr std::uint32_t kOrientationTag = 0x0112;
  constexpr std::size_t kEntryBytes = 12;
  const std::string_view text(reinterpret_cast<const char*>(segment.data()), segment.size());
  if (!text.starts_with("Exif\0\0"sv)) return false;
  const std::string_view tiff = text.substr(6);
  const bool little = tiff.starts_with("II"sv);
  if (!little && !tiff.starts_with("MM"sv)) return false;

  // Beyond the end everything is 0, which is no tag.
  const auto number = [&](std::uint64_t at, std::uint32_t bytes) {
    std::uint32_t value = 0;
    for (std::uint32_t i = 0; i < bytes; ++i) {
      const std::uint64_t place = at + (little ? bytes - 1 - i : i);
      value = value << 8 | (place < tiff.size() ? static_cast<unsigned char>(tiff[place]) : 0U);
    }
    return value;
  };
  const std::uint64_t directory = number(4, 4);
  const std::uint32_t entries = number(directory, 2);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::uint64_t entry = directory + 2 + i * kEntryBytes;
    if (number(entry, 2) != kOrientationTag) continue;
    const std::uint32_t orientation = number(entry + 8, 2);
    return orientation >= 2 && orientation <= 8;
  }
  return false;
}

}  // namespace rcc

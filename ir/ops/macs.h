#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "ir/type.h"

namespace rcc {

// `factor` times the sizes; symbols and unknown sizes count as 1, overflow stays at the maximum.
inline std::uint64_t multiply_sizes(std::uint64_t factor, std::span<const Dim> dims) {
  for (const Dim dim : dims) {
    if (!dim.is_fixed()) continue;
    const auto size = static_cast<std::uint64_t>(dim.size());
    if (__builtin_mul_overflow(factor, size, &factor)) {
      return std::numeric_limits<std::uint64_t>::max();
    }
  }
  return factor;
}

}  // namespace rcc

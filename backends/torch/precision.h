#pragma once

#include <string>
#include <string_view>

namespace rcc {

struct PrecisionChoice {
  bool uses_bf16 = false;
  // "bf16" or "float32".
  std::string name = "float32";
  // Why the choice is not what was asked for; empty when it is.
  std::string note = {};
};

// `requested`: "float32", "bf16" or "auto". Without hardware support bf16 is computed by emulation,
// measured 18 times slower than float32, so float32 is taken and the note says so.
PrecisionChoice choose_precision(std::string_view requested, bool has_bf16);

// Whether this processor multiplies bf16 in hardware (AVX-512 BF16 or AMX).
bool processor_has_bf16();

}  // namespace rcc

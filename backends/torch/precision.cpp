#include "backends/torch/precision.h"

namespace rcc {

PrecisionChoice choose_precision(std::string_view requested, bool has_bf16) {
  if (requested == "float32") return {};
  if (has_bf16) return {.uses_bf16 = true, .name = "bf16"};
  PrecisionChoice choice;
  if (requested == "bf16")
    choice.note =
        "precision: bf16 was asked for, but this device does not multiply it in hardware; "
        "training in float32";
  return choice;
}

bool processor_has_bf16() { return __builtin_cpu_supports("avx512bf16") != 0; }

}  // namespace rcc

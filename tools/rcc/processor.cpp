#include "tools/rcc/processor.h"

#include <sched.h>

#include <fstream>

namespace rcc {

std::vector<ProcessorFeature> processor_features() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_vnni = __builtin_cpu_supports("avx512vnni") != 0;
  const bool has_short_vnni = __builtin_cpu_supports("avxvnni") != 0;
  return {
      {"AVX2", __builtin_cpu_supports("avx2") != 0, "float and integer arithmetic"},
      {"AVX-512", __builtin_cpu_supports("avx512f") != 0, "float arithmetic, twice as wide"},
      {"VNNI", has_vnni || has_short_vnni, "8-bit products without saturation, four at once"},
      {"BF16", __builtin_cpu_supports("avx512bf16") != 0, "training in bfloat16"},
      {"AMX", __builtin_cpu_supports("amx-int8") != 0 && __builtin_cpu_supports("amx-bf16") != 0,
       "matrix products of 8-bit integers and bfloat16"},
  };
#else
  return {};
#endif
}

std::string processor_text() {
  std::string text;
  for (const ProcessorFeature& feature : processor_features())
    if (feature.is_present) text += (text.empty() ? "" : " ") + feature.name;
  return text.empty() ? "none" : text;
}

std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t colon = line.find(": ");
    return colon == std::string::npos ? "" : line.substr(colon + 2);
  }
  return {};
}

int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

}  // namespace rcc

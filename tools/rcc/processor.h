#pragma once

#include <string>
#include <vector>

namespace rcc {

struct ProcessorFeature {
  std::string name;
  bool is_present = false;
  // What it speeds up.
  std::string purpose;
};

// Instruction sets that decide how fast networks run here, present or not.
std::vector<ProcessorFeature> processor_features();
// Names of those present: "AVX2 AVX-512 VNNI".
std::string processor_text();
// As the kernel names it; empty when it does not.
std::string processor_model();
// Processors this process may run on.
int usable_processors();

}  // namespace rcc

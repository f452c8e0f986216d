#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tools/rcc/session.h"

namespace rcc {

// What a report is made from.
struct RunRecord {
  const Recipe& recipe;
  const RunOptions& options;
  const Measurement& before;
  const Measurement& after;
  const std::vector<StepRecord>& steps;
  std::vector<std::string> unmet;
  std::filesystem::path output;
  double seconds = 0;
  // Of the backend; empty when none was loaded.
  std::string services;
  std::vector<std::pair<std::string, Digest>> data;
};

// The text of --report, described in docs/report.md.
std::string report_text(const RunRecord& run);

}  // namespace rcc

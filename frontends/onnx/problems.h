#pragma once

#include <string>
#include <vector>

#include "ir/support/result.h"

namespace rcc {

// What is wrong with one model file: errors are collected so that one run reports several; warnings
// and remarks go to the caller's sink at once.
class Problems {
 public:
  // `sink` may be null.
  Problems(std::string file, DiagnosticSink* sink) : file_(std::move(file)), sink_(sink) {}

  // `place`: what comes after the file's name, "node `Conv_3` (Conv)"; may be empty.
  void error(std::string_view place, Error error);
  void error(std::string_view place, std::string message, std::string help = {});
  void warn(std::string_view place, std::string message, std::string help = {});
  void remark(std::string_view place, std::string message, std::string help = {});

  bool has_errors() const { return count_ > 0; }
  // The errors so far, or success.
  Result<void> result() &&;

 private:
  static constexpr std::size_t kMost = 20;
  std::string full_place(std::string_view place) const;
  void say(Severity severity, std::string_view place, std::string message, std::string help);

  std::string file_;
  DiagnosticSink* sink_;
  Error error_;
  std::size_t count_ = 0;
};

}  // namespace rcc

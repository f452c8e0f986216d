#pragma once

#include <functional>
#include <string>

#include "ir/support/result.h"

namespace rcc {

// How a child process ended.
struct ChildEnd {
  // The exit status, or 128 and the number of the signal that ended it.
  int status = 0;
  bool is_out_of_time = false;
  // What it wrote to its standard output and error, at most 1 MiB.
  std::string output;
};

// Forks and runs `body` in the child, whose exit status is what it returns; its standard input is
// empty. When it ends, or after `seconds`, what it started is killed. Preconditions: one thread; at most
// a million seconds.
Result<ChildEnd> run_child(const std::function<int()>& body, double seconds);

}  // namespace rcc

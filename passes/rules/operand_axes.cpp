#include "passes/rules/operand_axes.h"

#include <algorithm>
#include <utility>

namespace rcc {

std::vector<std::vector<std::string>> operand_axes(std::string_view axes) {
  std::vector<std::vector<std::string>> result;
  if (axes.empty() || axes == "broadcast") return result;
  result.emplace_back();
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) result.back().push_back(std::exchange(word, {}));
  };
  for (const char c : axes.substr(0, axes.find("->"))) {
    if (c == ';') {
      finish();
      result.emplace_back();
    } else if (c == ' ') {
      finish();
    } else {
      word += c;
    }
  }
  finish();
  return result;
}

bool is_open(const std::vector<std::string>& letters) {
  return std::any_of(letters.begin(), letters.end(),
                     [](const std::string& letter) { return letter == "." || letter == "*"; });
}

}  // namespace rcc

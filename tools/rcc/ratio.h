#pragma once

#include <string>
#include <vector>

namespace rcc {

// Middle value; mean of the middle two. Precondition: not empty.
double median(std::vector<double> values);

// How many times as long `a` takes as `b`, from the medians of interleaved rounds.
struct Ratio {
  double value = 1;
  // Bootstrap interval, 95 %.
  double low = 1;
  double high = 1;
};
// Precondition: as many rounds of both, at least one; none takes no time.
Ratio time_ratio(const std::vector<double>& a, const std::vector<double>& b);

// Whether a ratio says more than that of a model with itself.
bool is_difference(const Ratio& ratio, const Ratio& control);

// "2.02x (1.98 to 2.06)".
std::string to_text(const Ratio& ratio);

}  // namespace rcc

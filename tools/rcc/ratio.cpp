#include "tools/rcc/ratio.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/support/random.h"

namespace rcc {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Ratio time_ratio(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr std::uint64_t kResamples = 2000;
  const RandomStream random(0, "bootstrap");
  std::vector<double> ratios;
  std::vector<double> chosen_a(a.size());
  std::vector<double> chosen_b(a.size());
  std::uint64_t draw = 0;
  for (std::uint64_t i = 0; i < kResamples; ++i) {
    // A round is drawn with both its times: what disturbed one disturbed the other.
    for (std::size_t k = 0; k < a.size(); ++k) {
      const std::uint64_t round = random.below(draw++, a.size());
      chosen_a[k] = a[round];
      chosen_b[k] = b[round];
    }
    ratios.push_back(median(chosen_a) / median(chosen_b));
  }
  std::sort(ratios.begin(), ratios.end());
  return {median(a) / median(b), ratios[kResamples / 40], ratios[kResamples - 1 - kResamples / 40]};
}

bool is_difference(const Ratio& ratio, const Ratio& control) {
  const double low = std::min(control.low, 1 / control.high);
  const double high = std::max(control.high, 1 / control.low);
  return ratio.low > high || ratio.high < low;
}

std::string to_text(const Ratio& ratio) {
  return fmt::format("{:.3f}x ({:.3f} to {:.3f})", ratio.value, ratio.low, ratio.high);
}

}  // namespace rcc

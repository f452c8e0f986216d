#include "tools/rcc/tensor_delta.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rcc {

std::optional<TensorDelta> tensor_delta(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.is_elided() || b.is_elided() || !is_numeric(a.dtype()) ||
      !is_numeric(b.dtype()))
    return std::nullopt;
  TensorDelta delta;
  double signal = 0;
  double noise = 0;
  double other = 0;
  double product = 0;
  const std::vector<double> from = a.to_doubles();
  const std::vector<double> to = b.to_doubles();
  for (std::size_t i = 0; i < from.size(); ++i) {
    // Equal infinities, and two NaNs, are no difference.
    const bool is_same = from[i] == to[i] || (std::isnan(from[i]) && std::isnan(to[i]));
    const double difference = is_same ? 0 : std::abs(from[i] - to[i]);
    delta.largest = std::max(
        delta.largest,
        std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference);
    signal += from[i] * from[i];
    other += to[i] * to[i];
    product += from[i] * to[i];
    noise += difference * difference;
  }
  delta.sqnr = noise == 0 ? std::numeric_limits<double>::infinity()
                          : 10 * std::log10(signal / noise);
  if (noise != 0)
    delta.cosine = signal == 0 && other == 0 ? 1 : product / std::sqrt(signal * other);
  if (std::isnan(delta.cosine)) delta.cosine = 0;
  return delta;
}

}  // namespace rcc

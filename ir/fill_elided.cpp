#include <fmt/format.h>

#include <cmath>

#include "ir/parse_graph.h"
#include "ir/support/random.h"

namespace rcc {

namespace {

// Memory that a short text may ask for.
constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30;

bool is_statistic(const Value& constant) {
  for (const Use& use : constant.uses()) {
    const std::vector<OperandInfo>& rows = use.user().op().operands;
    if (use.operand() < rows.size() && rows[use.operand()].role == Role::statistic) return true;
  }
  return false;
}

// Weights keep the size of what flows through; statistics, among them variances, are positive;
// integers are valid indices of anything.
Tensor filling(const Value& constant, std::uint64_t seed) {
  const Tensor& old = constant.tensor();
  const RandomStream random(seed, constant.name());
  const auto count = static_cast<std::size_t>(old.element_count());
  std::vector<double> values(count, 0.0);
  if (is_float(old.dtype())) {
    const double first = old.rank() > 0 ? static_cast<double>(old.shape().front()) : 1;
    const double scale = std::sqrt(std::max(1.0, first) / static_cast<double>(count));
    const bool is_positive = is_statistic(constant);
    for (std::size_t i = 0; i < count; ++i)
      values[i] = is_positive ? 0.5 + random.uniform(i) : random.normal(i) * scale;
  }
  return Tensor::from_doubles(old.dtype(), old.shape(), values);
}

}  // namespace

Result<void> fill_elided(Graph& graph, std::uint64_t seed) {
  std::uint64_t bytes = 0;
  for (Value* constant : graph.constants()) {
    const Tensor& tensor = constant->tensor();
    if (!tensor.is_elided() || !is_numeric(tensor.dtype())) continue;
    const std::uint64_t size = tensor.size_bytes();
    if (size > kMostBytes - bytes)
      return fail(ErrorKind::limit,
                  fmt::format("elided constants of more than {} bytes to fill", kMostBytes));
    bytes += size;
    graph.fill_tensor(*constant, filling(*constant, seed));
  }
  return {};
}

}  // namespace rcc

#include "ir/attribute.h"

#include <bit>

namespace rcc {

namespace {

// By bits, so that a NaN equals itself and -0.0 differs from 0.0.
bool equal_floats(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

bool equal_values(const Floats& a, const Floats& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!equal_floats(a[i], b[i])) return false;
  return true;
}
bool equal_values(float a, float b) { return equal_floats(a, b); }
bool equal_values(const Tensor& a, const Tensor& b) { return a.same_contents(b); }
template <typename T>
bool equal_values(const T& a, const T& b) {
  return a == b;
}

}  // namespace

bool equal(const AttributeValue& a, const AttributeValue& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&b](const auto& value) {
        return equal_values(value, std::get<std::decay_t<decltype(value)>>(b));
      },
      a);
}

}  // namespace rcc

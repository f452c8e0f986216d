#include "ir/support/random.h"

#include <bit>
#include <cmath>
#include <utility>

#include "ir/support/hash.h"
#include "ir/support/philox.h"

namespace rcc {

namespace {

using Bits128 = std::pair<std::uint64_t, std::uint64_t>;

Bits128 draw(std::uint64_t key, std::uint64_t index) {
  const auto words =
      philox4x32({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), 0, 0},
                 {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
  const auto join = [](std::uint32_t low, std::uint32_t high) {
    return std::uint64_t{high} << 32 | low;
  };
  return {join(words[0], words[1]), join(words[2], words[3])};
}

double unit_interval(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

// The C library's log and cos differ by an ulp between processors, which choose other variants of
// them. Weights drawn here must be the same bytes everywhere, so these use +, * and / alone.

// Natural logarithm of x in (0, 1]: x = m * 2^e with m in [sqrt(1/2), sqrt(2)), and
// log m = 2 atanh((m - 1) / (m + 1)), a series in a quotient of at most 0.172.
double stable_log(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    ++exponent;
  }
  const double quotient = (mantissa - 1.0) / (mantissa + 1.0);
  const double square = quotient * quotient;
  double sum = 0.0;
  for (int term = 23; term >= 1; term -= 2) sum = sum * square + 1.0 / term;
  return 2.0 * quotient * sum + exponent * 0.6931471805599453;
}

// cos(2 pi x) for x in [0, 1): folded to an angle of at most pi / 4, then Taylor's series.
double stable_cos_turns(double x) {
  const double half = x > 0.5 ? 1.0 - x : x;
  const bool negative = half > 0.25;
  const double quarter = negative ? 0.5 - half : half;
  const bool as_sine = quarter > 0.125;
  const double angle = (as_sine ? 0.25 - quarter : quarter) * 6.283185307179586;
  const double square = angle * angle;
  double sum = 1.0;
  for (int term = as_sine ? 19 : 18; term >= 2; term -= 2)
    sum = 1.0 - sum * square / (term * (term - 1));
  if (as_sine) sum *= angle;
  return negative ? -sum : sum;
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view purpose, std::uint64_t key)
    : key_(Hasher().add(seed).add(purpose).add(key).digest().low) {}

std::uint64_t RandomStream::bits(std::uint64_t index) const { return draw(key_, index).first; }

double RandomStream::uniform(std::uint64_t index) const { return unit_interval(bits(index)); }

std::uint64_t RandomStream::below(std::uint64_t index, std::uint64_t bound) const {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(Wide{bits(index)} * bound >> 64);
}

double RandomStream::normal(std::uint64_t index) const {
  const auto [first, second] = draw(key_, index);
  // In (0, 1], so that the logarithm is finite.
  const double radius = 1.0 - unit_interval(first);
  return std::sqrt(-2.0 * stable_log(radius)) * stable_cos_turns(unit_interval(second));
}

}  // namespace rcc

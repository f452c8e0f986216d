#include "ir/support/number_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace rcc {

namespace {

template <typename T>
std::string float_text(T value) {
  if (std::isnan(value)) return "nan";
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

template <typename T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

struct Scaled {
  double value;
  std::string_view unit;
};

// In the largest unit in which the number, printed with this precision, is at least 1.
Scaled scale(std::uint64_t number, double rounding, const std::array<std::string_view, 7>& units) {
  Scaled scaled{static_cast<double>(number), units[0]};
  for (std::size_t i = 1; i < units.size() && scaled.value >= 1000.0 - rounding; ++i)
    scaled = {scaled.value / 1000.0, units[i]};
  return scaled;
}

}  // namespace

std::string to_text(float value) { return float_text(value); }
std::string to_text(double value) { return float_text(value); }

std::optional<double> parse_double(std::string_view text) { return parse_whole<double>(text); }
std::optional<float> parse_float(std::string_view text) { return parse_whole<float>(text); }
std::optional<std::int64_t> parse_int(std::string_view text) {
  return parse_whole<std::int64_t>(text);
}
std::optional<std::uint64_t> parse_uint(std::string_view text) {
  return parse_whole<std::uint64_t>(text);
}

std::optional<std::uint8_t> parse_hex_byte(std::string_view digits) {
  std::uint8_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, 16);
  if (digits.size() != 2 || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  const auto [value, unit] = scale(bytes, 0.05, {"B", "kB", "MB", "GB", "TB", "PB", "EB"});
  return fmt::format("{:.1f} {}", value, unit);
}

std::string count_text(std::uint64_t count) {
  if (count < 1000) return fmt::format("{}", count);
  const auto [value, unit] = scale(count, 0.005, {"", "k", "M", "G", "T", "P", "E"});
  return fmt::format("{:.2f} {}", value, unit);
}

}  // namespace rcc

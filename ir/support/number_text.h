#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rcc {

// The shortest decimal text that reads back to the same value, independent of the locale.
// Always recognisable as a float: "1.0", "1e-05", "-0.0", "inf", "-inf", "nan".
std::string to_text(float value);
std::string to_text(double value);

// The whole of `text` as a number, else nullopt. Accepts what to_text writes.
std::optional<double> parse_double(std::string_view text);
std::optional<float> parse_float(std::string_view text);
std::optional<std::int64_t> parse_int(std::string_view text);
std::optional<std::uint64_t> parse_uint(std::string_view text);
// Two hexadecimal digits.
std::optional<std::uint8_t> parse_hex_byte(std::string_view digits);

// For people: "44.8 MB", "11.69 M", "1.81 G".
std::string size_text(std::uint64_t bytes);
std::string count_text(std::uint64_t count);

}  // namespace rcc

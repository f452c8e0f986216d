#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rcc {

// A 128-bit XXH3 digest; equal contents, equal digest, on every machine.
struct Digest {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  auto operator<=>(const Digest&) const = default;
  // 32 hexadecimal digits.
  std::string hex() const;
};

Digest hash_bytes(std::span<const std::byte> bytes);
Digest hash_text(std::string_view text);

// A digest of a sequence of parts; each part's length enters, so that ("ab","c") != ("a","bc").
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  Hasher& add(std::string_view text);
  Hasher& add(std::span<const std::byte> bytes);
  Hasher& add(std::uint64_t number);
  Hasher& add(const Digest& digest);
  Digest digest() const;

 private:
  struct State;
  State* state_;
};

}  // namespace rcc

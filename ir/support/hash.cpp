#include "ir/support/hash.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace rcc {

namespace {

std::array<std::byte, 8> little_endian(std::uint64_t number) {
  std::array<std::byte, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(number >> (8 * i));
  return bytes;
}

Digest from_xxh(XXH128_hash_t hash) { return {hash.low64, hash.high64}; }

}  // namespace

std::string Digest::hex() const { return fmt::format("{:016x}{:016x}", high, low); }

Digest hash_bytes(std::span<const std::byte> bytes) {
  return from_xxh(XXH3_128bits(bytes.data(), bytes.size()));
}

Digest hash_text(std::string_view text) { return hash_bytes(std::as_bytes(std::span(text))); }

struct Hasher::State {
  XXH3_state_t xxh;
};

Hasher::Hasher() : state_(new State) { XXH3_128bits_reset(&state_->xxh); }

Hasher::~Hasher() { delete state_; }

Hasher& Hasher::add(std::span<const std::byte> bytes) {
  const auto length = little_endian(bytes.size());
  XXH3_128bits_update(&state_->xxh, length.data(), length.size());
  XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size());
  return *this;
}

Hasher& Hasher::add(std::string_view text) { return add(std::as_bytes(std::span(text))); }

Hasher& Hasher::add(std::uint64_t number) {
  const auto bytes = little_endian(number);
  return add(std::span<const std::byte>(bytes));
}

Hasher& Hasher::add(const Digest& digest) { return add(digest.low).add(digest.high); }

Digest Hasher::digest() const { return from_xxh(XXH3_128bits_digest(&state_->xxh)); }

}  // namespace rcc

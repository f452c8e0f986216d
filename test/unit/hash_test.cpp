#include "ir/support/hash.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

// The numbers are those of `xxh128sum`, and of Python's xxhash.xxh3_128_hexdigest.
TEST(Hash, AgreesWithXxh3) {
  EXPECT_EQ(hash_text("").hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash_text("abc").hex(), "06b05ab6733a618578af5f94892f3950");
  EXPECT_EQ(hash_text(std::string(1000, 'a')).hex(), "b01da365eddaa29cb3e7af627147db7c");
}

TEST(Hasher, PutsTheLengthBeforeEachPart) {
  // Of the bytes 02 00 00 00 00 00 00 00 'a' 'b' 01 00 00 00 00 00 00 00 'c'.
  EXPECT_EQ(Hasher().add("ab").add("c").digest().hex(), "f2eda2708bcfd51cc05c0ee4c9f60440");
  EXPECT_NE(Hasher().add("ab").add("c").digest(), Hasher().add("a").add("bc").digest());
  EXPECT_NE(Hasher().add("").digest(), Hasher().digest());
}

TEST(Hasher, AddsNumbersAsEightLittleEndianBytes) {
  EXPECT_EQ(Hasher().add(std::uint64_t{7}).digest().hex(), "86b74a2b7a8e5b08ac9d6b7ff9537f2a");
}

TEST(Hasher, AddsBothHalvesOfADigest) {
  const Digest digest = hash_text("x");
  const Digest sum = Hasher().add(digest).digest();
  EXPECT_NE(sum, Hasher().add(Digest{digest.low, 0}).digest());
  EXPECT_NE(sum, Hasher().add(Digest{0, digest.high}).digest());
}

TEST(Hasher, DigestDoesNotEndTheSequence) {
  Hasher hasher;
  hasher.add("a");
  EXPECT_EQ(hasher.digest(), hasher.digest());
  EXPECT_EQ(hasher.add("b").digest(), Hasher().add("a").add("b").digest());
}

}  // namespace
}  // namespace rcc

#include "ir/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "ir/attribute.h"
#include "ir/float_format.h"

namespace rcc {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> rounded(DType dtype, std::vector<double> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::from_doubles(dtype, {count}, values).to_doubles();
}

TEST(Tensor, HoldsElementsAndShape) {
  const Tensor tensor = Tensor::of<float>({2, 3}, {0, 1, 2, 3, 4, 5});
  EXPECT_EQ(tensor.dtype(), DType::f32);
  EXPECT_EQ(tensor.element_count(), 6);
  EXPECT_EQ(tensor.size_bytes(), 24U);
  EXPECT_EQ(tensor.at(4), 4.0);
  EXPECT_EQ(tensor.type(), Type(DType::f32, {2, 3}));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.bytes().data()) % 64, 0U);
  EXPECT_EQ(Tensor::scalar<std::int64_t>(7).to_ints(), Ints{7});
  EXPECT_EQ(Tensor::of<bool>({2}, {true, false}).to_doubles(), (std::vector<double>{1, 0}));
}

TEST(Tensor, ChangesInPlaceOnlyWhenNoOtherHandleWouldSee) {
  Tensor tensor = Tensor::of<float>({2}, {1, 2});
  const void* payload = tensor.payload_identity();
  tensor.mutable_elements<float>()[0] = 5;
  EXPECT_EQ(tensor.payload_identity(), payload);
  const Tensor handle = tensor;
  const Tensor reshaped = tensor.reshaped({2, 1});
  EXPECT_EQ(reshaped.payload_identity(), payload);
  tensor.mutable_elements<float>()[0] = 9;
  EXPECT_NE(tensor.payload_identity(), payload);
  EXPECT_EQ(tensor.at(0), 9);
  EXPECT_EQ(handle.at(0), 5);
  EXPECT_EQ(reshaped.at(0), 5);
}

TEST(Tensor, ReadsAMappedFileAtAnyAlignmentAndCopiesOnWrite) {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / "tensor_test_payload.bin";
  const std::vector<float> values{1.5F, -2.5F};
  std::string contents = "abc";
  contents.append(reinterpret_cast<const char*>(values.data()), 8);
  ASSERT_TRUE(write_atomic(path, contents));
  auto file = MappedFile::open(path, 100);
  ASSERT_TRUE(file);
  Tensor tensor = Tensor::mapped(DType::f32, {2}, *file, (*file)->bytes().subspan(3));
  EXPECT_EQ(tensor.elements<float>()[1], -2.5F);
  EXPECT_EQ(tensor.payload_identity(), (*file)->bytes().data() + 3);
  const Tensor other = tensor;
  tensor.mutable_elements<float>()[1] = 4;
  EXPECT_EQ(other.at(1), -2.5);
  EXPECT_EQ(tensor.at(1), 4);
  std::filesystem::remove(path);
}

TEST(Tensor, RoundsIntegersHalfToEvenAndSaturates) {
  EXPECT_EQ(rounded(DType::i8, {0.5, 1.5, 2.5, -0.5, -1.5, 127.5, -128.5, 1e30, -kInfinity, kNan}),
            (std::vector<double>{0, 2, 2, 0, -2, 127, -128, 127, -128, 0}));
  EXPECT_EQ(rounded(DType::u8, {-3, 254.5, 255.5, 300}), (std::vector<double>{0, 254, 255, 255}));
  EXPECT_EQ(rounded(DType::i4, {-9, -8.5, 7.4, 8, 3}), (std::vector<double>{-8, -8, 7, 7, 3}));
  EXPECT_EQ(rounded(DType::u4, {-1, 15.6, 3}), (std::vector<double>{0, 15, 3}));
  const std::vector<double> huge{9.3e18, -9.3e18};
  EXPECT_EQ(Tensor::from_doubles(DType::i64, {2}, huge).to_ints(), (Ints{INT64_MAX, INT64_MIN}));
  EXPECT_EQ(
      Tensor::from_doubles(DType::u64, {1}, std::vector<double>{1e20}).elements<std::uint64_t>()[0],
      UINT64_MAX);
}

TEST(Tensor, RoundsHalfPrecisionHalfToEven) {
  // 1 + 2^-11 lies between 1 and 1 + 2^-10; 65520 between the largest number and the next power.
  const double ulp = std::ldexp(1.0, -10);
  EXPECT_EQ(rounded(DType::f16, {1 + ulp / 2, 1 + 1.5 * ulp, 65519, 65520, -kInfinity, 0x1p-24,
                                 0x1p-25, 0x1.8p-25, 0x1.ff8p-15}),
            (std::vector<double>{1, 1 + 2 * ulp, 65504, kInfinity, -kInfinity, 0x1p-24, 0, 0x1p-24,
                                 0x1.ff8p-15}));
  EXPECT_TRUE(std::signbit(rounded(DType::f16, {-0.0})[0]));
  EXPECT_TRUE(std::isnan(rounded(DType::bf16, {kNan})[0]));
  EXPECT_EQ(rounded(DType::bf16, {1 + 0x1p-8, 1 + 0x3p-8, 3.39e38, 3.4028235e38}),
            (std::vector<double>{1, 1 + 0x1p-6, 0x1.fep127, kInfinity}));
}

TEST(Tensor, EveryBitPatternOfTheSmallFloatsSurvives) {
  for (const DType dtype : {DType::f16, DType::bf16, DType::f8e4m3fn, DType::f8e4m3fnuz,
                            DType::f8e5m2, DType::f8e5m2fnuz, DType::f4e2m1}) {
    const FloatFormat format = *float_format(dtype);
    const std::uint32_t count = 1U << (1 + format.exponent_bits + format.mantissa_bits);
    for (std::uint32_t bits = 0; bits < count; ++bits) {
      const double value = format.decode(bits);
      const bool survives = !format.saturates || !std::isinf(value);
      if (std::isnan(value)) {
        ASSERT_TRUE(std::isnan(format.decode(format.encode(value)))) << dtype_name(dtype);
      } else if (survives) {
        ASSERT_EQ(format.encode(value), bits) << dtype_name(dtype);
      }
    }
  }
}

TEST(Tensor, KnowsTheLimitsOfTheSmallFloats) {
  EXPECT_EQ(rounded(DType::f8e4m3fn, {1000, -1000, 0.0625}),
            (std::vector<double>{448, -448, 0.0625}));
  EXPECT_EQ(rounded(DType::f8e4m3fnuz, {1000}), std::vector<double>{240});
  EXPECT_EQ(rounded(DType::f8e5m2, {1e6, 5}), (std::vector<double>{57344, 5}));
  EXPECT_EQ(rounded(DType::f8e5m2fnuz, {1e6}), std::vector<double>{57344});
  EXPECT_EQ(rounded(DType::f4e2m1, {0.5, 5, 7, -100, 2.5}),
            (std::vector<double>{0.5, 4, 6, -6, 2}));
}

TEST(Tensor, ComparesContents) {
  const Tensor a = Tensor::of<float>({2}, {1, 2});
  EXPECT_TRUE(a.same_contents(Tensor::of<float>({2}, {1, 2})));
  EXPECT_FALSE(a.same_contents(Tensor::of<float>({2}, {1, 3})));
  EXPECT_FALSE(a.same_contents(a.reshaped({1, 2})));
  EXPECT_FALSE(a.same_contents(Tensor::of<std::int32_t>({2}, {1, 2})));
  const Tensor elided = Tensor::elided(DType::f32, {2});
  EXPECT_TRUE(elided.is_elided());
  EXPECT_FALSE(elided.same_contents(elided));
  EXPECT_FALSE(Tensor::elided(DType::f32, {0, 2}).is_elided());
  EXPECT_EQ(a.digest(), Tensor::of<float>({2}, {1, 2}).digest());
  EXPECT_NE(a.digest(), a.reshaped({2, 1}).digest());
  const Tensor words = Tensor::of_strings({2}, {"a", "b"});
  EXPECT_TRUE(words.same_contents(Tensor::of_strings({2}, {"a", "b"})));
  EXPECT_NE(words.digest(), Tensor::of_strings({2}, {"ab", ""}).digest());
}

TEST(Tensor, CountsElementsWithoutOverflow) {
  EXPECT_EQ(checked_element_count(Ints{3, 4}), 12);
  EXPECT_EQ(checked_element_count(Ints{}), 1);
  EXPECT_EQ(checked_element_count(Ints{INT64_MAX, 2}), std::nullopt);
  EXPECT_EQ(checked_element_count(Ints{INT64_MAX, 2, 0}), 0);
  EXPECT_EQ(checked_element_count(Ints{-1, 0}), std::nullopt);
}

}  // namespace
}  // namespace rcc

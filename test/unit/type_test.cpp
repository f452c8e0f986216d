#include "ir/type.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

TEST(Type, PrintsDimsSymbolsAndUnknowns) {
  SymbolTable symbols;
  const Dim n = symbols.intern("N");
  EXPECT_EQ(symbols.intern("N"), n);
  EXPECT_NE(symbols.intern("M"), n);
  EXPECT_EQ(to_text(Type(DType::f32, {n, 3, Dim::unknown(), 0}), symbols), "f32[N,3,?,0]");
  EXPECT_EQ(to_text(Type(DType::boolean, {}), symbols), "bool[]");
  EXPECT_EQ(to_text(Type::unranked(DType::f8e4m3fn), symbols), "f8e4m3fn[*]");
  EXPECT_EQ(to_text(Type(), symbols), "?");
  EXPECT_EQ(to_text(Type(DType::unknown, {2}), symbols), "?[2]");
  EXPECT_EQ(to_text(Shape{symbols.intern("batch size"), symbols.intern("[[")}, symbols),
            R"(["batch size","[\x5b"])");
}

TEST(Type, KnowsNamesAndSizesOfElementTypes) {
  for (int i = 1; i <= static_cast<int>(DType::f4e2m1); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(parse_dtype(dtype_name(dtype)), dtype);
  }
  EXPECT_EQ(parse_dtype("?"), std::nullopt);
  EXPECT_EQ(parse_dtype("float32"), std::nullopt);
  EXPECT_EQ(dtype_bytes(DType::i4, 3), 2U);
  EXPECT_EQ(dtype_bytes(DType::complex128, 3), 48U);
  EXPECT_EQ(dtype_bytes(DType::string, 3), 0U);
  EXPECT_TRUE(is_float(DType::bf16) && is_integer(DType::u4) && !is_integer(DType::boolean));
}

TEST(Type, CountsElements) {
  SymbolTable symbols;
  EXPECT_EQ(Type(DType::f32, {2, 3}).element_count(), 6);
  EXPECT_EQ(Type(DType::f32, {}).element_count(), 1);
  EXPECT_EQ(Type(DType::f32, {symbols.intern("N")}).element_count(), std::nullopt);
  EXPECT_EQ(Type(DType::f32, {INT64_MAX, 3}).element_count(), std::nullopt);
  EXPECT_EQ(Type(DType::f32, {INT64_MAX, 3, 0}).element_count(), 0);
  EXPECT_EQ(Type::unranked(DType::f32).element_count(), std::nullopt);
}

}  // namespace
}  // namespace rcc

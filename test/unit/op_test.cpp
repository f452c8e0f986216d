#include "ir/op.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "ir/graph.h"
#include "ir/ops/functions.h"

namespace rcc {
namespace {

using testing::ElementsAre;

// "x1 > y1", with the parameters that are not at their default; y is the result, y' the second.
std::string link_text(const AxisLink& link) {
  const auto ref_text = [](const AxisRef& ref) {
    const char side = ref.side == AxisRef::Side::operand ? 'o' : 'r';
    return side + std::to_string(ref.index) + "." + std::to_string(ref.axis);
  };
  std::string text = ref_text(link.from) + ">" + ref_text(link.to);
  if (link.repeat != 1) text += " repeat " + std::to_string(link.repeat);
  if (link.offset != 0) text += " offset " + std::to_string(link.offset);
  if (link.modulo != 0) text += " modulo " + std::to_string(link.modulo);
  return text;
}

std::vector<std::string> links_of(const Value& result) {
  std::vector<std::string> texts;
  for (const AxisLink& link : axis_links(*result.producer())) texts.push_back(link_text(link));
  return texts;
}

Tensor ones(std::vector<std::int64_t> shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return Tensor::of<float>(std::move(shape),
                           std::vector<float>(static_cast<std::size_t>(count), 1));
}

class OpTest : public testing::Test {
 protected:
  Value& input(Shape shape) { return graph.add_input("x", Type(DType::f32, std::move(shape))); }
  Value& constant(std::vector<std::int64_t> shape) {
    return graph.add_constant("c", ones(std::move(shape)));
  }
  Value& numbers(const Ints& values) {
    return graph.add_constant(
        "n", Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  }
  Graph graph;
};

TEST_F(OpTest, EveryRowIsComplete) {
  EXPECT_EQ(OpTable::builtin()->rows().size(), static_cast<std::size_t>(OpKind::opaque));
  std::set<std::string_view> onnx_names;
  for (const OpInfo& row : OpTable::builtin()->rows()) {
    SCOPED_TRACE(row.name);
    EXPECT_NE(row.infer, nullptr);
    EXPECT_NE(row.interpret, nullptr);
    // link_nothing is the explicit statement that every axis is fixed.
    EXPECT_NE(row.axes.empty(), row.link == nullptr);
    EXPECT_TRUE(row.doc.ends_with('.'));
    EXPECT_FALSE(row.operands.empty());
    EXPECT_FALSE(row.results.empty());
    EXPECT_EQ(row.zero == ZeroBehaviour::depends, row.preserves_zero != nullptr);
    EXPECT_EQ(row.is_contraction, row.macs != nullptr);
    EXPECT_EQ(&(*OpTable::builtin())[row.kind], &row);
    EXPECT_EQ(OpTable::builtin()->find(row.name), &row);
    if (row.onnx_name.empty()) continue;
    EXPECT_EQ(OpTable::builtin()->find_onnx("", row.onnx_name), &row);
    EXPECT_TRUE(onnx_names.insert(row.onnx_name).second);
  }
}

TEST_F(OpTest, AddedRowsAreFoundByNameAndKind) {
  const auto table = OpTable::extended_builtin();
  const OpInfo& row = table->add({.name = "swirl", .onnx_name = "Swirl", .onnx_domain = "test"});
  EXPECT_EQ(row.kind, OpKind::first_added);
  EXPECT_EQ(&(*table)[row.kind], &row);
  EXPECT_EQ(table->find("swirl"), &row);
  EXPECT_EQ(table->find_onnx("test", "Swirl"), &row);
  EXPECT_EQ(table->find_onnx("", "Swirl"), nullptr);
  EXPECT_EQ(table->find_onnx("ai.onnx", "Conv"), &(*table)[OpKind::conv]);
  EXPECT_EQ(OpTable::builtin()->find("swirl"), nullptr);
}

TEST_F(OpTest, CountsOperands) {
  const OpTable& table = *OpTable::builtin();
  EXPECT_EQ(table[OpKind::conv].min_operands(), 2);
  EXPECT_EQ(table[OpKind::conv].max_operands(), 3);
  EXPECT_EQ(table[OpKind::concat].min_operands(), 1);
  EXPECT_EQ(table[OpKind::concat].max_operands(), -1);
  EXPECT_EQ(table[OpKind::conv].operand_with_role(Role::weight), 1);
  EXPECT_EQ(table[OpKind::conv].operand_with_role(Role::bias), 2);
  EXPECT_EQ(table[OpKind::relu].operand_with_role(Role::weight), -1);
}

TEST_F(OpTest, UniformListsAreTheDefault) {
  const OpInfo& conv = (*OpTable::builtin())[OpKind::conv];
  EXPECT_TRUE(is_default(*conv.find_attribute("strides"), Ints{1, 1}));
  EXPECT_TRUE(is_default(*conv.find_attribute("strides"), Ints{}));
  EXPECT_FALSE(is_default(*conv.find_attribute("strides"), Ints{1, 2}));
  EXPECT_TRUE(is_default(*conv.find_attribute("pads"), Ints{0, 0, 0, 0}));
  EXPECT_FALSE(is_default(*conv.find_attribute("group"), std::int64_t{2}));
}

TEST_F(OpTest, LinksOfConvolutions) {
  Value& x = input({Dim(2), Dim(8), Dim(9), Dim(9)});
  Value& plain = graph.add(OpKind::conv, {&x, &constant({6, 8, 3, 3}), &constant({6})});
  EXPECT_THAT(links_of(plain), ElementsAre("o0.0>r0.0", "o0.1>o1.1", "o1.0>r0.1", "o2.0>r0.1"));
  Value& grouped =
      graph.add(OpKind::conv, {&x, &constant({6, 4, 3, 3})}, {{attr::group, std::int64_t{2}}});
  EXPECT_THAT(links_of(grouped),
              ElementsAre("o0.0>r0.0", "o0.1>o1.1 modulo 4", "o1.0>o1.0 modulo 3", "o1.0>r0.1"));
  Value& depthwise =
      graph.add(OpKind::conv, {&x, &constant({8, 1, 3, 3})}, {{attr::group, std::int64_t{8}}});
  EXPECT_THAT(links_of(depthwise), ElementsAre("o0.0>r0.0", "o0.1>o1.0", "o1.0>r0.1"));
  Value& multiplied =
      graph.add(OpKind::conv, {&x, &constant({16, 1, 3, 3})}, {{attr::group, std::int64_t{8}}});
  EXPECT_THAT(links_of(multiplied), ElementsAre("o0.0>r0.0", "o0.1>o1.0 repeat 2", "o1.0>r0.1"));
}

}  // namespace
}  // namespace rcc

#include "ir/op.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "ir/graph.h"
#include "ir/ops/functions.h"
#include "ir/shape_inference.h"

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

TEST_F(OpTest, LinksOfTransposedConvolutions) {
  Value& x = input({Dim(2), Dim(8), Dim(9), Dim(9)});
  Value& plain = graph.add(OpKind::conv_transpose, {&x, &constant({8, 6, 3, 3}), &constant({6})});
  EXPECT_THAT(links_of(plain), ElementsAre("o0.0>r0.0", "o0.1>o1.0", "o1.1>r0.1", "o2.0>r0.1"));
  Value& grouped = graph.add(OpKind::conv_transpose, {&x, &constant({8, 3, 3, 3})},
                             {{attr::group, std::int64_t{2}}});
  EXPECT_THAT(links_of(grouped),
              ElementsAre("o0.0>r0.0", "o0.1>o1.0", "o1.0>o1.0 modulo 4", "r0.1>o1.1 modulo 3"));
  Value& depthwise = graph.add(OpKind::conv_transpose, {&x, &constant({8, 1, 3, 3})},
                               {{attr::group, std::int64_t{8}}});
  EXPECT_THAT(links_of(depthwise), ElementsAre("o0.0>r0.0", "o0.1>o1.0", "o1.0>r0.1"));
}

TEST_F(OpTest, LinksOfMatrixProducts) {
  Value& x = input({Dim(2), Dim(8)});
  Value& plain = graph.add(OpKind::gemm, {&x, &constant({8, 5}), &constant({5})});
  EXPECT_THAT(links_of(plain), ElementsAre("o0.0>r0.0", "o0.1>o1.0", "o1.1>r0.1", "o2.0>r0.1"));
  Value& transposed =
      graph.add(OpKind::gemm, {&x, &constant({5, 8})}, {{attr::trans_b, std::int64_t{1}}});
  EXPECT_THAT(links_of(transposed), ElementsAre("o0.0>r0.0", "o0.1>o1.1", "o1.0>r0.1"));
  Value& batched = graph.add(OpKind::matmul, {&input({Dim(7), Dim(2), Dim(8)}), &constant({8, 5})});
  EXPECT_THAT(links_of(batched), ElementsAre("o0.2>o1.0", "o1.1>r0.2", "o0.1>r0.1", "o0.0>r0.0"));
}

TEST_F(OpTest, LinksOfBroadcastsSkipAxesOfSizeOne) {
  Value& x = input({Dim(2), Dim(8), Dim(4), Dim(4)});
  Value& sum = graph.add(OpKind::add, {&x, &constant({8, 1, 1})});
  EXPECT_THAT(links_of(sum),
              ElementsAre("o0.0>r0.0", "o0.1>r0.1", "o0.2>r0.2", "o0.3>r0.3", "o1.0>r0.1"));
  Value& norm = graph.add(OpKind::batch_norm,
                          {&x, &constant({8}), &constant({8}), &constant({8}), &constant({8})});
  EXPECT_THAT(links_of(norm), ElementsAre("o0.1>r0.1", "o1.0>r0.1", "o2.0>r0.1", "o3.0>r0.1",
                                          "o4.0>r0.1", "o0.0>r0.0", "o0.2>r0.2", "o0.3>r0.3"));
  Value& pooled = graph.add(OpKind::global_average_pool, {&x});
  EXPECT_THAT(links_of(pooled), ElementsAre("o0.1>r0.1", "o0.0>r0.0"));
}

TEST_F(OpTest, LinksOfConcatOfOneValueTwice) {
  Value& x = input({Dim(2), Dim(8), Dim(4)});
  Value& both = graph.add(OpKind::concat, {&x, &x}, {{attr::axis, std::int64_t{1}}});
  EXPECT_THAT(links_of(both), ElementsAre("o0.0>r0.0", "o0.1>r0.1", "o0.2>r0.2", "o1.0>r0.0",
                                          "o1.1>r0.1 offset 8", "o1.2>r0.2"));
}

TEST_F(OpTest, LinksOfSplitStartAtTheResults) {
  Value& x = input({Dim(2), Dim(8)});
  Graph::NodeSpec spec;
  spec.op = graph.ops().find("split");
  spec.operands = {&x};
  spec.attributes = {{attr::axis, std::int64_t{1}}, {attr::split, Ints{3, 5}}};
  spec.results.resize(2);
  Node& node = graph.add_node(std::move(spec));
  ASSERT_TRUE(infer_types(graph, node));
  EXPECT_THAT(links_of(*node.result(0)),
              ElementsAre("r0.0>o0.0", "r0.1>o0.1", "r1.0>o0.0", "r1.1>o0.1 offset 3"));
}

TEST_F(OpTest, LinksOfReshapesFollowTheSlowestAxis) {
  const Dim batch = graph.symbols().intern("N");
  Value& x = input({batch, Dim(8), Dim(4), Dim(5)});
  EXPECT_THAT(links_of(graph.add(OpKind::flatten, {&x})),
              ElementsAre("o0.0>r0.0", "o0.1>r0.1 repeat 20"));
  Value& back = graph.add(OpKind::reshape, {&input({batch, Dim(160)}), &numbers({0, 8, 4, 5})});
  EXPECT_THAT(links_of(back), ElementsAre("o0.0>r0.0", "r0.1>o0.1 repeat 20"));
  Value& squeezed =
      graph.add(OpKind::reshape, {&input({batch, Dim(8), Dim(1), Dim(1)}), &numbers({-1, 8})});
  EXPECT_THAT(links_of(squeezed), ElementsAre("o0.0>r0.0", "o0.1>r0.1"));
  // Channels in 2 groups of 4 (a shuffle): a group is a block of channels, the 4 are not linked.
  Value& grouped = graph.add(OpKind::reshape, {&x, &numbers({0, 2, 4, 4, 5})});
  EXPECT_THAT(links_of(grouped),
              ElementsAre("o0.0>r0.0", "r0.1>o0.1 repeat 4", "o0.2>r0.3", "o0.3>r0.4"));
}

TEST_F(OpTest, LinksOfMovement) {
  Value& x = input({Dim(2), Dim(8), Dim(1), Dim(5)});
  EXPECT_THAT(links_of(graph.add(OpKind::transpose, {&x}, {{attr::perm, Ints{0, 2, 3, 1}}})),
              ElementsAre("o0.0>r0.0", "o0.2>r0.1", "o0.3>r0.2", "o0.1>r0.3"));
  EXPECT_THAT(links_of(graph.add(OpKind::squeeze, {&x}, {{attr::axes, Ints{2}}})),
              ElementsAre("o0.0>r0.0", "o0.1>r0.1", "o0.3>r0.2"));
  EXPECT_THAT(links_of(graph.add(OpKind::unsqueeze, {&x}, {{attr::axes, Ints{1}}})),
              ElementsAre("o0.0>r0.0", "o0.1>r0.2", "o0.2>r0.3", "o0.3>r0.4"));
  EXPECT_THAT(links_of(graph.add(OpKind::reduce_mean, {&x},
                                 {{attr::axes, Ints{2, -1}}, {attr::keepdims, std::int64_t{0}}})),
              ElementsAre("o0.0>r0.0", "o0.1>r0.1"));
  EXPECT_THAT(links_of(graph.add(OpKind::pad, {&x, &numbers({0, 0, 1, 0, 0, 0, 1, 0})})),
              ElementsAre("o0.0>r0.0", "o0.1>r0.1", "o0.3>r0.3"));
  EXPECT_THAT(links_of(graph.add(OpKind::slice, {&x, &numbers({1}), &numbers({3}), &numbers({3})})),
              ElementsAre("o0.0>r0.0", "o0.1>r0.1", "o0.2>r0.2"));
  EXPECT_THAT(
      links_of(graph.add(OpKind::gather, {&x, &numbers({3, 0})}, {{attr::axis, std::int64_t{1}}})),
      ElementsAre("o0.0>r0.0", "o0.2>r0.2", "o0.3>r0.3", "o1.0>r0.1"));
  EXPECT_THAT(links_of(graph.add(OpKind::softmax, {&x}, {{attr::axis, std::int64_t{1}}})),
              ElementsAre("o0.0>r0.0", "o0.2>r0.2", "o0.3>r0.3"));
  EXPECT_TRUE(links_of(graph.add(OpKind::shape, {&x})).empty());
}

TEST_F(OpTest, LinksOfArrangements) {
  Value& x = input({Dim(2), Dim(8), Dim(6), Dim(4)});
  EXPECT_THAT(links_of(graph.add(OpKind::tile, {&x, &numbers({1, 3, 1, 1})})),
              ElementsAre("o0.0>r0.0", "r0.1>o0.1 modulo 8", "o0.2>r0.2", "o0.3>r0.3"));
  const std::int64_t two = 2;
  EXPECT_THAT(links_of(graph.add(OpKind::depth_to_space, {&x}, {{attr::blocksize, two}})),
              ElementsAre("o0.0>r0.0", "o0.1>r0.1 modulo 2"));
  EXPECT_THAT(links_of(graph.add(OpKind::depth_to_space, {&x},
                                 {{attr::blocksize, two}, {attr::mode, "CRD"}})),
              ElementsAre("o0.0>r0.0", "r0.1>o0.1 repeat 4"));
  EXPECT_THAT(links_of(graph.add(OpKind::space_to_depth, {&x}, {{attr::blocksize, two}})),
              ElementsAre("o0.0>r0.0", "r0.1>o0.1 modulo 8"));
  EXPECT_THAT(links_of(graph.add(OpKind::trilu, {&x})), ElementsAre("o0.0>r0.0", "o0.1>r0.1"));
  Value& axis = numbers({2});
  EXPECT_THAT(links_of(graph.add(OpKind::cum_sum, {&x, &axis})),
              ElementsAre("o0.0>r0.0", "o0.1>r0.1", "o0.3>r0.3"));
  EXPECT_THAT(links_of(graph.add(OpKind::arg_max, {&x},
                                 {{attr::axis, two}, {attr::keepdims, std::int64_t{0}}})),
              ElementsAre("o0.0>r0.0", "o0.1>r0.1", "o0.3>r0.2"));
  EXPECT_THAT(links_of(graph.add(OpKind::group_norm, {&x, &constant({8}), &constant({8})},
                                 {{attr::num_groups, two}})),
              ElementsAre("o0.0>r0.0"));
  EXPECT_THAT(links_of(graph.add(OpKind::instance_norm, {&x, &constant({8}), &constant({8})})),
              ElementsAre("o0.1>r0.1", "o1.0>r0.1", "o2.0>r0.1", "o0.0>r0.0"));
}

TEST_F(OpTest, LinksOfIndexedAccess) {
  Value& x = input({Dim(5), Dim(8), Dim(4)});
  const auto indices = [&](std::vector<std::int64_t> shape) -> Value& {
    return graph.add_input("i", Type(DType::i64, Shape(shape.begin(), shape.end())));
  };
  // Along axis 2 there are fewer indices than elements, so that axis is fixed as well.
  EXPECT_THAT(links_of(graph.add(OpKind::gather_elements, {&x, &indices({3, 8, 2})})),
              ElementsAre("o1.0>r0.0", "o0.1>r0.1", "o1.1>r0.1", "o1.2>r0.2"));
  EXPECT_THAT(links_of(graph.add(OpKind::gather_nd, {&x, &indices({7, 1})})),
              ElementsAre("o1.0>r0.0", "o0.1>r0.1", "o0.2>r0.2"));
  EXPECT_THAT(links_of(graph.add(OpKind::scatter_nd,
                                 {&x, &indices({7, 1}), &input({Dim(7), Dim(8), Dim(4)})})),
              ElementsAre("o0.1>r0.1", "o2.1>r0.1", "o0.2>r0.2", "o2.2>r0.2"));
}

TEST_F(OpTest, LinksOfEinsum) {
  Value& q = input({Dim(2), Dim(4), Dim(16), Dim(32)});
  Value& k = input({Dim(1), Dim(4), Dim(9), Dim(32)});
  EXPECT_THAT(
      links_of(graph.add(OpKind::einsum, {&q, &k}, {{attr::equation, "bhid,bhjd->bhij"}})),
      ElementsAre("o0.0>r0.0", "o0.1>r0.1", "o0.2>r0.2", "o1.1>r0.1", "o1.2>r0.3", "o1.3>o0.3"));
}

TEST_F(OpTest, LinksOfResizeAreThoseOfAxesThatStay) {
  Value& x = input({Dim(2), Dim(8), Dim(4), Dim(5)});
  Value& sizes = numbers({2, 8, 8, 10});
  Value& y = graph.add(OpKind::resize, {&x, nullptr, nullptr, &sizes});
  EXPECT_THAT(links_of(y), ElementsAre("o0.0>r0.0", "o0.1>r0.1"));
  graph.set_type(y, Type(DType::f32, {Dim(2), Dim(5), Dim(8), Dim(10)}));
  Node& resize = *y.producer();
  ASSERT_TRUE(resize.op().resize(resize, graph));
  EXPECT_THAT(resize.operand(3)->tensor().to_ints(), ElementsAre(2, 5, 8, 10));
}

TEST_F(OpTest, LinksOfQuantizersReachTheScales) {
  Value& x = input({Dim(2), Dim(8)});
  Value& zeros =
      graph.add_constant("z", Tensor::of<std::uint8_t>({8}, std::vector<std::uint8_t>(8)));
  EXPECT_THAT(links_of(graph.add(OpKind::quantize, {&x, &constant({8}), &zeros})),
              ElementsAre("o0.0>r0.0", "o0.1>r0.1", "o1.0>r0.1", "o2.0>r0.1"));
  EXPECT_THAT(links_of(graph.add(OpKind::quantize, {&x, &constant({})})),
              ElementsAre("o0.0>r0.0", "o0.1>r0.1"));
}

TEST_F(OpTest, FindsTheOutputAxisOfWeights) {
  Value& x = input({Dim(2), Dim(8), Dim(9), Dim(9)});
  const auto axes_of = [](const Value& result) {
    const auto axes = weight_axes(*result.producer());
    return axes ? std::pair(axes->operand, axes->output_axis) : std::pair(-1, -1);
  };
  using Pair = std::pair<int, int>;
  EXPECT_EQ(axes_of(graph.add(OpKind::conv, {&x, &constant({6, 8, 3, 3})})), Pair(1, 0));
  EXPECT_EQ(axes_of(graph.add(OpKind::conv, {&x, &constant({6, 4, 3, 3})},
                              {{attr::group, std::int64_t{2}}})),
            Pair(1, 0));
  EXPECT_EQ(axes_of(graph.add(OpKind::conv_transpose, {&x, &constant({8, 6, 3, 3})})), Pair(1, 1));
  Value& row = input({Dim(2), Dim(8)});
  EXPECT_EQ(axes_of(graph.add(OpKind::gemm, {&row, &constant({8, 5})})), Pair(1, 1));
  EXPECT_EQ(axes_of(graph.add(OpKind::gemm, {&row, &constant({5, 8})},
                              {{attr::trans_b, std::int64_t{1}}})),
            Pair(1, 0));
  EXPECT_EQ(
      axes_of(graph.add(OpKind::matmul, {&input({Dim(3), Dim(2), Dim(8)}), &constant({3, 8, 5})})),
      Pair(1, 2));
  EXPECT_EQ(axes_of(graph.add(OpKind::relu, {&x})), Pair(-1, -1));
}

TEST_F(OpTest, ZeroBehaviourDependsOnConstants) {
  Value& x = input({Dim(2)});
  const auto scalar = [&](float value) -> Value& {
    return graph.add_constant("s", Tensor::scalar(value));
  };
  const auto keeps = [](const Value& result) { return preserves_zero(*result.producer()); };
  EXPECT_TRUE(keeps(graph.add(OpKind::relu, {&x})));
  EXPECT_TRUE(keeps(graph.add(OpKind::mul, {&x, &x})));
  EXPECT_FALSE(keeps(graph.add(OpKind::sigmoid, {&x})));
  EXPECT_TRUE(keeps(graph.add(OpKind::clip, {&x, &scalar(0), &scalar(6)})));
  EXPECT_FALSE(keeps(graph.add(OpKind::clip, {&x, &scalar(1), &scalar(6)})));
  EXPECT_FALSE(keeps(graph.add(OpKind::clip, {&x, &input({})})));
  EXPECT_TRUE(keeps(graph.add(OpKind::div, {&x, &scalar(2)})));
  EXPECT_FALSE(keeps(graph.add(OpKind::div, {&x, &scalar(0)})));
  EXPECT_TRUE(keeps(graph.add(OpKind::pow, {&x, &scalar(2)})));
  EXPECT_FALSE(keeps(graph.add(OpKind::pow, {&x, &scalar(0)})));
  EXPECT_TRUE(keeps(graph.add(OpKind::pad, {&x, &numbers({1, 1})})));
  EXPECT_FALSE(keeps(graph.add(OpKind::pad, {&x, &numbers({1, 1}), &scalar(1)})));
  EXPECT_FALSE(keeps(graph.add(OpKind::hard_sigmoid, {&x})));
}

TEST_F(OpTest, ResizeBringsAttributesInLine) {
  Value& x = input({Dim(2), Dim(8), Dim(9), Dim(9)});
  Value& weight = constant({8, 1, 3, 3});
  Value& y = graph.add(OpKind::conv, {&x, &weight}, {{attr::group, std::int64_t{8}}});
  graph.set_type(x, Type(DType::f32, {Dim(2), Dim(5), Dim(9), Dim(9)}));
  graph.set_tensor(weight, ones({5, 1, 3, 3}));
  Node& conv = *y.producer();
  ASSERT_TRUE(conv.op().resize(conv, graph));
  EXPECT_EQ(conv.attribute_int(attr::group), 5);

  Value& shape = numbers({0, 8, -1});
  Value& reshaped = graph.add(OpKind::reshape, {&input({Dim(2), Dim(8), Dim(3), Dim(3)}), &shape});
  graph.set_type(reshaped, Type(DType::f32, {Dim(2), Dim(5), Dim(9)}));
  Node& reshape = *reshaped.producer();
  ASSERT_TRUE(reshape.op().resize(reshape, graph));
  EXPECT_THAT(reshape.operand(1)->tensor().to_ints(), ElementsAre(0, 5, -1));
  // Others may read the old constant.
  EXPECT_THAT(shape.tensor().to_ints(), ElementsAre(0, 8, -1));
}

}  // namespace
}  // namespace rcc

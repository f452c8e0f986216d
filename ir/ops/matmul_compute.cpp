#include "ir/ops/compute.h"
#include "ir/ops/dense_product.h"

namespace rcc {

Result<Tensors> interpret_gemm(const Node& node, Operands operands) {
  const bool is_a = node.attribute_int(attr::trans_a) != 0;
  const bool is_b = node.attribute_int(attr::trans_b) != 0;
  const std::vector<double> x = operands[0]->to_doubles();
  const std::vector<double> weight = operands[1]->to_doubles();
  const std::int64_t x_columns = operands[0]->shape()[1];
  const std::int64_t w_columns = operands[1]->shape()[1];
  const Sizes sizes = result_sizes(node);
  const std::int64_t depth = operands[0]->shape()[is_a ? 0 : 1];
  std::vector<double> y(static_cast<std::size_t>(element_count(sizes)));
  multiply({x.data(), is_a ? 1 : x_columns, is_a ? x_columns : 1},
           {weight.data(), is_b ? 1 : w_columns, is_b ? w_columns : 1}, sizes[0], depth, sizes[1],
           y.data());
  const double alpha = node.attribute_float(attr::alpha);
  const double beta = node.attribute_float(attr::beta);
  for (double& value : y) value *= alpha;
  if (operands.size() > 2 && operands[2]) {
    const std::vector<double> bias = operands[2]->to_doubles();
    const Sizes strides = broadcast_strides(operands[2]->shape(), sizes);
    for (std::int64_t i = 0; i < sizes[0]; ++i) {
      for (std::int64_t j = 0; j < sizes[1]; ++j) {
        y[static_cast<std::size_t>(i * sizes[1] + j)] +=
            beta * bias[static_cast<std::size_t>(i * strides[0] + j * strides[1])];
      }
    }
  }
  return one(Tensor::from_doubles(node.result()->type().dtype, sizes, y));
}

namespace {

// Sizes of a product in numpy's manner, with vectors made matrices.
struct ProductSizes {
  Sizes a, b;
  // Batch sizes of the result.
  Sizes batch;
  std::int64_t rows = 0;
  std::int64_t depth = 0;
  std::int64_t columns = 0;
};

ProductSizes product_sizes(const Tensor& a, const Tensor& b, const Sizes& result) {
  ProductSizes sizes{.a = a.shape(), .b = b.shape(), .batch = result};
  if (a.rank() > 1) sizes.batch.pop_back();
  if (b.rank() > 1) sizes.batch.pop_back();
  if (a.rank() == 1) sizes.a.insert(sizes.a.begin(), 1);
  if (b.rank() == 1) sizes.b.push_back(1);
  sizes.depth = sizes.a.back();
  sizes.a.pop_back();
  sizes.rows = sizes.a.back();
  sizes.a.pop_back();
  sizes.columns = sizes.b.back();
  sizes.b.pop_back();
  sizes.b.pop_back();
  return sizes;
}

std::vector<double> batched_product(const std::vector<double>& a, const std::vector<double>& b,
                                    const ProductSizes& sizes) {
  const std::int64_t size = sizes.rows * sizes.columns;
  std::vector<double> y(static_cast<std::size_t>(element_count(sizes.batch) * size));
  double* out = y.data();
  RowWalk walk(sizes.batch,
               {broadcast_strides(sizes.a, sizes.batch), broadcast_strides(sizes.b, sizes.batch)});
  for (; !walk.is_done(); walk.next()) {
    for (std::int64_t i = 0; i < walk.row_size(); ++i, out += size) {
      const std::int64_t left = walk.offset(0) + i * walk.step(0);
      const std::int64_t right = walk.offset(1) + i * walk.step(1);
      multiply({a.data() + left * sizes.rows * sizes.depth, sizes.depth, 1},
               {b.data() + right * sizes.depth * sizes.columns, sizes.columns, 1}, sizes.rows,
               sizes.depth, sizes.columns, out);
    }
  }
  return y;
}

// Elements less their zero point: one number, or one for each step of a row (a) or column (b).
std::vector<double> centred(const Tensor& tensor, const Tensor* zero_point, std::int64_t inner) {
  std::vector<double> values = tensor.to_doubles();
  if (!zero_point) return values;
  const std::vector<double> zeros = zero_point->to_doubles();
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] -= zeros[(i / static_cast<std::size_t>(inner)) % zeros.size()];
  }
  return values;
}

}  // namespace

Result<Tensors> interpret_matmul(const Node& node, Operands operands) {
  const Sizes result = result_sizes(node);
  const ProductSizes sizes = product_sizes(*operands[0], *operands[1], result);
  const std::vector<double> y =
      batched_product(operands[0]->to_doubles(), operands[1]->to_doubles(), sizes);
  return one(Tensor::from_doubles(node.result()->type().dtype, result, y));
}

Result<Tensors> interpret_matmul_integer(const Node& node, Operands operands) {
  const Sizes result = result_sizes(node);
  const ProductSizes sizes = product_sizes(*operands[0], *operands[1], result);
  const auto zero_point = [&](std::size_t i) {
    return i < operands.size() ? operands[i] : nullptr;
  };
  const std::vector<double> y = batched_product(centred(*operands[0], zero_point(2), sizes.depth),
                                                centred(*operands[1], zero_point(3), 1), sizes);
  return one(Tensor::from_doubles(DType::i32, result, y));
}

}  // namespace rcc

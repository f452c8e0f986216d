#include <algorithm>
#include <map>

#include "ir/ops/compute.h"
#include "ir/ops/einsum.h"

namespace rcc {

namespace {

// The loops over all labels: those of the result, then the summed ones.
struct Loops {
  std::vector<int> labels;
  Sizes sizes;
};

Loops loops_of(const EinsumLabels& labels, Operands operands) {
  std::map<int, std::int64_t> sizes;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    for (std::size_t axis = 0; axis < labels.operands[i].size(); ++axis) {
      std::int64_t& size = sizes.try_emplace(labels.operands[i][axis], 1).first->second;
      if (operands[i]->shape()[axis] != 1) size = operands[i]->shape()[axis];
    }
  }
  Loops loops{.labels = labels.result, .sizes = {}};
  for (const auto& [label, size] : sizes) {
    if (std::ranges::find(labels.result, label) == labels.result.end())
      loops.labels.push_back(label);
  }
  for (const int label : loops.labels) loops.sizes.push_back(sizes.at(label));
  return loops;
}

// Elements from one step of each loop to the next; the axes of a label that appears twice add up.
Sizes strides_of(const Loops& loops, const std::vector<int>& labels, const Sizes& sizes) {
  const Sizes own = row_major_strides(sizes);
  Sizes strides(loops.labels.size(), 0);
  for (std::size_t axis = 0; axis < labels.size(); ++axis) {
    const auto loop = std::ranges::find(loops.labels, labels[axis]) - loops.labels.begin();
    if (sizes[axis] != 1) strides[static_cast<std::size_t>(loop)] += own[axis];
  }
  return strides;
}

}  // namespace

Result<Tensors> interpret_einsum(const Node& node, Operands operands) {
  const EinsumLabels labels = RCC_TRY(einsum_labels(node));
  const Loops loops = loops_of(labels, operands);
  const Sizes sizes = result_sizes(node);
  std::vector<Sizes> strides{strides_of(loops, labels.result, sizes)};
  std::vector<std::vector<double>> values;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    values.push_back(operands[i]->to_doubles());
    strides.push_back(strides_of(loops, labels.operands[i], operands[i]->shape()));
  }
  RCC_TRY(check_result_size(Type(DType::f64, Shape(loops.sizes.begin(), loops.sizes.end()))));
  std::vector<double> y(static_cast<std::size_t>(element_count(sizes)));
  for (RowWalk walk(loops.sizes, strides); !walk.is_done(); walk.next()) {
    for (std::int64_t step = 0; step < walk.row_size(); ++step) {
      double product = 1;
      for (std::size_t i = 0; i < values.size(); ++i) {
        product *=
            values[i][static_cast<std::size_t>(walk.offset(i + 1) + step * walk.step(i + 1))];
      }
      y[static_cast<std::size_t>(walk.offset(0) + step * walk.step(0))] += product;
    }
  }
  return one(Tensor::from_doubles(node.result()->type().dtype, sizes, y));
}

}  // namespace rcc

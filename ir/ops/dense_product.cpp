#include "ir/ops/dense_product.h"

#include <algorithm>

namespace rcc {

namespace {

using Pair = double __attribute__((vector_size(16)));
using Quad = double __attribute__((vector_size(32)));

// `kRows` rows at once, their sums in registers. Vector is the widest type of the processor; the
// operations on each element are the same for all.
template <typename Vector, int kRows>
[[gnu::always_inline]] inline void multiply_rows(const double* left, std::int64_t depth,
                                                 const double* panel, double* out) {
  constexpr int kLanes = sizeof(Vector) / sizeof(double);
  constexpr int kVectors = static_cast<int>(kPanelColumns) / kLanes;
  Vector sums[kRows][kVectors] = {};
  for (std::int64_t k = 0; k < depth; ++k) {
    Vector right[kVectors];
    __builtin_memcpy(right, panel + k * kPanelColumns, sizeof right);
    for (int row = 0; row < kRows; ++row) {
      for (int i = 0; i < kVectors; ++i) sums[row][i] += left[row * depth + k] * right[i];
    }
  }
  __builtin_memcpy(out, sums, sizeof sums);
}

template <typename Vector>
[[gnu::always_inline]] inline void multiply_all(const double* left, std::int64_t rows,
                                                std::int64_t depth, const double* panel,
                                                double* out) {
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    multiply_rows<Vector, 4>(left + row * depth, depth, panel, out + row * kPanelColumns);
  }
  for (; row < rows; ++row) {
    multiply_rows<Vector, 1>(left + row * depth, depth, panel, out + row * kPanelColumns);
  }
}

void multiply_portably(const double* left, std::int64_t rows, std::int64_t depth,
                       const double* panel, double* out) {
  multiply_all<Pair>(left, rows, depth, panel, out);
}

#ifdef __x86_64__
// Without "fma", which would round differently.
[[gnu::target("avx2")]] void multiply_with_avx2(const double* left, std::int64_t rows,
                                                std::int64_t depth, const double* panel,
                                                double* out) {
  multiply_all<Quad>(left, rows, depth, panel, out);
}
#endif

using MultiplyPanel = void (*)(const double*, std::int64_t, std::int64_t, const double*, double*);

MultiplyPanel choose_multiply_panel() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return multiply_with_avx2;
#endif
  return multiply_portably;
}

}  // namespace

void multiply_panel(const double* left, std::int64_t rows, std::int64_t depth, const double* panel,
                    double* out) {
  static const MultiplyPanel chosen = choose_multiply_panel();
  chosen(left, rows, depth, panel, out);
}

void multiply(MatrixView left, MatrixView right, std::int64_t rows, std::int64_t depth,
              std::int64_t columns, double* out) {
  std::vector<double> row_major;
  const double* rows_of_left = left.data;
  if (left.column_stride != 1 || left.row_stride != depth) {
    row_major.resize(static_cast<std::size_t>(rows * depth));
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t k = 0; k < depth; ++k) {
        row_major[static_cast<std::size_t>(i * depth + k)] =
            left.data[i * left.row_stride + k * left.column_stride];
      }
    }
    rows_of_left = row_major.data();
  }
  std::vector<double> panel(static_cast<std::size_t>(depth * kPanelColumns));
  std::vector<double> product(static_cast<std::size_t>(rows * kPanelColumns));
  for (std::int64_t first = 0; first < columns; first += kPanelColumns) {
    const std::int64_t count = std::min(kPanelColumns, columns - first);
    for (std::int64_t k = 0; k < depth; ++k) {
      const double* from = right.data + k * right.row_stride + first * right.column_stride;
      double* to = panel.data() + k * kPanelColumns;
      for (std::int64_t j = 0; j < count; ++j) to[j] = from[j * right.column_stride];
    }
    multiply_panel(rows_of_left, rows, depth, panel.data(), product.data());
    for (std::int64_t i = 0; i < rows; ++i) {
      std::copy_n(product.data() + i * kPanelColumns, count, out + i * columns + first);
    }
  }
}

}  // namespace rcc

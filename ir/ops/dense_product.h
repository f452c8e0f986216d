#pragma once

#include <cstdint>
#include <vector>

namespace rcc {

// Matrix products in float64 for contractions. The right factor comes in panels of kPanelColumns
// columns, depth after depth. Every element is summed in order of depth and without fused
// multiply-add, so results are the same on every processor.
inline constexpr std::int64_t kPanelColumns = 8;

// out[row][column] = sum over depth of left[row][depth] * panel[depth][column]; left is row-major
// with `rows` rows, out has kPanelColumns columns.
void multiply_panel(const double* left, std::int64_t rows, std::int64_t depth, const double* panel,
                    double* out);

// A matrix inside an array, with any strides.
struct MatrixView {
  const double* data = nullptr;
  std::int64_t row_stride = 0;
  std::int64_t column_stride = 0;
};

// out (rows x columns, row-major) = left * right.
void multiply(MatrixView left, MatrixView right, std::int64_t rows, std::int64_t depth,
              std::int64_t columns, double* out);

}  // namespace rcc

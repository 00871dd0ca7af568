// Products of matrices, by a BLAS that the caller hands over, and sums over rows.

#pragma once

#include <algorithm>

namespace {

constexpr int MOST = 4096;  // the largest number of filters or classes: the size of fixed buffers
constexpr int ROWS = 64;    // rows that are summed in S before the sum is added in double

// BLAS's gemm in its Fortran interface, in which matrices are column-major.
template <class S>
using Gemm = void (*)(const char*, const char*, const int*, const int*, const int*, const S*,
                      const S*, const int*, const S*, const int*, const S*, S*, const int*);
template <class S> Gemm<S> gemm;
int (*blas_threads_of_this_thread)(int);

// C [m, n] = A B + beta C, row-major, with A transposed where `ta` and B where `tb`.
// A row-major matrix is its transpose to BLAS, which therefore computes C^T = B^T A^T.
template <class S>
void multiply(bool ta, bool tb, int m, int n, int k, const S* A, const S* B, S beta, S* C) {
  const S one = 1;
  const int lb = tb ? k : n, la = ta ? m : k;
  gemm<S>(tb ? "T" : "N", ta ? "T" : "N", &n, &m, &k, &one, B, &lb, A, &la, &beta, C, &n);
}

// Sums over rows: `add(row, sums)` adds one row to `sums` [width]; the result is `total` [width].
// Blocks of ROWS rows are summed in S, and the blocks in double.
template <class S, class Add> void sum_rows(long rows, int width, double* total, const Add& add) {
  S sums[2 * MOST];
  std::fill(total, total + width, 0.0);
  for (long first = 0; first < rows; first += ROWS) {
    std::fill(sums, sums + width, S(0));
    for (long row = first; row < std::min(rows, first + ROWS); row++) add(row, sums);
    for (int i = 0; i < width; i++) total[i] += sums[i];
  }
}

}  // namespace

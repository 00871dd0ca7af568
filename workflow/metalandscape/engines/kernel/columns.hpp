// Convolution as a product of matrices: the 3x3 patches of images as rows (im2col), and back.

#pragma once

#include <algorithm>
#include <cstring>

#include "network.hpp"

namespace {

// Patches of zero-padded images: [n, height, width, inputs] to [n * positions, patch].
// Each of a patch's three lines is one copy: its taps `first` up to `last` lie inside the image.
template <class S> void to_columns(const Module& m, int stride, const S* images, int n, S* out) {
  const int C = m.inputs;
  for (int image = 0; image < n; image++, images += m.input)
    for (int row = 0; row < m.rows; row++)
      for (int column = 0; column < m.columns; column++)
        for (int tap = 0; tap < 3; tap++, out += 3 * C) {
          const int y = row * stride + tap - 1, x = column * stride - 1;
          const bool inside = y >= 0 && y < m.height;
          const int first = x < 0 ? 1 : 0, last = inside ? std::min(3, m.width - x) : first;
          std::memset(out, 0, sizeof(S) * first * C);
          std::memcpy(out + first * C, images + ((long)y * m.width + x + first) * C,
                      sizeof(S) * (last - first) * C);
          std::memset(out + last * C, 0, sizeof(S) * (3 - last) * C);
        }
}

// The transpose of `to_columns`: each pixel becomes the sum of the taps that are copied from it.
template <class S> void from_columns(const Module& m, int stride, const S* in, int n, S* images) {
  const int C = m.inputs;
  for (int image = 0; image < n; image++, in += m.positions * m.patch)
    for (int y = 0; y < m.height; y++)
      for (int x = 0; x < m.width; x++, images += C) {
        const int top = std::max(0, y + stride - 2) / stride;
        const int left = std::max(0, x + stride - 2) / stride;
        const int bottom = std::min(m.rows - 1, (y + 1) / stride);
        const int right = std::min(m.columns - 1, (x + 1) / stride);
        for (int row = top; row <= bottom; row++)
          for (int column = left; column <= right; column++) {
            const int tap = 3 * (y + 1 - row * stride) + x + 1 - column * stride;
            const S* __restrict from = in + ((long)row * m.columns + column) * m.patch + tap * C;
            S* __restrict to = images;
            if (row == top && column == left)
              std::copy_n(from, C, to);
            else
              for (int i = 0; i < C; i++) to[i] += from[i];
          }
      }
}

}  // namespace

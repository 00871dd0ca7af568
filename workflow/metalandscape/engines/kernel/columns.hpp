// Convolution as a product of matrices: the 3x3 patches of images as rows (im2col), and back.

#pragma once

#include <algorithm>
#include <cstring>

#include "network.hpp"

namespace {

// Patches of zero-padded images, of which the tile's first is the first: [images, height, width,
// inputs] to [positions of the tile, patch].
// Each of a patch's three lines is one copy: its taps `first` up to `last` lie inside the image.
template <class S>
void to_columns(const Module& m, int stride, const S* images, const Tile& tile, S* out) {
  const int C = m.inputs;
  for (int image = 0; image < tile.images; image++, images += m.input)
    for (int row = tile.row; row < tile.row + tile.rows; row++)
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
// The tiles of an image come in order, and each adds its taps to those of the tiles before.
template <class S>
void from_columns(const Module& m, int stride, const S* in, const Tile& tile, S* images) {
  const int C = m.inputs, end = tile.row + tile.rows;
  // The pixels from which a tile of the image has taps.
  const int lowest = std::max(0, tile.row * stride - 1);
  const int highest = std::min(m.height - 1, (end - 1) * stride + 1);
  for (int image = 0; image < tile.images; image++, images += m.input)
    for (int y = lowest; y <= highest; y++)
      for (int x = 0; x < m.width; x++) {
        const int top = std::max(0, y + stride - 2) / stride;
        const int left = std::max(0, x + stride - 2) / stride;
        const int bottom = std::min(m.rows - 1, (y + 1) / stride);
        const int right = std::min(m.columns - 1, (x + 1) / stride);
        S* __restrict to = images + ((long)y * m.width + x) * C;
        for (int row = std::max(top, tile.row); row <= std::min(bottom, end - 1); row++)
          for (int column = left; column <= right; column++) {
            const int tap = 3 * (y + 1 - row * stride) + x + 1 - column * stride;
            const long position = ((long)image * tile.rows + row - tile.row) * m.columns + column;
            const S* __restrict from = in + position * m.patch + tap * C;
            if (row == top && column == left)
              std::copy_n(from, C, to);
            else
              for (int i = 0; i < C; i++) to[i] += from[i];
          }
      }
}

}  // namespace

// The network's sizes, and where its parameters are in theta.

#pragma once

#include <vector>

namespace {

// One module: convolution, batch norm, ReLU, and a 2x2 max-pool where the network pools.
struct Module {
  int inputs, height, width;                 // channels, height and width of the input
  int rows, columns, out_rows, out_columns;  // height and width of z; of y, after pooling
  long weight, scale, shift;                 // offsets of W, g and b in theta
  long positions, out_positions;             // rows * columns of z; of y
  long patch, input;                         // 9 * inputs; height * width * inputs
};

// Positions of z that are computed together: some rows of every one of some images. Several images
// are whole.
struct Tile {
  int image, images;  // the first image, and how many
  int row, rows;      // the first row of z, and how many

  bool first() const { return image == 0 && row == 0; }
  // The tile's first position among those of all images, and how many it has.
  long at(const Module& m) const { return image * m.positions + (long)row * m.columns; }
  int positions(const Module& m) const { return images * rows * m.columns; }
  // The same as `at` for y, if the module pools.
  long below(const Module& m) const { return image * m.out_positions + row / 2L * m.out_columns; }
};

// All modules and the linear layer. Sizes are numbers of elements.
struct Network {
  int filters, way, stride;
  bool pools, mean;  // 2x2 max-pools instead of strides; the last map is averaged over space
  std::vector<Module> modules;
  // Length of h, whose last element is the constant 1 of the bias; offset of the linear layer's
  // [way, features] in theta; length of theta.
  long features, linear, parameters;

  Network(int way, int inputs, int height, int width, int filters, int count, int stride, int mean)
      : filters(filters), way(way), stride(stride), pools(stride == 1), mean(mean) {
    long offset = 0;
    for (int index = 0; index < count; index++) {
      modules.push_back(module(inputs, height, width, offset));
      const Module& m = modules.back();
      offset = m.shift + filters;
      inputs = filters, height = m.out_rows, width = m.out_columns;
    }
    features = 1 + (mean ? filters : filters * modules.back().out_positions);
    linear = offset, parameters = linear + way * features;
  }

  int last() const { return (int)modules.size() - 1; }
  // Positions of one image in the last module's output.
  long out_positions() const { return modules.back().out_positions; }

 private:
  // A module for inputs of that size, whose parameters start at `offset`.
  Module module(int inputs, int height, int width, long offset) const {
    Module m;
    m.inputs = inputs, m.height = height, m.width = width;
    m.rows = (height - 1) / stride + 1, m.columns = (width - 1) / stride + 1;
    m.out_rows = pools ? m.rows / 2 : m.rows, m.out_columns = pools ? m.columns / 2 : m.columns;
    m.positions = (long)m.rows * m.columns, m.out_positions = (long)m.out_rows * m.out_columns;
    m.patch = 9 * inputs, m.input = (long)height * width * inputs;
    m.weight = offset, m.scale = m.weight + m.patch * filters, m.shift = m.scale + filters;
    return m;
  }
};

}  // namespace

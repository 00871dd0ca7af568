// The memory of one thread, and the passes through the network that work in it.

#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "arithmetic.hpp"
#include "columns.hpp"
#include "network.hpp"
#include "pooling.hpp"

namespace {

constexpr long TILE = 96 * 1024;  // elements of `columns` in a tile; two tiles fit into 1 MB
constexpr long LARGE = 2 * TILE;  // an image with more than that is several tiles
constexpr double EPSILON = 1e-5;  // of batch norm

template <class S> using Vector = std::vector<S>;

// Memory for `size` elements in a vector that only ever grows.
template <class S> S* reserved(Vector<S>& v, long size) {
  if ((long)v.size() < size) v.resize(size);
  return v.data();
}

// What the passes leave of one set of images at one theta.
template <class S> struct Context {
  struct Part {             // of a module; C is the number of filters, M of positions of all images
    Vector<S> x, mean, r;   // x [M, C], which is z until `activate`; [C]; [C]
    Vector<S> peak, place;  // if the module pools: x at the maxima, and which of the four they are
    Vector<S> du, dz;       // du where y is; dz everywhere
    Vector<S> db, dg;       // [C], divided by M
    Vector<S> columns;      // kept for Hessian products
    // x where y is: everywhere, or at the maxima.
    const S* at_output(bool pools) const { return pools ? peak.data() : x.data(); }
  };
  std::vector<Part> part;
  Vector<S> theta, h, p, dlogits;  // p: the softmax of the logits
  double loss = 0, accuracy = 0;
  explicit Context(int modules) : part(modules) {}
};

// What a Hessian product keeps of a module between its two passes.
template <class S> struct Tangent {
  Vector<S> x, peak, columns, s;
};

// Factors per filter of the terms whose sum is dz or, with the tangents x' and du', dz'.
template <class S> struct Factors {
  S constant[MOST], x[MOST], tx[MOST], du[MOST], tdu[MOST];
};

template <class S> struct Workspace {
  const Network net;
  const int C;
  explicit Workspace(const Network& network)
      : net(network), C(network.filters), point(network.modules.size()),
        tangent(network.modules.size()) {}

  // Calls of the C interface; see kernel.cpp.
  void set_images(int slot, const S* x, int n);
  void gradient_at(int slot, int step, const S* theta, const int64_t* y, S* out, double* result);
  void product_at(int slot, int step, const S* v, S* out);

 private:
  Vector<S> slot_columns[2];  // of the images in a slot, [n * positions, patch]
  int slot_images[2];
  const S* input = nullptr;  // the columns of the slot in use
  Context<S> point;          // for gradients that no Hessian product follows
  std::vector<Context<S>> steps;
  // Scratch memory: tiles, and what one module hands to the next.
  Vector<S> tile_y, tile_columns, tile_dcolumns, tile_dz, dh;
  std::vector<Tangent<S>> tangent;
  Vector<S> tangent_y, tangent_du, tangent_below, tangent_h, tangent_logits, tangent_dh;

  // Makes a slot's images the input of the passes, and returns how many they are.
  int enter(int slot);

  // forward.hpp
  void forward(Context<S>& k, const S* theta, const int64_t* y, int n, bool keep);
  void convolve(Context<S>& k, int index, const S* theta, int n, bool keep);
  void classify(Context<S>& k, const S* theta, const int64_t* y, int n);
  void activate(Context<S>& k, int index, const S* theta, int first, int n, S* out, bool finish);
  void finish_lines(Context<S>& k, int index, const S* g, const Tile& lines);
  const S* columns_of(Context<S>& k, int index, const S* theta, const Tile& tile, bool kept,
                      bool finish);
  void features(S* h, S* y, int n, bool back, S last) const;

  // backward.hpp
  void backward(Context<S>& k, const S* theta, int n, S* out, bool keep);
  void backward_module(Context<S>& k, int index, const S* theta, int n, S* out, bool keep);
  template <bool with_tangents>
  void combine(const Context<S>& k, int index, const Tile& tile, const Factors<S>& by, const S* tx,
               const S* tdu, S* out) const;
  void mask_and_sum(const Context<S>& k, int index, int n, const S* theta, S* value, const S* du,
                    const S* tx, double* sums) const;
  void spread_sums(const Module& m, const double* sums, int n, S* out, S* db, S* dg) const;

  // tangent.hpp
  void product(Context<S>& k, int n, const S* v, S* out);
  void tangent_convolve(Context<S>& k, int index, int n, const S* v);
  void tangent_normalize(Context<S>& k, int index, long M);
  void tangent_activate(Context<S>& k, int index, int n, const S* v);
  void tangent_classify(Context<S>& k, int n, const S* v, S* out);
  void tangent_backward(Context<S>& k, int index, int n, const S* v, S* out);
  void tangent_factors(const Context<S>& k, int index, const S* v, const S* tdb, const S* tdg,
                       Factors<S>& by) const;

  // Calls `f(tile)` for tiles of at most `lines` rows, an even number, that make up n images.
  template <class F>
  static void each_lines(const Module& m, int first, int n, int lines, const F& f) {
    for (int image = first; image < first + n; image++)
      for (int row = 0; row < m.rows; row += lines)
        f(Tile{image, 1, row, std::min(lines, m.rows - row)});
  }

  // Calls `f(tile)` for tiles that make up n images and suit the cache.
  template <class F> void each_tile(const Module& m, int n, const F& f) const {
    const long size = m.positions * m.patch;
    if (size > LARGE) {
      const int lines = (int)(TILE / (m.columns * (m.patch + C)));
      return each_lines(m, 0, n, std::max(2, lines / 2 * 2), f);
    }
    const int images = (int)std::max(1L, TILE / size);
    for (int first = 0; first < n; first += images)
      f(Tile{first, std::min(images, n - first), 0, m.rows});
  }

  // Calls `f(offset in z, offset in y)` for every 2x2 square of a tile, whose first is at 0 and 0.
  template <class F> void each_square(const Module& m, const Tile& tile, const F& f) const {
    const int rows = std::min(tile.rows / 2, m.out_rows - tile.row / 2);
    long out = 0;
    for (int image = 0; image < tile.images; image++)
      for (int row = 0; row < rows; row++)
        for (int column = 0; column < m.out_columns; column++, out += C)
          f((image * m.positions + 2 * row * m.columns + 2 * column) * C, out);
  }
};

}  // namespace

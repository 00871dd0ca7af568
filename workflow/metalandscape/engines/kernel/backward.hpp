// The backward pass: the gradient.

#pragma once

#include "workspace.hpp"

namespace {

// The gradient (packed) in a context that `forward` filled, with the same theta and `keep`.
template <class S>
void Workspace<S>::backward(Context<S>& k, const S* theta, int n, S* out, bool keep) {
  const int W = net.way, D = (int)net.features;
  multiply<S>(true, false, W, D, n, k.dlogits.data(), k.h.data(), 0, out + net.linear);
  S* d = reserved(dh, (long)n * D);
  multiply<S>(false, false, n, D, W, k.dlogits.data(), theta + net.linear, 0, d);
  features(d, reserved(k.part[net.last()].du, n * net.out_positions() * C), n, true, 0);
  for (int index = net.last(); index >= 0; index--)
    backward_module(k, index, theta, n, out, keep);
}

// The gradient of a module's parameters, and du of the module below before its ReLU.
template <class S>
void Workspace<S>::backward_module(Context<S>& k, int index, const S* theta, int n, S* out,
                                   bool keep) {
  const Module& m = net.modules[index];
  auto& part = k.part[index];
  double sums[2 * MOST];
  mask_and_sum(k, index, n, theta, part.du.data(), nullptr, nullptr, sums);
  spread_sums(m, sums, n, out, reserved(part.db, C), reserved(part.dg, C));
  // Hessian products need dz where columns' is not zero: in all modules but the first.
  if (keep && index) reserved(part.dz, n * m.positions * C);
  Factors<S> by;
  for (int i = 0; i < C; i++) {
    by.du[i] = theta[m.scale + i] * part.r[i];
    by.constant[i] = -by.du[i] * part.db[i], by.x[i] = -by.du[i] * part.dg[i];
  }
  each_tile(m, n, [&](const Tile& tile) {
    const int rows = tile.positions(m);
    S* dz = keep && index ? part.dz.data() + tile.at(m) * C : reserved(tile_dz, rows * C);
    combine<false>(k, index, tile, by, nullptr, nullptr, dz);
    const S* columns = columns_of(k, index, theta, tile, keep, false);
    multiply<S>(true, false, m.patch, C, rows, columns, dz, tile.first() ? 0 : 1, out + m.weight);
    if (!index) return;
    S* dcolumns = reserved(tile_dcolumns, rows * m.patch);
    multiply<S>(false, true, rows, m.patch, C, dz, theta + m.weight, 0, dcolumns);
    S* below = reserved(k.part[index - 1].du, n * m.input) + tile.image * m.input;
    from_columns(m, net.stride, dcolumns, tile, below);
  });
}

// A tile of dz or, with the tangents x' (tx) and du' (tdu), of dz'. du and du' are where y is.
template <class S>
template <bool with_tangents>
void Workspace<S>::combine(const Context<S>& k, int index, const Tile& tile, const Factors<S>& by,
                           const S* tx, const S* tdu, S* out) const {
  const Module& m = net.modules[index];
  const auto& part = k.part[index];
  const long offset = tile.at(m) * C, below = net.pools ? tile.below(m) * C : offset;
  const S *x = part.x.data() + offset, *du = part.du.data() + below;
  if (with_tangents) tx += offset, tdu += below;
  for (long at = 0; at < (long)tile.positions(m) * C; at += C) {
    S* __restrict to = out + at;
    const S *__restrict a = x + at, *__restrict d = du + at;
    const S* __restrict ta = with_tangents ? tx + at : a;
    const S* __restrict td = with_tangents ? tdu + at : d;
    for (int i = 0; i < C; i++) {
      S sum = by.constant[i] + by.x[i] * a[i];
      if (with_tangents) sum += by.tx[i] * ta[i];
      if (!net.pools) sum += by.du[i] * d[i];
      if (!net.pools && with_tangents) sum += by.tdu[i] * td[i];
      to[i] = sum;
    }
  }
  if (!net.pools) return;
  const S* place = part.place.data() + below;
  each_square(m, tile, [&](long z, long y) {
    S *top = out + z, *bottom = top + (long)m.columns * C;
    put(C, by.du, du + y, place + y, top, bottom);
    if (with_tangents) put(C, by.tdu, tdu + y, place + y, top, bottom);
  });
}

// Sets `value` to 0 where u <= 0, and sums over rows: `value`, then `value` x (+ du x', if given).
template <class S>
void Workspace<S>::mask_and_sum(const Context<S>& k, int index, int n, const S* theta, S* value,
                                const S* du, const S* tx, double* sums) const {
  const Module& m = net.modules[index];
  const S *__restrict g = theta + m.scale, *__restrict b = theta + m.shift;
  const S* x = k.part[index].at_output(net.pools);
  sum_rows<S>(n * m.out_positions, 2 * C, sums, [&](long row, S* __restrict sum) {
    S* __restrict v = value + row * C;
    const S* __restrict here = x + row * C;
    for (int i = 0; i < C; i++) {
      v[i] = g[i] * here[i] + b[i] > 0 ? v[i] : S(0);
      sum[i] += v[i];
      sum[C + i] += v[i] * here[i];
    }
    for (int i = 0; du && i < C; i++) sum[C + i] += du[row * C + i] * tx[row * C + i];
  });
}

// Writes the sums over rows, which are the gradients of b and g, to `out`; db and dg, as they enter
// dz, are these divided by M.
template <class S>
void Workspace<S>::spread_sums(const Module& m, const double* sums, int n, S* out, S* db,
                               S* dg) const {
  for (int i = 0; i < C; i++) {
    out[m.shift + i] = (S)sums[i], out[m.scale + i] = (S)sums[C + i];
    db[i] = (S)(sums[i] / (n * m.positions)), dg[i] = (S)(sums[C + i] / (n * m.positions));
  }
}

}  // namespace

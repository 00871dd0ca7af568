// The Hessian-vector product: the tangents of the forward and of the backward pass along v.

#pragma once

#include <utility>

#include "workspace.hpp"

namespace {

// H v (both packed), in a context that `forward` and `backward` filled and kept.
template <class S> void Workspace<S>::product(Context<S>& k, int n, const S* v, S* out) {
  for (int index = 0; index <= net.last(); index++) {
    tangent_convolve(k, index, n, v);
    tangent_normalize(k, index, n * net.modules[index].positions);
    tangent_activate(k, index, n, v);
  }
  tangent_classify(k, n, v, out);
  for (int index = net.last(); index >= 0; index--) tangent_backward(k, index, n, v, out);
}

// z' of a module, in the place of x'; y' of the module below is in `tangent_y`.
template <class S>
void Workspace<S>::tangent_convolve(Context<S>& k, int index, int n, const S* v) {
  const Module& m = net.modules[index];
  const S* theta = k.theta.data();
  const long M = n * m.positions;
  S* tz = reserved(tangent[index].x, M * C);
  const S* columns = index ? k.part[index].columns.data() : input;
  each_tile(m, n, [&](const Tile& tile) {
    const long at = tile.at(m);
    const int rows = tile.positions(m);
    S* here = tz + at * C;
    multiply<S>(false, false, rows, C, m.patch, columns + at * m.patch, v + m.weight, 0, here);
    if (!index) return;
    S* tc = reserved(tangent[index].columns, M * m.patch) + at * m.patch;
    to_columns(m, net.stride, tangent_y.data() + tile.image * m.input, tile, tc);
    multiply<S>(false, false, rows, C, m.patch, tc, theta + m.weight, 1, here);
  });
}

// x' of z', and s.
template <class S> void Workspace<S>::tangent_normalize(Context<S>& k, int index, long M) {
  S* tx = tangent[index].x.data();
  const S *x = k.part[index].x.data(), *__restrict r = k.part[index].r.data();
  double sums[2 * MOST];
  sum_rows<S>(M, 2 * C, sums, [&](long row, S* __restrict sum) {
    const S *__restrict t = tx + row * C, *__restrict here = x + row * C;
    for (int i = 0; i < C; i++) sum[i] += t[i], sum[C + i] += t[i] * here[i];
  });
  S mean[MOST], *s = reserved(tangent[index].s, C);
  for (int i = 0; i < C; i++) {
    mean[i] = (S)(sums[i] / (int)M), s[i] = (S)(sums[C + i] / (int)M);
  }
  for (long row = 0; row < M; row++) {
    S* __restrict t = tx + row * C;
    const S* __restrict here = x + row * C;
    for (int i = 0; i < C; i++) t[i] = r[i] * (t[i] - mean[i] - here[i] * s[i]);
  }
}

// y' of a module, into `tangent_y`.
template <class S>
void Workspace<S>::tangent_activate(Context<S>& k, int index, int n, const S* v) {
  const Module& m = net.modules[index];
  const S *theta = k.theta.data(), *x = k.part[index].at_output(net.pools);
  const S* tx = tangent[index].x.data();
  if (net.pools) {
    S* at_peaks = reserved(tangent[index].peak, n * m.out_positions * C);
    const S* place = k.part[index].place.data();
    each_square(m, {0, n, 0, m.rows}, [&](long z, long y) {
      pick(C, tx + z, tx + z + (long)m.columns * C, place + y, at_peaks + y);
    });
    tx = at_peaks;
  }
  const S *__restrict g = theta + m.scale, *__restrict b = theta + m.shift;
  const S *__restrict tg = v + m.scale, *__restrict tb = v + m.shift;
  S* ty = reserved(tangent_y, n * m.out_positions * C);
  for (long row = 0; row < n * m.out_positions; row++) {
    const S *__restrict here = x + row * C, *__restrict t = tx + row * C;
    S* __restrict y = ty + row * C;
    for (int i = 0; i < C; i++)
      y[i] = g[i] * here[i] + b[i] > 0 ? tg[i] * here[i] + g[i] * t[i] + tb[i] : S(0);
  }
}

// The linear layer and the softmax: their part of H v, and dy' of the last module.
template <class S>
void Workspace<S>::tangent_classify(Context<S>& k, int n, const S* v, S* out) {
  const int W = net.way, D = (int)net.features;
  const S *weight = k.theta.data() + net.linear, *tweight = v + net.linear;
  const S *h = k.h.data(), *dl = k.dlogits.data();
  S *th = reserved(tangent_h, (long)n * D), *tl = reserved(tangent_logits, (long)n * W);
  features(th, tangent_y.data(), n, false, 0);
  multiply<S>(false, true, n, W, D, th, weight, 0, tl);
  multiply<S>(false, true, n, W, D, h, tweight, 1, tl);
  for (int i = 0; i < n; i++) {
    const S* p = k.p.data() + (long)i * W;
    S *t = tl + (long)i * W, sum = 0;
    for (int w = 0; w < W; w++) sum += p[w] * t[w];
    for (int w = 0; w < W; w++) t[w] = p[w] * (t[w] - sum) / n;
  }
  multiply<S>(true, false, W, D, n, tl, h, 0, out + net.linear);
  multiply<S>(true, false, W, D, n, dl, th, 1, out + net.linear);
  S* td = reserved(tangent_dh, (long)n * D);
  multiply<S>(false, false, n, D, W, tl, weight, 0, td);
  multiply<S>(false, false, n, D, W, dl, tweight, 1, td);
  features(td, reserved(tangent_du, n * net.out_positions() * C), n, true, 0);
}

// A module's part of H v, and du' of the module below before its ReLU, into `tangent_du`.
template <class S>
void Workspace<S>::tangent_backward(Context<S>& k, int index, int n, const S* v, S* out) {
  const Module& m = net.modules[index];
  const auto& part = k.part[index];
  const S *theta = k.theta.data(), *tx = tangent[index].x.data();
  S *tdu = tangent_du.data(), *dw = out + m.weight;
  double sums[2 * MOST];
  mask_and_sum(k, index, n, theta, tdu, part.du.data(),
               net.pools ? tangent[index].peak.data() : tx, sums);
  S tdb[MOST], tdg[MOST];
  spread_sums(m, sums, n, out, tdb, tdg);
  Factors<S> by;
  tangent_factors(k, index, v, tdb, tdg, by);
  const S* columns = index ? part.columns.data() : input;
  each_tile(m, n, [&](const Tile& tile) {
    const long at = tile.at(m);
    const int rows = tile.positions(m);
    S* tdz = reserved(tile_dz, rows * C);
    combine<true>(k, index, tile, by, tx, tdu, tdz);
    const S once = tile.first() ? 0 : 1;
    multiply<S>(true, false, m.patch, C, rows, columns + at * m.patch, tdz, once, dw);
    if (!index) return;
    const S *dz = part.dz.data() + at * C, *tc = tangent[index].columns.data() + at * m.patch;
    multiply<S>(true, false, m.patch, C, rows, tc, dz, 1, dw);
    S* td = reserved(tile_dcolumns, rows * m.patch);
    multiply<S>(false, true, rows, m.patch, C, tdz, theta + m.weight, 0, td);
    multiply<S>(false, true, rows, m.patch, C, dz, v + m.weight, 1, td);
    S* below = reserved(tangent_below, n * m.input) + tile.image * m.input;
    from_columns(m, net.stride, td, tile, below);
  });
  std::swap(tangent_du, tangent_below);
}

// The factors of dz', given db' and dg' divided by M.
template <class S>
void Workspace<S>::tangent_factors(const Context<S>& k, int index, const S* v, const S* tdb,
                                   const S* tdg, Factors<S>& by) const {
  const Module& m = net.modules[index];
  const auto& part = k.part[index];
  for (int i = 0; i < C; i++) {
    const S g = k.theta[m.scale + i], tg = v[m.scale + i], r = part.r[i];
    by.du[i] = tg * r - g * r * r * tangent[index].s[i], by.tdu[i] = g * r;
    by.constant[i] = -by.du[i] * part.db[i] - by.tdu[i] * tdb[i];
    by.x[i] = -by.du[i] * part.dg[i] - by.tdu[i] * tdg[i];
    by.tx[i] = -by.tdu[i] * part.dg[i];
  }
}

}  // namespace

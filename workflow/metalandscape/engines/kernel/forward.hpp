// The forward pass: loss and accuracy, and what the backward pass needs.

#pragma once

#include <cmath>

#include "workspace.hpp"

namespace {

// Loss and all that gradients need, at theta, of the images in `input`. Where `keep`, columns are
// kept for Hessian products.
template <class S>
void Workspace<S>::forward(Context<S>& k, const S* theta, const int64_t* y, int n, bool keep) {
  for (int index = 0; index <= net.last(); index++) convolve(k, index, theta, n, keep);
  classify(k, theta, y, n);
}

// z of a module, in the place of x, and its mean and r. The module below is normalized and
// activated on the way, tile by tile.
template <class S>
void Workspace<S>::convolve(Context<S>& k, int index, const S* theta, int n, bool keep) {
  const Module& m = net.modules[index];
  auto& part = k.part[index];
  S* z = reserved(part.x, n * m.positions * C);
  if (keep && index) reserved(part.columns, n * m.positions * m.patch);
  if (net.pools)
    reserved(part.peak, n * m.out_positions * C), reserved(part.place, n * m.out_positions * C);
  // Moments of the distance of z to its first row: where the mean is much larger than the
  // deviations, moments of z itself would cancel digits.
  double totals[2 * MOST] = {}, sums[2 * MOST];
  S *mean = reserved(part.mean, C), *r = reserved(part.r, C);
  each_tile(m, n, [&](const Tile& tile) {
    const S* columns = columns_of(k, index, theta, tile, keep, true);
    S* here = z + tile.at(m) * C;
    multiply<S>(false, false, tile.positions(m), C, m.patch, columns, theta + m.weight, 0, here);
    if (tile.first()) std::copy_n(here, C, mean);
    sum_rows<S>(tile.positions(m), 2 * C, sums, [&](long row, S* __restrict sum) {
      for (int i = 0; i < C; i++) {
        const S distance = here[row * C + i] - mean[i];
        sum[i] += distance;
        sum[C + i] += distance * distance;
      }
    });
    for (int i = 0; i < 2 * C; i++) totals[i] += sums[i] / (n * m.positions);
  });
  for (int i = 0; i < C; i++) {
    mean[i] += (S)totals[i];
    r[i] = (S)(1 / std::sqrt(totals[C + i] - totals[i] * totals[i] + EPSILON));
  }
}

// The linear layer, the softmax, loss and accuracy, and the gradient at the logits.
template <class S>
void Workspace<S>::classify(Context<S>& k, const S* theta, const int64_t* y, int n) {
  const int W = net.way, D = (int)net.features;
  S* out = reserved(tile_y, n * net.out_positions() * C);
  activate(k, net.last(), theta, 0, n, out, true);
  S *h = reserved(k.h, (long)n * D), *p = reserved(k.p, (long)n * W);
  S* dl = reserved(k.dlogits, (long)n * W);
  features(h, out, n, false, 1);
  multiply<S>(false, true, n, W, D, h, theta + net.linear, 0, p);
  k.loss = 0, k.accuracy = 0;
  for (int i = 0; i < n; i++, p += W, dl += W) {
    const S* most = std::max_element(p, p + W);
    const double top = *most;
    double sum = 0;
    for (int w = 0; w < W; w++) sum += std::exp(p[w] - top);
    k.accuracy += (most - p == y[i]) / (double)n;
    k.loss += (std::log(sum) + top - p[y[i]]) / n;
    for (int w = 0; w < W; w++)
      p[w] = (S)(std::exp(p[w] - top) / sum), dl[w] = (p[w] - (w == y[i])) / n;
  }
}

// y of a module for the images first .. first + n, into `out`. Where `finish`, which is once, z
// becomes x before, and the maxima are found.
template <class S>
void Workspace<S>::activate(Context<S>& k, int index, const S* theta, int first, int n,
                            S* __restrict out, bool finish) {
  const Module& m = net.modules[index];
  const S *__restrict g = theta + m.scale, *__restrict b = theta + m.shift;
  if (finish)
    each_lines(m, first, n, 2, [&](const Tile& lines) { finish_lines(k, index, g, lines); });
  const S* source = k.part[index].at_output(net.pools) + first * m.out_positions * C;
  for (long row = 0; row < n * m.out_positions; row++, source += C, out += C)
    for (int i = 0; i < C; i++) out[i] = std::max(source[i] * g[i] + b[i], S(0));
}

// Some lines of z become x, and their maxima are found while they are in the cache.
template <class S>
void Workspace<S>::finish_lines(Context<S>& k, int index, const S* g, const Tile& lines) {
  const Module& m = net.modules[index];
  auto& part = k.part[index];
  const S *__restrict mean = part.mean.data(), *__restrict r = part.r.data();
  S* x = part.x.data() + lines.at(m) * C;
  for (int row = 0; row < lines.positions(m); row++) {
    S* __restrict here = x + (long)row * C;
    for (int i = 0; i < C; i++) here[i] = (here[i] - mean[i]) * r[i];
  }
  if (!net.pools) return;
  const long below = lines.below(m) * C;
  S *peak = part.peak.data() + below, *place = part.place.data() + below;
  each_square(m, lines, [&](long z, long y) {
    find_peaks(C, x + z, x + z + (long)m.columns * C, g, peak + y, place + y);
  });
}

// Columns of a module's input for a tile. They are computed only if they are not there yet: those
// of the images are, and where `kept` so are all after the forward pass.
template <class S>
const S* Workspace<S>::columns_of(Context<S>& k, int index, const S* theta, const Tile& tile,
                                  bool kept, bool finish) {
  const Module& m = net.modules[index];
  const long offset = tile.at(m) * m.patch;
  if (index == 0) return input + offset;
  S* out = kept ? k.part[index].columns.data() + offset
                : reserved(tile_columns, tile.positions(m) * m.patch);
  if (kept && !finish) return out;
  // The input of all an image's tiles is computed with its first.
  S* y = reserved(tile_y, tile.images * m.input);
  if (tile.row == 0) activate(k, index - 1, theta, tile.image, tile.images, y, finish);
  to_columns(m, net.stride, y, tile, out);
  return out;
}

// The last activations y [n, positions, C] to h [n, features], in the order in which torch flattens
// them, with `last` as last element; where `back`, the transpose of that.
template <class S> void Workspace<S>::features(S* h, S* y, int n, bool back, S last) const {
  const long Q = net.out_positions();
  const S share = net.mean ? S(1) / Q : S(1);
  if (!back) std::fill(h, h + n * net.features, S(0));
  for (int i = 0; i < n; i++, h += net.features) {
    for (long q = 0; q < Q; q++, y += C)
      for (int c = 0; c < C; c++) {
        S& feature = h[net.mean ? c : c * Q + q];
        if (back)
          y[c] = share * feature;
        else
          feature += share * y[c];
      }
    h[net.features - 1] = last;
  }
}

}  // namespace

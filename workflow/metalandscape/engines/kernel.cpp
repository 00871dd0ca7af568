// Gradients and Hessian-vector products of the four-module convolutional network, by hand.
//
// One call works on one set of images with one thread. Activations are channels-last,
// [n, height, width, channels], so that a convolution is a product of matrices: the rows of
// `columns` are the 3x3 patches of its input (im2col), and z = columns W, W [9 * inputs, filters].
//
// One module, m running over the M = n * height * width positions of z, everything per filter:
//
//     forward    z = columns W
//                x = (z - mean z) r,  r = 1 / sqrt(var z + eps)
//                u = g x + b,  y = max(u, 0), then the maximum of every 2x2 square where it pools
//     backward   du = dy where u > 0 (at a square's maximum), else 0
//                db = sum du,  dg = sum du x
//                dz = g r (du - db / M - x dg / M)
//                dW = columns^T dz,  d columns = dz W^T
//     tangent    with ' for the derivative along v = (W', g', b', ...):
//                z' = columns W' + columns' W
//                x' = r (z' - mean z' - x s),  s = mean (z' x),  r' = -r^2 s
//                u' = g' x + g x' + b',  y' = u' where u > 0
//                du' = dy' where u > 0,  db' = sum du',  dg' = sum (du' x + du x')
//                dz' = (g' r - g r^2 s) (du - db / M - x dg / M)
//                    + g r (du' - db' / M - x' dg / M - x dg' / M)
//                dW' = columns^T dz' + columns'^T dz,  d columns' = dz' W^T + dz W'^T
//
// (dW', dg', db', ...) is the Hessian times v: forward-over-reverse (Pearlmutter 1994).
//
// Memory traffic limits the speed. So y is never stored: a tile of images, small enough for the
// cache, goes from z through x, y and columns to the next z. Stored is x and, where a module pools,
// x at the maxima and where they were; `du` lives at the maxima too. Columns are kept only by the
// contexts of adaptation steps, on which Hessian products follow.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

constexpr int MODULES = 4, LAST = MODULES - 1;
constexpr int MOST = 4096;         // filters or classes, of fixed buffers
constexpr int ROWS = 64;           // rows that are summed before they go to double
constexpr long TILE = 96 * 1024;   // numbers of `columns` in a tile; two tiles fit into 1 MB
constexpr double EPSILON = 1e-5;   // of batch norm

// BLAS, Fortran interface (column-major), handed over by `use_blas`.
template <class S>
using Gemm = void (*)(const char*, const char*, const int*, const int*, const int*, const S*,
                      const S*, const int*, const S*, const int*, const S*, S*, const int*);
template <class S> Gemm<S> gemm;
int (*blas_threads_of_this_thread)(int);

// C [m, n] = A B + beta C, row-major: BLAS sees the transposes. A^T where `ta`, B^T where `tb`.
template <class S>
void multiply(bool ta, bool tb, int m, int n, int k, const S* A, const S* B, S beta, S* C) {
  const S one = 1;
  const int lb = tb ? k : n, la = ta ? m : k;
  gemm<S>(tb ? "T" : "N", ta ? "T" : "N", &n, &m, &k, &one, B, &lb, A, &la, &beta, C, &n);
}

struct Module {
  int inputs, height, width;                 // of its input
  int rows, columns, out_rows, out_columns;  // of z; of y, after pooling
  long weight, scale, shift;                 // offsets of W, g, b in theta
  long positions, out_positions;             // rows * columns of z; of y
  long patch, input;                         // 9 * inputs; height * width * inputs
};

struct Network {
  int filters, way, stride;
  bool pools, mean;
  Module module[MODULES];
  long features, linear, parameters;  // h, of which the last is 1; offset of [way, features]

  Network(int way, int inputs, int height, int width, int filters, int stride, int mean)
      : filters(filters), way(way), stride(stride), pools(stride == 1), mean(mean) {
    long offset = 0;
    for (Module& m : module) {
      m.inputs = inputs, m.height = height, m.width = width, m.patch = 9 * inputs;
      m.input = (long)height * width * inputs;
      m.rows = (height - 1) / stride + 1, m.columns = (width - 1) / stride + 1;
      m.out_rows = pools ? m.rows / 2 : m.rows, m.out_columns = pools ? m.columns / 2 : m.columns;
      m.positions = (long)m.rows * m.columns, m.out_positions = (long)m.out_rows * m.out_columns;
      m.weight = offset, m.scale = m.weight + (long)m.patch * filters;
      m.shift = m.scale + filters, offset = m.shift + filters;
      inputs = filters, height = m.out_rows, width = m.out_columns;
    }
    features = 1 + (mean ? filters : filters * module[LAST].out_positions);
    linear = offset, parameters = linear + way * features;
  }
};

// Patches of zero-padded images: [n, height, width, inputs] to [n * positions, patch], line by line
// of the three that a patch has: taps first to last of a line lie inside the image.
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

// The transpose of `to_columns`: each pixel is the sum of the taps that are filled from it.
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

// total [width] = sums over rows of what `add(row, sums)` adds; double from block to block.
template <class S, class Add> void sum_rows(long rows, int width, double* total, const Add& add) {
  S sums[2 * MOST];
  std::fill(total, total + width, 0.0);
  for (long first = 0; first < rows; first += ROWS) {
    std::fill(sums, sums + width, S(0));
    for (long row = first; row < std::min(rows, first + ROWS); row++) add(row, sums);
    for (int i = 0; i < width; i++) total[i] += sums[i];
  }
}

// x at the maximum of u over 2x2 squares, and which of the four it is, in the type that vectorises.
// Where g < 0 the maximum of u is the minimum of x: compare g x. The first of equals wins.
template <class S>
void find_peaks(int C, const S* __restrict top, const S* __restrict bottom, const S* __restrict g,
                S* __restrict peak, S* __restrict place) {
  for (int i = 0; i < C; i++) {
    S best = top[i], where = 0;
    const S x1 = top[i + C], x2 = bottom[i], x3 = bottom[i + C];
    where = g[i] * x1 > g[i] * best ? S(1) : where, best = g[i] * x1 > g[i] * best ? x1 : best;
    where = g[i] * x2 > g[i] * best ? S(2) : where, best = g[i] * x2 > g[i] * best ? x2 : best;
    where = g[i] * x3 > g[i] * best ? S(3) : where, best = g[i] * x3 > g[i] * best ? x3 : best;
    peak[i] = best, place[i] = where;
  }
}

// What stands at the places that `find_peaks` found.
template <class S>
void pick(int C, const S* __restrict top, const S* __restrict bottom, const S* __restrict place,
          S* __restrict out) {
  for (int i = 0; i < C; i++) {
    const S first = top[i], second = top[i + C], third = bottom[i], fourth = bottom[i + C];
    const S above = place[i] == 1 ? second : first, below = place[i] == 3 ? fourth : third;
    out[i] = place[i] >= 2 ? below : above;
  }
}

// The transpose, times a factor: adds values to what stands at those places.
template <class S>
void put(int C, const S* __restrict factor, const S* __restrict value, const S* __restrict place,
         S* __restrict top, S* __restrict bottom) {
  for (int i = 0; i < C; i++) {
    const S v = factor[i] * value[i];
    top[i] += place[i] == 0 ? v : S(0), top[i + C] += place[i] == 1 ? v : S(0);
    bottom[i] += place[i] == 2 ? v : S(0), bottom[i + C] += place[i] == 3 ? v : S(0);
  }
}

template <class S> using Vector = std::vector<S>;

template <class S> S* room(Vector<S>& v, long size) {
  if ((long)v.size() < size) v.resize(size);
  return v.data();
}

// What is known of one set of images at one theta.
template <class S> struct Context {
  struct Part {
    Vector<S> x, mean, r;   // [M, C], which is z before `activate`; [C]
    Vector<S> peak, place;  // x at the maxima, and which of the four, where the module pools
    Vector<S> du, dz;       // at the maxima; dense
    Vector<S> db, dg;       // [C], divided by M
    Vector<S> columns;      // kept for Hessian products
    // x where du lives: everywhere, or at the maxima.
    const S* at_output(bool pools) const { return pools ? peak.data() : x.data(); }
  } part[MODULES];
  Vector<S> theta, h, p, dlogits;
  double loss = 0, accuracy = 0;
};

template <class S> struct Workspace {
  const Network net;
  const int C;
  explicit Workspace(const Network& network) : net(network), C(network.filters) {}

  Vector<S> slot_columns[2];  // of the images in a slot, [n * positions, patch]
  int slot_images[2];
  const S* input = nullptr;  // columns of the slot in work
  Context<S> point;          // for gradients on which no Hessian product follows
  std::vector<Context<S>> steps;
  // Scratch: tiles, what the passes hand on, and what Hessian products keep per module.
  Vector<S> tile_y, tile_columns, tile_dcolumns, tile_dz, dh;
  Vector<S> tangent_x[MODULES], tangent_columns[MODULES], tangent_s[MODULES];
  Vector<S> tangent_peak[MODULES], tangent_y, tangent_du, tangent_below;
  Vector<S> tangent_h, tangent_logits, tangent_dh;

  // Calls `f(first image, images, rows of columns)` for every tile of n images.
  template <class F> void each_tile(const Module& m, int n, const F& f) const {
    const int tile = (int)std::max(1L, TILE / (m.positions * m.patch));
    for (int first = 0; first < n; first += tile) {
      const int count = std::min(tile, n - first);
      f(first, count, (int)(count * m.positions));
    }
  }

  // Calls `f(offset in z, offset in y)` for every 2x2 square of n images.
  template <class F> void each_square(const Module& m, int n, const F& f) const {
    long out = 0;
    for (int image = 0; image < n; image++)
      for (int row = 0; row < m.out_rows; row++)
        for (int column = 0; column < m.out_columns; column++, out += C)
          f((image * m.positions + 2 * row * m.columns + 2 * column) * C, out);
  }

  // y of images first .. first + n of a module into `out`. The first time, z becomes x and the
  // maxima are found.
  void activate(Context<S>& k, int index, const S* theta, int first, int n, S* __restrict out,
                bool first_time) {
    const Module& m = net.module[index];
    auto& part = k.part[index];
    const S *__restrict g = theta + m.scale, *__restrict b = theta + m.shift;
    const S *__restrict mean = part.mean.data(), *__restrict r = part.r.data();
    S* x = part.x.data() + first * m.positions * C;
    if (first_time)
      for (long row = 0; row < n * m.positions; row++) {
        S* __restrict here = x + row * C;
        for (int i = 0; i < C; i++) here[i] = (here[i] - mean[i]) * r[i];
      }
    const S* source = x;
    if (net.pools) {
      S *peak = part.peak.data() + first * m.out_positions * C, *place = part.place.data();
      place += first * m.out_positions * C, source = peak;
      if (first_time)
        each_square(m, n, [&](long z, long y) {
          find_peaks(C, x + z, x + z + (long)m.columns * C, g, peak + y, place + y);
        });
    }
    for (long row = 0; row < n * m.out_positions; row++, source += C, out += C)
      for (int i = 0; i < C; i++) out[i] = std::max(source[i] * g[i] + b[i], S(0));
  }

  // Columns of the input of a module for a tile; no work where they are known.
  const S* columns_of(Context<S>& k, int index, const S* theta, int first, int n, bool kept,
                      bool first_time) {
    const Module& m = net.module[index];
    const long offset = first * m.positions * m.patch;
    if (index == 0) return input + offset;
    S* out = kept ? k.part[index].columns.data() + offset
                  : room(tile_columns, n * m.positions * m.patch);
    if (kept && !first_time) return out;
    S* y = room(tile_y, n * net.module[index - 1].out_positions * C);
    activate(k, index - 1, theta, first, n, y, first_time);
    to_columns(m, net.stride, y, n, out);
    return out;
  }

  // Loss and everything that gradients need, at theta, of the images in `input`.
  void forward(Context<S>& k, const S* theta, const int64_t* y, int n, bool keep) {
    for (int index = 0; index < MODULES; index++) {
      const Module& m = net.module[index];
      auto& part = k.part[index];
      S* z = room(part.x, n * m.positions * C);
      if (keep && index) room(part.columns, n * m.positions * m.patch);
      if (net.pools)
        room(part.peak, n * m.out_positions * C), room(part.place, n * m.out_positions * C);
      // Moments of z about its first row, lest a mean larger than the deviations cancels digits.
      double totals[2 * MOST] = {}, sums[2 * MOST];
      S *mean = room(part.mean, C), *r = room(part.r, C);
      each_tile(m, n, [&](int first, int count, int rows) {
        const S* columns = columns_of(k, index, theta, first, count, keep, true);
        S* here = z + first * m.positions * C;
        multiply<S>(false, false, rows, C, m.patch, columns, theta + m.weight, 0, here);
        if (first == 0) std::copy_n(here, C, mean);
        sum_rows<S>(rows, 2 * C, sums, [&](long row, S* __restrict sum) {
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
    const int W = net.way, D = (int)net.features;
    S* out = room(tile_y, n * net.module[LAST].out_positions * C);
    activate(k, LAST, theta, 0, n, out, true);
    S *h = room(k.h, (long)n * D), *p = room(k.p, (long)n * W), *dl = room(k.dlogits, (long)n * W);
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

  // Last activations y [n, positions, C] to h [n, features], ordered as torch flattens them, with
  // `last` for the bias behind them; or the transpose of that.
  void features(S* h, S* y, int n, bool back, S last) const {
    const long Q = net.module[LAST].out_positions;
    const S share = net.mean ? S(1) / Q : S(1);
    if (!back) std::fill(h, h + n * net.features, S(0));
    for (int i = 0; i < n; i++, h += net.features) {
      for (long q = 0; q < Q; q++, y += C)
        for (int c = 0; c < C; c++) {
          S& feature = h[net.mean ? c : c * Q + q];
          back ? y[c] = share * feature : feature += share * y[c];
        }
      h[net.features - 1] = last;
    }
  }

  // dz and dz' are sums of x, du and their tangents, with these factors per filter.
  struct Terms {
    S constant[MOST], x[MOST], tx[MOST], du[MOST], tdu[MOST];
  };

  // A tile of dz, or with the tangents x' (tx) and du' (tdu) of dz'; du and du' live where y does.
  template <bool tangent>
  void form(const Context<S>& k, int index, int first, int n, const Terms& by, const S* tx,
            const S* tdu, S* out) const {
    const Module& m = net.module[index];
    const auto& part = k.part[index];
    const long offset = first * m.positions * C, below = first * m.out_positions * C;
    const S *x = part.x.data() + offset, *du = part.du.data() + below;
    if (tangent) tx += offset, tdu += below;
    for (long at = 0; at < n * m.positions * C; at += C) {
      S* __restrict to = out + at;
      const S *__restrict a = x + at, *__restrict d = du + at;
      const S *__restrict ta = tangent ? tx + at : a, *__restrict td = tangent ? tdu + at : d;
      for (int i = 0; i < C; i++) {
        S sum = by.constant[i] + by.x[i] * a[i];
        if (tangent) sum += by.tx[i] * ta[i];
        if (!net.pools) sum += by.du[i] * d[i];
        if (!net.pools && tangent) sum += by.tdu[i] * td[i];
        to[i] = sum;
      }
    }
    if (!net.pools) return;
    const S* place = part.place.data() + below;
    each_square(m, n, [&](long z, long y) {
      S *top = out + z, *bottom = top + (long)m.columns * C;
      put(C, by.du, du + y, place + y, top, bottom);
      if (tangent) put(C, by.tdu, tdu + y, place + y, top, bottom);
    });
  }

  // Where u <= 0 sets `value` to 0; then sums value, and value x (+ du x', where given), over rows.
  void mask_and_sum(const Context<S>& k, int index, int n, const S* theta, S* value, const S* du,
                    const S* tx, double* sums) const {
    const Module& m = net.module[index];
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

  // Gradient (packed) at a context of `forward` with the same theta. `keep` where it kept columns.
  void backward(Context<S>& k, const S* theta, int n, S* out, bool keep) {
    const int W = net.way, D = (int)net.features;
    multiply<S>(true, false, W, D, n, k.dlogits.data(), k.h.data(), 0, out + net.linear);
    S* d = room(dh, (long)n * D);
    multiply<S>(false, false, n, D, W, k.dlogits.data(), theta + net.linear, 0, d);
    features(d, room(k.part[LAST].du, n * net.module[LAST].out_positions * C), n, true, 0);
    for (int index = LAST; index >= 0; index--) {
      const Module& m = net.module[index];
      auto& part = k.part[index];
      double sums[2 * MOST];
      mask_and_sum(k, index, n, theta, part.du.data(), nullptr, nullptr, sums);
      spread_sums(m, sums, n, out, room(part.db, C), room(part.dg, C));
      // Hessian products need dz where columns' is not zero: in all modules but the first.
      if (keep && index) room(part.dz, n * m.positions * C);
      Terms by;
      for (int i = 0; i < C; i++) {
        by.du[i] = theta[m.scale + i] * part.r[i];
        by.constant[i] = -by.du[i] * part.db[i], by.x[i] = -by.du[i] * part.dg[i];
      }
      each_tile(m, n, [&](int first, int count, int rows) {
        S* dz = keep && index ? part.dz.data() + first * m.positions * C : room(tile_dz, rows * C);
        form<false>(k, index, first, count, by, nullptr, nullptr, dz);
        const S* columns = columns_of(k, index, theta, first, count, keep, false);
        multiply<S>(true, false, m.patch, C, rows, columns, dz, first ? 1 : 0, out + m.weight);
        if (!index) return;
        S* dcolumns = room(tile_dcolumns, rows * m.patch);
        multiply<S>(false, true, rows, m.patch, C, dz, theta + m.weight, 0, dcolumns);
        S* below = room(k.part[index - 1].du, n * m.input) + first * m.input;
        from_columns(m, net.stride, dcolumns, count, below);
      });
    }
  }

  // Sums over rows are the gradients of b and g; divided by M they enter dz.
  void spread_sums(const Module& m, const double* sums, int n, S* out, S* db, S* dg) const {
    for (int i = 0; i < C; i++) {
      out[m.shift + i] = (S)sums[i], out[m.scale + i] = (S)sums[C + i];
      db[i] = (S)(sums[i] / (n * m.positions)), dg[i] = (S)(sums[C + i] / (n * m.positions));
    }
  }

  // H v (both packed) at a context that `forward` and `backward` kept.
  void product(Context<S>& k, int n, const S* v, S* out) {
    const S* theta = k.theta.data();
    double sums[2 * MOST];
    for (int index = 0; index < MODULES; index++) {
      const Module& m = net.module[index];
      auto& part = k.part[index];
      const int M = (int)(n * m.positions);
      S* tx = room(tangent_x[index], (long)M * C);
      const S* columns = index ? part.columns.data() : input;
      each_tile(m, n, [&](int first, int count, int rows) {
        const long at = first * m.positions;
        S* here = tx + at * C;
        multiply<S>(false, false, rows, C, m.patch, columns + at * m.patch, v + m.weight, 0, here);
        if (!index) return;
        S* tc = room(tangent_columns[index], M * m.patch) + at * m.patch;
        to_columns(m, net.stride, tangent_y.data() + first * m.input, count, tc);
        multiply<S>(false, false, rows, C, m.patch, tc, theta + m.weight, 1, here);
      });
      const S *x = part.x.data(), *__restrict r = part.r.data();
      sum_rows<S>(M, 2 * C, sums, [&](long row, S* __restrict sum) {
        const S *__restrict t = tx + row * C, *__restrict here = x + row * C;
        for (int i = 0; i < C; i++) sum[i] += t[i], sum[C + i] += t[i] * here[i];
      });
      S mean[MOST], *s = room(tangent_s[index], C);
      for (int i = 0; i < C; i++) mean[i] = (S)(sums[i] / M), s[i] = (S)(sums[C + i] / M);
      for (long row = 0; row < M; row++) {
        S* __restrict t = tx + row * C;
        const S* __restrict here = x + row * C;
        for (int i = 0; i < C; i++) t[i] = r[i] * (t[i] - mean[i] - here[i] * s[i]);
      }
      const S* at = part.at_output(net.pools);
      S* tat = net.pools ? room(tangent_peak[index], n * m.out_positions * C) : tx;
      if (net.pools)
        each_square(m, n, [&](long z, long y) {
          pick(C, tx + z, tx + z + (long)m.columns * C, part.place.data() + y, tat + y);
        });
      const S *__restrict g = theta + m.scale, *__restrict b = theta + m.shift;
      const S *__restrict tg = v + m.scale, *__restrict tb = v + m.shift;
      S* ty = room(tangent_y, n * m.out_positions * C);
      for (long row = 0; row < n * m.out_positions; row++) {
        const S *__restrict here = at + row * C, *__restrict t = tat + row * C;
        S* __restrict y = ty + row * C;
        for (int i = 0; i < C; i++)
          y[i] = g[i] * here[i] + b[i] > 0 ? tg[i] * here[i] + g[i] * t[i] + tb[i] : S(0);
      }
    }
    product_of_head(k, n, v, out);
    for (int index = LAST; index >= 0; index--) {
      const Module& m = net.module[index];
      auto& part = k.part[index];
      const S *tx = tangent_x[index].data(), *du = part.du.data();
      const S* tat = net.pools ? tangent_peak[index].data() : tx;
      S *tdu = tangent_du.data(), *dw = out + m.weight;
      mask_and_sum(k, index, n, theta, tdu, du, tat, sums);
      Terms by;
      S tdb[MOST], tdg[MOST];
      spread_sums(m, sums, n, out, tdb, tdg);
      for (int i = 0; i < C; i++) {
        const S g = theta[m.scale + i], tg = v[m.scale + i], r = part.r[i];
        by.du[i] = tg * r - g * r * r * tangent_s[index][i], by.tdu[i] = g * r;
        by.constant[i] = -by.du[i] * part.db[i] - by.tdu[i] * tdb[i];
        by.x[i] = -by.du[i] * part.dg[i] - by.tdu[i] * tdg[i];
        by.tx[i] = -by.tdu[i] * part.dg[i];
      }
      const S* columns = index ? part.columns.data() : input;
      each_tile(m, n, [&](int first, int count, int rows) {
        const long at = first * m.positions;
        S* tdz = room(tile_dz, rows * C);
        form<true>(k, index, first, count, by, tx, tdu, tdz);
        multiply<S>(true, false, m.patch, C, rows, columns + at * m.patch, tdz, first ? 1 : 0, dw);
        if (!index) return;
        const S *dz = part.dz.data() + at * C, *tc = tangent_columns[index].data() + at * m.patch;
        multiply<S>(true, false, m.patch, C, rows, tc, dz, 1, dw);
        S* td = room(tile_dcolumns, rows * m.patch);
        multiply<S>(false, true, rows, m.patch, C, tdz, theta + m.weight, 0, td);
        multiply<S>(false, true, rows, m.patch, C, dz, v + m.weight, 1, td);
        S* below = room(tangent_below, n * m.input) + first * m.input;
        from_columns(m, net.stride, td, count, below);
      });
      std::swap(tangent_du, tangent_below);
    }
  }

  // The linear layer and the softmax: fills its part of H v, and dy' of the last module.
  void product_of_head(Context<S>& k, int n, const S* v, S* out) {
    const int W = net.way, D = (int)net.features;
    const S *weight = k.theta.data() + net.linear, *tweight = v + net.linear;
    const S *h = k.h.data(), *dl = k.dlogits.data();
    S *th = room(tangent_h, (long)n * D), *tl = room(tangent_logits, (long)n * W);
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
    S* td = room(tangent_dh, (long)n * D);
    multiply<S>(false, false, n, D, W, tl, weight, 0, td);
    multiply<S>(false, false, n, D, W, dl, tweight, 1, td);
    features(td, room(tangent_du, n * net.module[LAST].out_positions * C), n, true, 0);
  }

  int enter(int slot) {
    if (blas_threads_of_this_thread) blas_threads_of_this_thread(1);
    input = slot_columns[slot].data();
    return slot_images[slot];
  }
  void set_images(int slot, const S* x, int n) {
    const Module& m = net.module[0];
    slot_images[slot] = n;
    to_columns(m, net.stride, x, n, room(slot_columns[slot], n * m.positions * m.patch));
  }
  void gradient_at(int slot, int step, const S* theta, const int64_t* y, S* out, double* result) {
    const int n = enter(slot);
    const bool keep = step >= 0;
    if (step >= (int)steps.size()) steps.resize(step + 1);
    Context<S>& k = keep ? steps[step] : point;
    if (keep) k.theta.assign(theta, theta + net.parameters);
    forward(k, theta, y, n, keep);
    result[0] = k.loss, result[1] = k.accuracy;
    if (out) backward(k, theta, n, out, keep);
  }
};

template <class S> Workspace<S>* at(void* w) { return static_cast<Workspace<S>*>(w); }

}  // namespace

extern "C" void use_blas(void* single, void* twice, void* threads) {
  gemm<float> = (Gemm<float>)single, gemm<double> = (Gemm<double>)twice;
  blas_threads_of_this_thread = (int (*)(int))threads;
}

// A slot holds a set of images, whose columns are the same at every theta. A step >= 0 keeps what
// `product` needs; `out` may be null. theta, v and `out` are packed, with W as above.
#define FUNCTIONS(S)                                                                              \
  extern "C" void* create_##S(int way, int channels, int height, int width, int filters,          \
                              int stride, int mean) {                                             \
    return new Workspace<S>({way, channels, height, width, filters, stride, mean});               \
  }                                                                                               \
  extern "C" void release_##S(void* w) { delete at<S>(w); }                                       \
  extern "C" void images_##S(void* w, int slot, const S* x, int n) {                              \
    at<S>(w)->set_images(slot, x, n);                                                             \
  }                                                                                               \
  extern "C" void gradient_##S(void* w, int slot, int step, const S* theta, const int64_t* y,     \
                               S* out, double* result) {                                          \
    at<S>(w)->gradient_at(slot, step, theta, y, out, result);                                     \
  }                                                                                               \
  extern "C" void product_##S(void* w, int slot, int step, const S* v, S* out) {                  \
    at<S>(w)->product(at<S>(w)->steps[step], at<S>(w)->enter(slot), v, out);                      \
  }

FUNCTIONS(float)
FUNCTIONS(double)

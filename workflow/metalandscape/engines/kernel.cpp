// Gradients and Hessian-vector products of the four-module convolutional network, by hand.
//
// One call works on one set of images with one thread. Activations are channels-last,
// [n, height, width, channels], so that a convolution is a product of matrices: the rows of `columns`
// are the 3x3 patches of the input (im2col), and z = columns W with W [9 * inputs, filters].
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
// (dW', dg', db', ...) is the Hessian times v: forward-over-reverse (Pearlmutter 1994). Under MAML the
// loss at theta_T has the gradient v_0 with respect to theta_0, where v_T is the one at theta_T and
// v_t = v_{t+1} - rate H(theta_t) v_{t+1}: one product a step.
//
// Memory traffic decides the speed, not arithmetic. So y is never stored: a tile of images that fits
// into the cache goes from z through y and columns to the next z. What is stored is z and, where the
// module pools, x at the maxima and where they were; `du` lives at the maxima too. Only the contexts
// of adaptation steps, on which Hessian products follow, keep their columns.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

constexpr int MODULES = 4;
constexpr double EPSILON = 1e-5;         // of batch norm
constexpr long TILE = 192 * 1024;        // numbers of `columns` in a tile
constexpr int ROWS = 64;                 // rows that are summed before they go to double

// BLAS, Fortran interface (column-major), handed over by `use_blas`.
template <class S>
using Gemm = void (*)(const char*, const char*, const int*, const int*, const int*, const S*,
                      const S*, const int*, const S*, const int*, const S*, S*, const int*);
Gemm<float> sgemm;
Gemm<double> dgemm;
int (*blas_threads_of_this_thread)(int);

void call(const char* a, const char* b, int m, int n, int k, const float* A, int la, const float* B,
          int lb, float beta, float* C, int lc) {
  const float one = 1;
  sgemm(a, b, &m, &n, &k, &one, A, &la, B, &lb, &beta, C, &lc);
}
void call(const char* a, const char* b, int m, int n, int k, const double* A, int la,
          const double* B, int lb, double beta, double* C, int lc) {
  const double one = 1;
  dgemm(a, b, &m, &n, &k, &one, A, &la, B, &lb, &beta, C, &lc);
}

// C [m, n] = A B + beta C, row-major: BLAS sees the transposes. A^T where `ta`, B^T where `tb`.
template <class S>
void multiply(bool ta, bool tb, long m, int n, long k, const S* A, const S* B, S beta, S* C) {
  call(tb ? "T" : "N", ta ? "T" : "N", n, (int)m, (int)k, B, tb ? (int)k : n, A,
       ta ? (int)m : (int)k, beta, C, n);
}

struct Settings {
  int way, channels, height, width, filters, stride_two, mean;
};

struct Module {
  int inputs, height, width;    // of its input
  int rows, columns;            // of z
  int out_rows, out_columns;    // of y, after pooling
  long weight, scale, shift;    // offsets of W, g, b in theta
  long z_size() const { return (long)rows * columns; }            // positions in an image
  long out_size() const { return (long)out_rows * out_columns; }
};

struct Network {
  int filters, way, stride;
  bool pools, mean;
  Module module[MODULES];
  long features, linear_weight, linear_bias, parameters;

  explicit Network(const Settings& s)
      : filters(s.filters), way(s.way), stride(s.stride_two ? 2 : 1), pools(!s.stride_two),
        mean(s.mean) {
    int inputs = s.channels, height = s.height, width = s.width;
    long offset = 0;
    for (Module& m : module) {
      m.inputs = inputs, m.height = height, m.width = width;
      m.rows = (height - 1) / stride + 1, m.columns = (width - 1) / stride + 1;
      m.out_rows = pools ? m.rows / 2 : m.rows, m.out_columns = pools ? m.columns / 2 : m.columns;
      m.weight = offset, m.scale = m.weight + 9L * inputs * filters;
      m.shift = m.scale + filters, offset = m.shift + filters;
      inputs = filters, height = m.out_rows, width = m.out_columns;
    }
    features = mean ? filters : filters * module[MODULES - 1].out_size();
    linear_weight = offset, linear_bias = linear_weight + way * features;
    parameters = linear_bias + way;
  }
};

// theta of the models module (convolutions [filters, inputs, 3, 3]) to [9 * inputs, filters], or back.
template <class S>
void repack(const Network& net, const S* from, S* to, bool back) {
  std::memcpy(to, from, sizeof(S) * net.parameters);
  for (const Module& m : net.module)
    for (int f = 0; f < net.filters; f++)
      for (int c = 0; c < m.inputs; c++)
        for (int tap = 0; tap < 9; tap++) {
          const long theirs = m.weight + ((long)f * m.inputs + c) * 9 + tap;
          const long ours = m.weight + ((long)tap * m.inputs + c) * net.filters + f;
          to[back ? theirs : ours] = from[back ? ours : theirs];
        }
}

// Patches of zero-padded images: [n, height, width, inputs] to [n * rows * columns, 9 * inputs].
template <class S>
void to_columns(const Module& m, int stride, const S* __restrict images, int n, S* __restrict out) {
  const int C = m.inputs;
  for (int i = 0; i < n; i++, images += (long)m.height * m.width * C)
    for (int row = 0; row < m.rows; row++)
      for (int column = 0; column < m.columns; column++)
        for (int a = 0; a < 3; a++, out += 3 * C) {
          const int y = row * stride + a - 1, x = column * stride - 1;
          if (y < 0 || y >= m.height) {
            std::memset(out, 0, sizeof(S) * 3 * C);
            continue;
          }
          const int first = x < 0 ? 1 : 0, last = std::min(3, m.width - x);
          if (first) std::memset(out, 0, sizeof(S) * C);
          if (last < 3) std::memset(out + last * C, 0, sizeof(S) * (3 - last) * C);
          std::memcpy(out + first * C, images + ((long)y * m.width + x + first) * C,
                      sizeof(S) * (last - first) * C);
        }
}

// The transpose of `to_columns`: sums patches into images.
template <class S>
void from_columns(const Module& m, int stride, const S* __restrict in, int n, S* __restrict images) {
  const int C = m.inputs;
  std::memset(images, 0, sizeof(S) * n * m.height * m.width * C);
  for (int i = 0; i < n; i++, images += (long)m.height * m.width * C)
    for (int row = 0; row < m.rows; row++)
      for (int column = 0; column < m.columns; column++)
        for (int a = 0; a < 3; a++, in += 3 * C) {
          const int y = row * stride + a - 1, x = column * stride - 1;
          if (y < 0 || y >= m.height) continue;
          const int first = x < 0 ? 1 : 0, last = std::min(3, m.width - x);
          const S* __restrict source = in + first * C;
          S* __restrict target = images + ((long)y * m.width + x + first) * C;
          for (int k = 0; k < (last - first) * C; k++) target[k] += source[k];
        }
}

template <class S>
using Vector = std::vector<S>;

template <class S>
S* room(Vector<S>& v, long size) {
  if ((long)v.size() < size) v.resize(size);
  return v.data();
}

// Sums of K quantities per filter over rows: `add(row, sums)` adds one row; rounding is that of
// double from block to block.
template <class S, class Add>
void sum_rows(long rows, int width, double* total, const Add& add) {
  S sums[8192];
  std::fill(total, total + width, 0.0);
  for (long first = 0; first < rows; first += ROWS) {
    std::fill(sums, sums + width, S(0));
    for (long row = first; row < std::min(rows, first + ROWS); row++) add(row, sums);
    for (int i = 0; i < width; i++) total[i] += sums[i];
  }
}

// Mean and sum of squared deviations of columns, block by block (Chan, Golub & LeVeque 1983).
template <class S>
struct Moments {
  long count = 0;
  Vector<double> mean, squares;

  void start(int width) {
    count = 0;
    mean.assign(width, 0), squares.assign(width, 0);
  }
  void add(const S* __restrict z, long rows, int width) {
    S sums[4096], deviations[4096];
    for (long first = 0; first < rows; first += ROWS) {
      const long n = std::min<long>(ROWS, rows - first);
      const S* block = z + first * width;
      std::fill(sums, sums + width, S(0));
      for (long row = 0; row < n; row++)
        for (int i = 0; i < width; i++) sums[i] += block[row * width + i];
      for (int i = 0; i < width; i++) sums[i] /= n;
      std::fill(deviations, deviations + width, S(0));
      for (long row = 0; row < n; row++)
        for (int i = 0; i < width; i++) {
          const S d = block[row * width + i] - sums[i];
          deviations[i] += d * d;
        }
      const double share = (double)n / (count + n);
      for (int i = 0; i < width; i++) {
        const double difference = sums[i] - mean[i];
        mean[i] += difference * share;
        squares[i] += deviations[i] + difference * difference * count * share;
      }
      count += n;
    }
  }
};

// x at the maximum of u over 2x2 squares, and which of the four it is, in the type that vectorises.
// Where g < 0 the maximum of u is the minimum of x: compare g x. The first of equals wins.
template <class S>
void find_peaks(int C, const S* __restrict top, const S* __restrict bottom,
                const S* __restrict mean, const S* __restrict r, const S* __restrict g,
                S* __restrict peak, S* __restrict place) {
  for (int i = 0; i < C; i++) {
    S best = (top[i] - mean[i]) * r[i], where = 0;
    const S x1 = (top[i + C] - mean[i]) * r[i];
    const S x2 = (bottom[i] - mean[i]) * r[i], x3 = (bottom[i + C] - mean[i]) * r[i];
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

// What is known of one set of images at one theta.
template <class S>
struct Context {
  struct Part {
    Vector<S> z, mean, r;              // [M, C], [C], [C]
    Vector<S> peak;                    // x at the maxima, where the module pools
    Vector<S> place;                   // which of the four, 0 to 3
    Vector<S> du, dz;                  // at the maxima; dense
    Vector<S> db, dg;                  // divided by M
    Vector<S> columns;                 // kept for Hessian products
  } part[MODULES];
  Vector<S> theta, h, p, dlogits;
  double loss = 0;
  long correct = 0;
};

template <class S>
struct Workspace {
  const Network net;
  const int C;
  explicit Workspace(const Settings& s) : net(s), C(s.filters) {}

  // Scratch: tiles, and what the passes hand on.
  Vector<S> images, first_columns, tile_y, tile_columns, tile_dcolumns, tile_dz, dh;
  Vector<S> packed, gradient, other, cotangent, support, target;
  Moments<S> moments;
  Context<S> point;                    // for sets on which no Hessian product follows
  std::vector<Context<S>> steps;

  int tile_images(const Module& m, int n) const {
    return (int)std::max(1L, std::min<long>(n, TILE / (m.z_size() * 9 * m.inputs)));
  }

  // y of images first .. first + n of a module into `out`; notes the maxima where it pools.
  void activate(Context<S>& k, int index, const S* theta, int first, int n, S* __restrict out,
                bool note) {
    const Module& m = net.module[index];
    auto& part = k.part[index];
    const S *__restrict g = theta + m.scale, *__restrict b = theta + m.shift;
    const S *__restrict mean = part.mean.data(), *__restrict r = part.r.data();
    const S* z = part.z.data() + first * m.z_size() * C;
    if (!net.pools) {
      for (long row = 0; row < n * m.z_size(); row++, z += C, out += C)
        for (int i = 0; i < C; i++) out[i] = std::max((z[i] - mean[i]) * r[i] * g[i] + b[i], S(0));
      return;
    }
    const long line = (long)m.columns * C;
    S* __restrict peak = part.peak.data() + first * m.out_size() * C;
    S* __restrict place = part.place.data() + first * m.out_size() * C;
    for (int image = 0; image < n; image++, z += m.z_size() * C)
      for (int row = 0; row < m.out_rows; row++)
        for (int column = 0; column < m.out_columns; column++, out += C, peak += C, place += C) {
          const S* __restrict q = z + 2 * row * line + 2 * column * C;
          if (note) find_peaks(C, q, q + line, mean, r, g, peak, place);
          for (int i = 0; i < C; i++) out[i] = std::max(peak[i] * g[i] + b[i], S(0));
        }
  }

  // Columns of the input of a module for a tile; where they are kept or known, no work.
  const S* columns_of(Context<S>& k, int index, const S* theta, int first, int n, bool kept,
                      bool fresh) {
    const Module& m = net.module[index];
    const long size = m.z_size() * 9 * m.inputs;
    if (index == 0) return input + first * size;
    S* out = kept ? k.part[index].columns.data() + first * size : tile_columns.data();
    if (kept && !fresh) return out;
    const Module& below = net.module[index - 1];
    S* y = room(tile_y, n * below.out_size() * C);
    activate(k, index - 1, theta, first, n, y, fresh);
    to_columns(m, net.stride, y, n, out);
    return out;
  }

  const S* input = nullptr;            // columns of the images in work, [n * rows * columns, 9 * inputs]

  // Columns of images as torch has them, [n, channels, height, width].
  void read_images(const S* x, int n, Vector<S>& columns) {
    const Module& m = net.module[0];
    const long area = (long)m.height * m.width;
    S* __restrict out = room(images, n * area * m.inputs);
    for (int image = 0; image < n; image++)
      for (int c = 0; c < m.inputs; c++)
        for (long i = 0; i < area; i++)
          out[(image * area + i) * m.inputs + c] = x[(image * m.inputs + c) * area + i];
    to_columns(m, net.stride, out, n, room(columns, n * m.z_size() * 9 * m.inputs));
  }

  // Loss and everything that gradients need, at theta, of the images in `input`.
  void forward(Context<S>& k, const S* theta, const int64_t* y, int n, bool keep) {
    for (int index = 0; index < MODULES; index++) {
      const Module& m = net.module[index];
      auto& part = k.part[index];
      const int K = 9 * m.inputs, tile = tile_images(m, n);
      S* z = room(part.z, n * m.z_size() * C);
      if (keep && index) room(part.columns, n * m.z_size() * K);
      if (!keep) room(tile_columns, tile * m.z_size() * K);
      if (net.pools) room(part.peak, n * m.out_size() * C), room(part.place, n * m.out_size() * C);
      moments.start(C);
      for (int first = 0; first < n; first += tile) {
        const int count = std::min(tile, n - first);
        const long rows = count * m.z_size();
        const S* columns = columns_of(k, index, theta, first, count, keep, true);
        S* here = z + first * m.z_size() * C;
        multiply<S>(false, false, rows, C, K, columns, theta + m.weight, 0, here);
        moments.add(here, rows, C);
      }
      S *mean = room(part.mean, C), *r = room(part.r, C);
      for (int i = 0; i < C; i++) {
        mean[i] = (S)moments.mean[i];
        r[i] = (S)(1 / std::sqrt(moments.squares[i] / moments.count + EPSILON));
      }
    }
    const Module& top = net.module[MODULES - 1];
    const int W = net.way, D = (int)net.features;
    S* out = room(tile_y, n * top.out_size() * C);
    activate(k, MODULES - 1, theta, 0, n, out, true);
    S *h = room(k.h, (long)n * D), *p = room(k.p, (long)n * W), *dl = room(k.dlogits, (long)n * W);
    gather_features(out, n, h);
    for (int i = 0; i < n; i++) std::copy_n(theta + net.linear_bias, W, p + (long)i * W);
    multiply<S>(false, true, n, W, D, h, theta + net.linear_weight, 1, p);
    k.loss = 0, k.correct = 0;
    for (int i = 0; i < n; i++, p += W, dl += W) {
      const S most = *std::max_element(p, p + W);
      k.correct += std::max_element(p, p + W) - p == y[i];
      double sum = 0;
      for (int w = 0; w < W; w++) sum += std::exp((double)(p[w] - most));
      k.loss += (std::log(sum) + most - p[y[i]]) / n;
      for (int w = 0; w < W; w++) p[w] = (S)(std::exp((double)(p[w] - most)) / sum);
      for (int w = 0; w < W; w++) dl[w] = (p[w] - (w == y[i])) / n;
    }
  }

  // Last activations [n, positions, C] to h [n, features], features ordered as torch flattens them.
  void gather_features(const S* y, int n, S* h) const {
    const long Q = net.module[MODULES - 1].out_size();
    for (int i = 0; i < n; i++, y += Q * C, h += net.features)
      for (int c = 0; c < C; c++) {
        if (!net.mean) {
          for (long q = 0; q < Q; q++) h[c * Q + q] = y[q * C + c];
          continue;
        }
        S sum = 0;
        for (long q = 0; q < Q; q++) sum += y[q * C + c];
        h[c] = sum / Q;
      }
  }
  // The transpose.
  void scatter_features(const S* dh, int n, S* dy) const {
    const long Q = net.module[MODULES - 1].out_size();
    for (int i = 0; i < n; i++, dy += Q * C, dh += net.features)
      for (long q = 0; q < Q; q++)
        for (int c = 0; c < C; c++) dy[q * C + c] = net.mean ? dh[c] / Q : dh[c * Q + q];
  }

  // x at the positions where du lives: all of them, or the maxima.
  template <class F>
  void with_x(Context<S>& k, int index, int n, const F& f) const {
    const auto& part = k.part[index];
    const long rows = n * net.module[index].out_size();
    const S *mean = part.mean.data(), *r = part.r.data();
    if (net.pools)
      f(rows, part.peak.data(), [](const S* x, int i) { return x[i]; });
    else
      f(rows, part.z.data(), [mean, r](const S* z, int i) { return (z[i] - mean[i]) * r[i]; });
  }

  // Spreads values at the maxima over the squares of a tile: target += factor * value there.
  void spread(const Context<S>& k, int index, int first, int n, const S* __restrict factor,
              const S* __restrict values, S* __restrict target) const {
    const Module& m = net.module[index];
    const S* __restrict place = k.part[index].place.data() + first * m.out_size() * C;
    values += first * m.out_size() * C;
    const long line = (long)m.columns * C;
    for (int image = 0; image < n; image++, target += m.z_size() * C)
      for (int row = 0; row < m.out_rows; row++)
        for (int column = 0; column < m.out_columns; column++, place += C, values += C) {
          S* __restrict q = target + 2 * row * line + 2 * column * C;
          for (int i = 0; i < C; i++) {
            const S value = factor[i] * values[i];
            q[i] += place[i] == 0 ? value : S(0);
            q[i + C] += place[i] == 1 ? value : S(0);
            q[i + line] += place[i] == 2 ? value : S(0);
            q[i + line + C] += place[i] == 3 ? value : S(0);
          }
        }
  }

  // dz of a tile, dense.
  void form_dz(const Context<S>& k, int index, const S* theta, int first, int n, S* out) const {
    const Module& m = net.module[index];
    const auto& part = k.part[index];
    const S* g = theta + m.scale;
    const S *__restrict mean = part.mean.data(), *__restrict r = part.r.data();
    const S *__restrict db = part.db.data(), *__restrict dg = part.dg.data();
    const S* __restrict z = part.z.data() + first * m.z_size() * C;
    const S* __restrict du = part.du.data() + first * m.z_size() * C;
    S factor[4096];
    for (int i = 0; i < C; i++) factor[i] = g[i] * r[i];
    S* __restrict target = out;
    for (long row = 0; row < n * m.z_size(); row++, z += C, target += C) {
      if (net.pools)
        for (int i = 0; i < C; i++)
          target[i] = -factor[i] * (db[i] + (z[i] - mean[i]) * r[i] * dg[i]);
      else
        for (int i = 0; i < C; i++)
          target[i] = factor[i] * (du[row * C + i] - db[i] - (z[i] - mean[i]) * r[i] * dg[i]);
    }
    if (net.pools) spread(k, index, first, n, factor, part.du.data(), out);
  }

  // Gradient (packed) at a context of `forward` with the same theta. `keep` where it kept columns.
  void backward(Context<S>& k, const S* theta, int n, S* out, bool keep) {
    const int W = net.way, D = (int)net.features;
    multiply<S>(true, false, W, D, n, k.dlogits.data(), k.h.data(), 0, out + net.linear_weight);
    column_sums(k.dlogits.data(), n, W, out + net.linear_bias);
    S* d = room(dh, (long)n * D);
    multiply<S>(false, false, n, D, W, k.dlogits.data(), theta + net.linear_weight, 0, d);
    S* du = room(k.part[MODULES - 1].du, n * net.module[MODULES - 1].out_size() * C);
    scatter_features(d, n, du);
    for (int index = MODULES - 1; index >= 0; index--) {
      const Module& m = net.module[index];
      auto& part = k.part[index];
      const int K = 9 * m.inputs, tile = tile_images(m, n);
      const S *g = theta + m.scale, *b = theta + m.shift;
      double sums[8192];
      with_x(k, index, n, [&](long rows, const S* source, auto x) {
        S* d = part.du.data();
        sum_rows<S>(rows, 2 * C, sums, [&](long row, S* sum) {
          S* __restrict value = d + row * C;
          const S* __restrict from = source + row * C;
          for (int i = 0; i < C; i++) {
            const S here = x(from, i);
            const S kept = g[i] * here + b[i] > 0 ? value[i] : S(0);
            value[i] = kept;
            sum[i] += kept;
            sum[C + i] += kept * here;
          }
        });
      });
      const double M = (double)n * m.z_size();
      S *db = room(part.db, C), *dg = room(part.dg, C);
      for (int i = 0; i < C; i++) {
        out[m.shift + i] = (S)sums[i], out[m.scale + i] = (S)sums[C + i];
        db[i] = (S)(sums[i] / M), dg[i] = (S)(sums[C + i] / M);
      }
      // Hessian products need dz where columns' is not zero: in all modules but the first.
      const bool keep_dz = keep && index;
      S* dz = keep_dz ? room(part.dz, n * m.z_size() * C) : room(tile_dz, tile * m.z_size() * C);
      if (index) room(k.part[index - 1].du, n * net.module[index - 1].out_size() * C);
      if (!keep && index) room(tile_columns, tile * m.z_size() * K);
      if (index) room(tile_dcolumns, tile * m.z_size() * K);
      for (int first = 0; first < n; first += tile) {
        const int count = std::min(tile, n - first);
        const long rows = count * m.z_size();
        S* here = keep_dz ? dz + first * m.z_size() * C : dz;
        form_dz(k, index, theta, first, count, here);
        const S* columns = columns_of(k, index, theta, first, count, keep, false);
        multiply<S>(true, false, K, C, rows, columns, here, first ? 1 : 0, out + m.weight);
        if (!index) continue;
        multiply<S>(false, true, rows, K, C, here, theta + m.weight, 0, tile_dcolumns.data());
        S* below = k.part[index - 1].du.data() + first * (long)m.height * m.width * C;
        from_columns(m, net.stride, tile_dcolumns.data(), count, below);
      }
    }
  }

  static void column_sums(const S* values, int rows, int width, S* out) {
    for (int w = 0; w < width; w++) {
      double sum = 0;
      for (int i = 0; i < rows; i++) sum += values[(long)i * width + w];
      out[w] = (S)sum;
    }
  }

  // Scratch of Hessian products, per module.
  Vector<S> tangent_x[MODULES], tangent_columns[MODULES], tangent_s[MODULES];
  Vector<S> tangent_y, tangent_du, tangent_h, tangent_logits, tangent_dh, dense;

  // x' at the positions of u: the dense one, or gathered at the maxima.
  void gather(const Context<S>& k, int index, int n, const S* from, S* __restrict out) const {
    const Module& m = net.module[index];
    const S* __restrict place = k.part[index].place.data();
    const long line = (long)m.columns * C;
    for (int image = 0; image < n; image++, from += m.z_size() * C)
      for (int row = 0; row < m.out_rows; row++)
        for (int column = 0; column < m.out_columns; column++, place += C, out += C) {
          const S* q = from + 2 * row * line + 2 * column * C;
          pick(C, q, q + line, place, out);
        }
  }

  // H v (both packed) at a context that `forward` and `backward` kept.
  void product(Context<S>& k, int n, const S* v, S* out) {
    const S* theta = k.theta.data();
    double sums[8192];
    for (int index = 0; index < MODULES; index++) {
      const Module& m = net.module[index];
      auto& part = k.part[index];
      const int K = 9 * m.inputs;
      const long M = n * m.z_size();
      S* tx = room(tangent_x[index], M * C);
      const S* columns = index ? part.columns.data() : input;
      multiply<S>(false, false, M, C, K, columns, v + m.weight, 0, tx);
      if (index) {
        S* tc = room(tangent_columns[index], M * K);
        to_columns(m, net.stride, tangent_y.data(), n, tc);
        multiply<S>(false, false, M, C, K, tc, theta + m.weight, 1, tx);
      }
      const S *z = part.z.data(), *__restrict mean = part.mean.data(), *__restrict r = part.r.data();
      sum_rows<S>(M, 2 * C, sums, [&](long row, S* sum) {
        const S *__restrict t = tx + row * C, *__restrict from = z + row * C;
        for (int i = 0; i < C; i++) {
          sum[i] += t[i];
          sum[C + i] += t[i] * ((from[i] - mean[i]) * r[i]);
        }
      });
      S average[4096], *s = room(tangent_s[index], C);
      for (int i = 0; i < C; i++) average[i] = (S)(sums[i] / M), s[i] = (S)(sums[C + i] / M);
      for (long row = 0; row < M; row++) {
        S* __restrict t = tx + row * C;
        const S* __restrict from = z + row * C;
        for (int i = 0; i < C; i++)
          t[i] = r[i] * (t[i] - average[i] - (from[i] - mean[i]) * r[i] * s[i]);
      }
      const S *g = theta + m.scale, *b = theta + m.shift, *tg = v + m.scale, *tb = v + m.shift;
      const S* at = tx;
      S* ty = room(tangent_y, n * m.out_size() * C);
      if (net.pools) {
        S* picked = room(dense, n * m.out_size() * C);
        gather(k, index, n, tx, picked);
        at = picked;
      }
      with_x(k, index, n, [&](long rows, const S* source, auto x) {
        for (long row = 0; row < rows; row++) {
          const S *__restrict from = source + row * C, *__restrict t = at + row * C;
          S* __restrict y = ty + row * C;
          for (int i = 0; i < C; i++) {
            const S here = x(from, i);
            y[i] = g[i] * here + b[i] > 0 ? tg[i] * here + g[i] * t[i] + tb[i] : S(0);
          }
        }
      });
    }
    tangent_of_head(k, n, v, out);
    for (int index = MODULES - 1; index >= 0; index--) {
      const Module& m = net.module[index];
      auto& part = k.part[index];
      const int K = 9 * m.inputs;
      const long M = n * m.z_size();
      const S *g = theta + m.scale, *b = theta + m.shift, *tg = v + m.scale;
      const S *tx = tangent_x[index].data(), *at = tx, *du = part.du.data();
      S* tdu = tangent_du.data();
      if (net.pools) {
        S* picked = room(dense, n * m.out_size() * C);
        gather(k, index, n, tx, picked);
        at = picked;
      }
      with_x(k, index, n, [&](long rows, const S* source, auto x) {
        sum_rows<S>(rows, 2 * C, sums, [&](long row, S* sum) {
          S* __restrict d = tdu + row * C;
          const S *__restrict from = source + row * C, *__restrict t = at + row * C;
          const S* __restrict u = du + row * C;
          for (int i = 0; i < C; i++) {
            const S here = x(from, i);
            const S kept = g[i] * here + b[i] > 0 ? d[i] : S(0);
            d[i] = kept;
            sum[i] += kept;
            sum[C + i] += kept * here + u[i] * t[i];
          }
        });
      });
      // dz' = first (du - db - x dg) + second (du' - db' - x' dg - x dg'), sums divided by M.
      S first[4096], second[4096], tdb[4096], tdg[4096];
      const S *__restrict mean = part.mean.data(), *__restrict r = part.r.data();
      const S *__restrict db = part.db.data(), *__restrict dg = part.dg.data();
      const S* s = tangent_s[index].data();
      for (int i = 0; i < C; i++) {
        out[m.shift + i] = (S)sums[i], out[m.scale + i] = (S)sums[C + i];
        tdb[i] = (S)(sums[i] / M), tdg[i] = (S)(sums[C + i] / M);
        first[i] = tg[i] * r[i] - g[i] * r[i] * r[i] * s[i], second[i] = g[i] * r[i];
      }
      S* tdz = room(tile_dz, M * C);
      const S* z = part.z.data();
      for (long row = 0; row < M; row++) {
        S* __restrict target = tdz + row * C;
        const S *__restrict from = z + row * C, *__restrict t = tx + row * C;
        for (int i = 0; i < C; i++) {
          const S x = (from[i] - mean[i]) * r[i];
          target[i] = -first[i] * (db[i] + x * dg[i]) -
                      second[i] * (tdb[i] + t[i] * dg[i] + x * tdg[i]);
        }
        if (!net.pools) {
          const S *__restrict d = tdu + row * C, *__restrict u = du + row * C;
          for (int i = 0; i < C; i++) target[i] += first[i] * u[i] + second[i] * d[i];
        }
      }
      if (net.pools) {
        spread(k, index, 0, n, first, du, tdz);
        spread(k, index, 0, n, second, tdu, tdz);
      }
      const S* columns = index ? part.columns.data() : input;
      multiply<S>(true, false, K, C, M, columns, tdz, 0, out + m.weight);
      if (!index) continue;
      const S *dz = part.dz.data(), *tc = tangent_columns[index].data();
      multiply<S>(true, false, K, C, M, tc, dz, 1, out + m.weight);
      S* td = room(tile_dcolumns, M * K);
      multiply<S>(false, true, M, K, C, tdz, theta + m.weight, 0, td);
      multiply<S>(false, true, M, K, C, dz, v + m.weight, 1, td);
      room(tangent_du, n * (long)m.height * m.width * C);
      from_columns(m, net.stride, td, n, tangent_du.data());
    }
  }

  // The linear layer and the softmax: fills its part of H v, and dy' of the last module.
  void tangent_of_head(Context<S>& k, int n, const S* v, S* out) {
    const int W = net.way, D = (int)net.features;
    const S* weight = k.theta.data() + net.linear_weight;
    S *th = room(tangent_h, (long)n * D), *tl = room(tangent_logits, (long)n * W);
    gather_features(tangent_y.data(), n, th);
    for (int i = 0; i < n; i++) std::copy_n(v + net.linear_bias, W, tl + (long)i * W);
    multiply<S>(false, true, n, W, D, th, weight, 1, tl);
    multiply<S>(false, true, n, W, D, k.h.data(), v + net.linear_weight, 1, tl);
    for (int i = 0; i < n; i++) {
      const S* p = k.p.data() + (long)i * W;
      S *t = tl + (long)i * W, sum = 0;
      for (int w = 0; w < W; w++) sum += p[w] * t[w];
      for (int w = 0; w < W; w++) t[w] = p[w] * (t[w] - sum) / n;
    }
    multiply<S>(true, false, W, D, n, tl, k.h.data(), 0, out + net.linear_weight);
    multiply<S>(true, false, W, D, n, k.dlogits.data(), th, 1, out + net.linear_weight);
    column_sums(tl, n, W, out + net.linear_bias);
    S* td = room(tangent_dh, (long)n * D);
    multiply<S>(false, false, n, D, W, tl, weight, 0, td);
    multiply<S>(false, false, n, D, W, k.dlogits.data(), v + net.linear_weight, 1, td);
    scatter_features(td, n, room(tangent_du, n * net.module[MODULES - 1].out_size() * C));
  }

  // Gradient steps from packed theta on the support set in `input`; the steps' contexts are kept if
  // Hessian products follow. Leaves theta_T in `packed`.
  void descend(const int64_t* y, int n, int count, S rate, bool keep) {
    if (keep && (int)steps.size() < count) steps.resize(count);
    S* g = room(gradient, net.parameters);
    for (int step = 0; step < count; step++) {
      Context<S>& k = keep ? steps[step] : point;
      forward(k, packed.data(), y, n, keep);
      backward(k, packed.data(), n, g, keep);
      if (keep) k.theta = packed;
      for (long i = 0; i < net.parameters; i++) packed[i] -= rate * g[i];
    }
  }

  // v_0 of v_T, in place in `cotangent`, over the steps that `descend` kept.
  void sweep_back(int n, int count, S rate) {
    S* product_ = room(other, net.parameters);
    for (int step = count - 1; step >= 0; step--) {
      product(steps[step], n, cotangent.data(), product_);
      for (long i = 0; i < net.parameters; i++) cotangent[i] -= rate * product_[i];
    }
  }

  void start(const S* theta, const S* x, int n) {
    packed.resize(net.parameters), cotangent.resize(net.parameters);
    repack(net, theta, packed.data(), false);
    read_images(x, n, support);
    input = support.data();
  }

  void gradient_of(const S* theta, const S* x, const int64_t* y, int n, S* out, double* result) {
    start(theta, x, n);
    forward(point, packed.data(), y, n, false);
    result[0] = point.loss, result[1] = (double)point.correct / n;
    if (!out) return;
    backward(point, packed.data(), n, cotangent.data(), false);
    repack(net, cotangent.data(), out, true);
  }

  void adapt(const S* theta, const S* x, const int64_t* y, int n, int count, S rate, S* out) {
    start(theta, x, n);
    descend(y, n, count, rate, false);
    repack(net, packed.data(), out, true);
  }

  void pull_back(const S* theta, const S* x, const int64_t* y, int n, int count, S rate,
                 const S* v, S* out) {
    start(theta, x, n);
    descend(y, n, count, rate, true);
    repack(net, v, cotangent.data(), false);
    sweep_back(n, count, rate);
    repack(net, cotangent.data(), out, true);
  }

  void meta_gradient(const S* theta, const S* sx, const int64_t* sy, int n, const S* tx,
                     const int64_t* ty, int targets, int count, S rate, bool second_order, S* out,
                     double* result) {
    start(theta, sx, n);
    descend(sy, n, count, rate, second_order);
    read_images(tx, targets, target);
    input = target.data();
    forward(point, packed.data(), ty, targets, false);
    result[0] = point.loss, result[1] = (double)point.correct / targets;
    backward(point, packed.data(), targets, cotangent.data(), false);
    input = support.data();
    if (second_order) sweep_back(n, count, rate);
    repack(net, cotangent.data(), out, true);
  }

  int images_of_product = 0;
  void prepare_product(const S* theta, const S* x, const int64_t* y, int n) {
    start(theta, x, n);
    if (steps.empty()) steps.resize(1);
    images_of_product = n;
    forward(steps[0], packed.data(), y, n, true);
    backward(steps[0], packed.data(), n, cotangent.data(), true);
    steps[0].theta = packed;
  }
  void hessian_product(const S* v, S* out) {
    repack(net, v, cotangent.data(), false);
    product(steps[0], images_of_product, cotangent.data(), room(other, net.parameters));
    repack(net, other.data(), out, true);
  }
};

template <class S>
Workspace<S>& enter(void* workspace) {
  if (blas_threads_of_this_thread) blas_threads_of_this_thread(1);
  return *static_cast<Workspace<S>*>(workspace);
}

}  // namespace

extern "C" void use_blas(void* single, void* twice, void* threads) {
  sgemm = (Gemm<float>)single;
  dgemm = (Gemm<double>)twice;
  blas_threads_of_this_thread = (int (*)(int))threads;
}

#define METALANDSCAPE_FUNCTIONS(S, suffix)                                                          \
  extern "C" void* workspace_##suffix(const Settings* s) { return new Workspace<S>(*s); }           \
  extern "C" void release_##suffix(void* w) { delete static_cast<Workspace<S>*>(w); }               \
  extern "C" void gradient_##suffix(void* w, const S* theta, const S* x, const int64_t* y, int n,   \
                                    S* out, double* result) {                                       \
    enter<S>(w).gradient_of(theta, x, y, n, out, result);                                           \
  }                                                                                                 \
  extern "C" void adapt_##suffix(void* w, const S* theta, const S* x, const int64_t* y, int n,      \
                                 int steps, double rate, S* out) {                                  \
    enter<S>(w).adapt(theta, x, y, n, steps, (S)rate, out);                                         \
  }                                                                                                 \
  extern "C" void pull_back_##suffix(void* w, const S* theta, const S* x, const int64_t* y, int n,  \
                                     int steps, double rate, const S* v, S* out) {                  \
    enter<S>(w).pull_back(theta, x, y, n, steps, (S)rate, v, out);                                  \
  }                                                                                                 \
  extern "C" void meta_gradient_##suffix(void* w, const S* theta, const S* sx, const int64_t* sy,   \
                                         int n, const S* tx, const int64_t* ty, int m, int steps,   \
                                         double rate, int second, S* out, double* result) {         \
    enter<S>(w).meta_gradient(theta, sx, sy, n, tx, ty, m, steps, (S)rate, second, out, result);    \
  }                                                                                                 \
  extern "C" void prepare_product_##suffix(void* w, const S* theta, const S* x, const int64_t* y,   \
                                           int n) {                                                 \
    enter<S>(w).prepare_product(theta, x, y, n);                                                    \
  }                                                                                                 \
  extern "C" void hessian_product_##suffix(void* w, const S* v, S* out) {                           \
    enter<S>(w).hessian_product(v, out);                                                            \
  }

METALANDSCAPE_FUNCTIONS(float, float)
METALANDSCAPE_FUNCTIONS(double, double)

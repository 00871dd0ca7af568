// Gradients and Hessian-vector products of the convolutional network, by hand: the C interface.
//
// One call works on one set of images with one thread. Activations are channels-last,
// [n, height, width, channels], so that a convolution is a product of matrices: the rows of
// `columns` are the 3x3 patches of its input (im2col), and z = columns W, W [9 * inputs, filters].
//
// One module, m running over the M = n * height * width positions of z, everything per filter:
//
//     forward    z = columns W
//                x = (z - mean z) r,  r = 1 / sqrt(var z + eps)
//                u = g x + b,  y = max(u, 0), then the maximum of every 2x2 square if it pools
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
// (dW', dg', db', ...) is the Hessian times v: forward-over-reverse (Pearlmutter 1994). In the
// code, tx stands for x', and so on.
//
// Memory traffic limits the speed, so y is never stored: a tile of images, or of a large image's
// lines, small enough for the cache, goes from z through x, y and columns to the next z. We store x
// and, for pooling modules, the maxima and their positions. Columns are stored only at adaptation
// steps, which Hessian products follow.
//
// Everything is in anonymous namespaces, so that two kernels in one process share nothing.

#include <cstdint>

#include "backward.hpp"
#include "forward.hpp"
#include "tangent.hpp"
#include "workspace.hpp"

namespace {

template <class S> int Workspace<S>::enter(int slot) {
  if (blas_threads_of_this_thread) blas_threads_of_this_thread(1);
  input = slot_columns[slot].data();
  return slot_images[slot];
}

template <class S> void Workspace<S>::set_images(int slot, const S* x, int n) {
  const Module& m = net.modules[0];
  slot_images[slot] = n;
  S* columns = reserved(slot_columns[slot], n * m.positions * m.patch);
  to_columns(m, net.stride, x, {0, n, 0, m.rows}, columns);
}

template <class S>
void Workspace<S>::gradient_at(int slot, int step, const S* theta, const int64_t* y, S* out,
                               double* result) {
  const int n = enter(slot);
  const bool keep = step >= 0;
  while (step >= (int)steps.size()) steps.emplace_back(net.modules.size());
  Context<S>& k = keep ? steps[step] : point;
  if (keep) k.theta.assign(theta, theta + net.parameters);
  forward(k, theta, y, n, keep);
  result[0] = k.loss, result[1] = k.accuracy;
  if (out) backward(k, theta, n, out, keep);
}

template <class S> void Workspace<S>::product_at(int slot, int step, const S* v, S* out) {
  product(steps[step], enter(slot), v, out);
}

template <class S> Workspace<S>* at(void* w) { return static_cast<Workspace<S>*>(w); }

}  // namespace

// Addresses of sgemm, dgemm, and of a function that sets BLAS's threads of this thread, or null.
extern "C" void use_blas(void* single, void* twice, void* threads) {
  gemm<float> = (Gemm<float>)single, gemm<double> = (Gemm<double>)twice;
  blas_threads_of_this_thread = (int (*)(int))threads;
}

// A slot (0 or 1) holds a set of images, whose columns are the same at every theta. With step >= 0,
// `gradient` keeps what `product` needs at that step. theta, v and `out` are packed: every module's
// W, g and b, then [way, features] of the linear layer, the bias last. `out` of `gradient` may be
// null; `result` is loss and accuracy.
#define FUNCTIONS(S)                                                                              \
  extern "C" void* create_##S(int way, int channels, int height, int width, int filters,          \
                              int modules, int stride, int mean) {                                \
    return new Workspace<S>({way, channels, height, width, filters, modules, stride, mean});      \
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
    at<S>(w)->product_at(slot, step, v, out);                                                     \
  }

FUNCTIONS(float)
FUNCTIONS(double)

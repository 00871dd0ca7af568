// The 2x2 max-pool of C channels: `top` and `bottom` are the upper and the lower left position of
// a square, each with its right neighbor behind it.

#pragma once

namespace {

// x at the maximum of u = g x + b over a square, and which of its four positions that is, stored
// as S so that the loop vectorizes. We compare g x, because for g < 0 the maximum of u is the
// minimum of x. The first of equals wins.
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

// The values at the places that `find_peaks` found.
template <class S>
void pick(int C, const S* __restrict top, const S* __restrict bottom, const S* __restrict place,
          S* __restrict out) {
  for (int i = 0; i < C; i++) {
    const S first = top[i], second = top[i + C], third = bottom[i], fourth = bottom[i + C];
    const S above = place[i] == 1 ? second : first, below = place[i] == 3 ? fourth : third;
    out[i] = place[i] >= 2 ? below : above;
  }
}

// The transpose of `pick`, times a factor per channel: adds to the values at those places.
template <class S>
void put(int C, const S* __restrict factor, const S* __restrict value, const S* __restrict place,
         S* __restrict top, S* __restrict bottom) {
  for (int i = 0; i < C; i++) {
    const S v = factor[i] * value[i];
    top[i] += place[i] == 0 ? v : S(0), top[i + C] += place[i] == 1 ? v : S(0);
    bottom[i] += place[i] == 2 ? v : S(0), bottom[i + C] += place[i] == 3 ? v : S(0);
  }
}

}  // namespace

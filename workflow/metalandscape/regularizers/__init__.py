"""Regularizers of the inner loop.

A module of this folder is a regularizer (`regularizer: {name: ...}` of a run). It defines

- `OPTIONS`: a literal, its further configuration keys with their defaults, all of them numbers.
- `correct(adapted, theta, options)`: the regularised solutions theta^_i [n, P], differentiable
  functions of the adapted solutions theta~_i [n, P] and of theta^s [P].
"""

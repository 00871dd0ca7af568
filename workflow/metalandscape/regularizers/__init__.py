"""Regularizers of the inner loop.

A module of this folder is a regularizer (`regularizer: {name: ...}` of a run). It defines

- `Options`: its configuration keys, where it has any.
- `correct(adapted, theta, options)`: the regularized solutions theta^_i [n, P], differentiable
  functions of the adapted solutions theta~_i [n, P] and of theta^s [P].
"""

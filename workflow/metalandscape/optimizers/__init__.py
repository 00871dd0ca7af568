"""Outer optimizers, which apply a meta-gradient to the meta-parameters.

A module of this folder is an optimizer (`optimizer:` of a run). It defines

- `Options`: its configuration keys, where it has any.
- `SLOTS`: the names of the vectors it keeps for every meta-parameter, all zero at the start.
- `step(parameter, slots, gradient, step, rate, options)`: changes a parameter [P] and its slots in
  place; `step` counts from 1, and `rate` is the outer learning rate of this step.
"""

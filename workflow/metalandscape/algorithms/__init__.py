"""Meta-training algorithms.

A module of this folder is an algorithm (`algorithm:` in the configuration). It defines

- `NAME`: a literal, its name on figures.
- `ROLE`: a literal, "meta-learner" or "baseline": as what the paper's claims judge it. Without
  it, no claim does.
- `COLOUR`: a literal, where wanted: its colour in every figure, as `#rrggbb`.
- `TASKS`: a literal, the kinds of tasks it can learn from: "classification", "regression".
- `REGULARIZED`: a literal, whether it adapts in training and so heeds a run's `regularizer`.
- `build(run, dataset)`: the model that is meta-trained.
- `step(engine, theta, run, dataset, seed, iteration)`: the `LossGradient` of one meta-iteration,
  which Adam then applies. The engine computes with the model that `build` returned.
- `starting_point(model, theta, run, dataset, seed)`: the model and the theta^s from which it adapts
  at meta-test, given what was meta-trained.
"""

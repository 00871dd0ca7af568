"""Every algorithm by every engine on every network, in double precision, against the plain loop."""

import pytest
import torch

from helpers import (
    algorithm,
    conv_tasks,
    image_dataset,
    image_run,
    rates,
    relative,
    sine_dataset,
    sine_run,
    sine_tasks,
    start,
)
from metalandscape.ground import plugins

PENALTY = {"name": "trajectory_angle", "gamma": 0.01}
ALGORITHMS = {
    **{name: {"algorithm": name} for name in plugins.names("algorithms") if name != "finetuning"},
    "maml, regularized": {"algorithm": "maml", "regularizer": PENALTY},
    "first order, regularized": {"algorithm": "first_order_maml", "regularizer": PENALTY},
}
POOLED = {"downsampling": "pool", "output": "flatten", "modules": 2, "filters": 4}
RESNET = {"kind": "resnet12", "filters": [2, 4]}
NETWORKS = {
    "conv": (image_run, image_dataset, conv_tasks, {}),
    "conv, pool": (image_run, image_dataset, conv_tasks, {"network": {"kind": "conv", **POOLED}}),
    "mlp": (image_run, image_dataset, conv_tasks, {"network": {"kind": "mlp", "hidden": [5]}}),
    "mlp, sine": (sine_run, sine_dataset, sine_tasks, {}),
    "resnet12": (image_run, image_dataset, conv_tasks, {"network": RESNET}),
    "resnet12, group norm": (
        image_run,
        image_dataset,
        conv_tasks,
        {"network": RESNET | {"norm": "group", "groups": 2}},
    ),
}


def made(network, engine, **changes):
    run, dataset, _, settings = NETWORKS[network]
    settings = settings | {"inner_rate": 0.03125, "inner_steps": 2} | changes
    return algorithm(run(**settings), dataset(), engine=engine)


@pytest.mark.parametrize("engine", ["auto", "vectorized"])
@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("network", NETWORKS)
def test_meta_gradients_are_the_plain_loops(network, name, engine):
    plain, fast = (made(network, each, **ALGORITHMS[name]) for each in ("reference", engine))
    tasks = NETWORKS[network][2](2)
    meta = {"theta": start(plain.network), "rates": rates(plain.network)}
    found, expected = (each.meta_gradient(meta, tasks) for each in (fast, plain))
    assert relative(found.gradient, expected.gradient) < 1e-11
    assert found[1:3] == pytest.approx(expected[1:3], rel=1e-11, nan_ok=True)
    assert (found.rates is None) == (expected.rates is None)
    if expected.rates is not None:
        assert relative(found.rates, expected.rates) < 1e-11


@pytest.mark.parametrize("engine", ["auto", "vectorized"])
@pytest.mark.parametrize("network", [name for name in NETWORKS if "sine" not in name])
def test_the_baselines_gradient_and_solutions_are_the_plain_loops(network, engine):
    plain, fast = (made(network, each, algorithm="finetuning") for each in ("reference", engine))
    theta, (task, *_) = start(plain.network), conv_tasks(2)
    found, expected = (
        each.engine.gradient(theta, task.target_x, task.target_y) for each in (fast, plain)
    )
    assert relative(found.gradient, expected.gradient) < 1e-11
    learners = [each.learner({"theta": theta}) for each in (fast, plain)]
    moved = [learner.adapt(task) - learner.start(task) for learner in learners]
    assert torch.isfinite(moved[0]).all() and relative(*moved) < 1e-11

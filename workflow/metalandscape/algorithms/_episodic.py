"""What MAML and First-Order MAML share: episodes, and the meta-update of Eq. 2."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from ..datasets import Dataset
from ..engines import Engine, LossGradient, mean
from ..ground import plugins
from ..models import Model
from ..models import build as build_network
from ..settings.config import Run
from ..tasks import episodes as tasks
from ..tasks.episodes import Task


def build(run: Run, dataset: Dataset) -> Model:
    """Return the network with one output per class of a task."""
    return build_network(run.network, getattr(dataset, "image_shape", None), run.way or 1)


def starting_point(
    model: Model, theta: Tensor, run: Run, dataset: Dataset, seed: int
) -> tuple[Model, Tensor]:
    """Return what was meta-trained: meta-test adaptation starts from theta^s itself."""
    return model, theta


def step(
    engine: Engine,
    theta: Tensor,
    run: Run,
    dataset: Dataset,
    seed: int,
    iteration: int,
    second_order: bool,
) -> LossGradient:
    """Return the meta-gradient over the tasks of one meta-iteration, regularised if the run is."""
    batch = tasks.sample(dataset, run, seed, iteration)
    inner = (run.inner_steps, run.inner_rate, second_order)
    if run.regularizer is None:
        return engine.meta_gradient(theta, batch, *inner)
    options = dict(run.regularizer)
    regularizer = plugins.load("regularizers", options.pop("name"))
    correct = partial(regularizer.correct, options=options)
    return regularised_meta_gradient(engine, theta, batch, *inner, correct)


def regularised_meta_gradient(
    engine: Engine,
    theta: Tensor,
    batch: Sequence[Task],
    steps: int,
    rate: float,
    second_order: bool,
    correct: Callable[[Tensor, Tensor], Tensor],
) -> LossGradient:
    """Return the gradient of the mean target loss at the regularised solutions (Algorithm 1).

    The correction ties the tasks of a batch together. So as not to hold the graphs of all of them,
    the chain rule is taken in two passes: the gradients g_i at theta^_i are pulled back through the
    correction to cotangents of every theta~_j and of theta^s, and these through one adaptation
    after the other. Exact; it costs one more adaptation per task. First order takes every theta~_i
    as theta^s plus a constant.
    """
    adapted = torch.stack([engine.adapt(theta, task, steps, rate) for task in batch])
    adapted, start = adapted.requires_grad_(), theta.detach().requires_grad_()
    corrected = correct(adapted, start)
    targets = [
        engine.gradient(solution, task.target_x, task.target_y)
        for solution, task in zip(corrected.detach(), batch, strict=True)
    ]
    gradients = torch.stack([target.gradient for target in targets])
    cotangents, direct = torch.autograd.grad(corrected, (adapted, start), gradients)
    total = direct
    for cotangent, task in zip(cotangents, batch, strict=True):
        through = (
            engine.pull_back(theta, task, steps, rate, cotangent) if second_order else cotangent
        )
        total = total + through
    return mean(targets)._replace(gradient=total / len(batch))

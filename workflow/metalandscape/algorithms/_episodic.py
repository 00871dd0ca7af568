"""What MAML and its kin share: episodes, and the meta-update of Eq. 2."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from .. import algorithms
from ..datasets import Dataset
from ..engines import Engine, LossGradient, Rates, mean
from ..ground import plugins
from ..learner import Learner
from ..settings.run import Run
from ..tasks import episodes
from ..tasks.task import Task


class Episodic(algorithms.Algorithm):
    """Meta-training on episodes: theta^s is what adapts, in training and at meta-test."""

    second_order: ClassVar[bool] = True

    def rates(self, meta: algorithms.Meta, run: Run) -> Rates:
        """Return the inner rates, a number or a vector."""
        return run.inner_rate

    def step(self, meta: algorithms.Meta, dataset: Dataset, iteration: int) -> algorithms.Outer:
        """Return the meta-gradient over the tasks of one meta-iteration, Eq. 2.

        It has that of the rates, too, where `meta_gradient` returns one.
        """
        run = self.setup.run
        batch = episodes.sample(dataset, run, self.setup.seed, iteration)
        found = self.meta_gradient(meta, batch)
        gradients = {"theta": found.gradient}
        if found.rates is not None:
            gradients["rates"] = found.rates
        return algorithms.Outer(gradients, found.loss, found.accuracy)

    def meta_gradient(self, meta: algorithms.Meta, batch: Sequence[Task]) -> LossGradient:
        """Return the gradient of the mean target loss, regularized if the run is."""
        run, theta = self.setup.run, meta["theta"]
        inner = (run.inner_steps, self.rates(meta, run), self.second_order)
        if run.regularizer is None:
            return self.engine.meta_gradient(theta, batch, *inner)
        regularizer, options = plugins.chosen("regularizers", run.regularizer)
        correct = partial(regularizer.correct, options=options)
        return regularized_meta_gradient(self.engine, theta, batch, *inner, correct)

    def learner(self, meta: algorithms.Meta) -> Learner:
        """Return what was meta-trained: meta-test adaptation starts from theta^s itself."""
        run = self.setup.run.at_test()
        rates = self.rates(meta, run)
        return Learner(self.network, self.engine, meta["theta"], run.inner_steps, rates)


def regularized_meta_gradient(
    engine: Engine,
    theta: Float[Tensor, "P"],
    batch: Sequence[Task],
    steps: int,
    rates: Rates,
    second_order: bool,
    correct: Callable[[Float[Tensor, "tasks P"], Float[Tensor, "P"]], Float[Tensor, "tasks P"]],
) -> LossGradient:
    """Return the gradient of the mean target loss at the regularized solutions (Algorithm 1).

    The correction ties the tasks of a batch together. So as not to hold the graphs of all of them,
    the chain rule is taken in two passes: the gradients g_i at theta^_i are pulled back through the
    correction to cotangents of every theta~_j and of theta^s, and these through one adaptation
    after the other. Exact; it costs one more adaptation per task. First order takes every theta~_i
    as theta^s plus a constant.
    """
    thetas = theta.expand(len(batch), -1)
    adapted = engine.adapt_each(thetas, batch, steps, rates).requires_grad_()
    start = theta.detach().requires_grad_()
    corrected = correct(adapted, start)
    _, _, xs, ys = zip(*batch, strict=True)
    targets = engine.gradient_each(corrected.detach(), xs, ys)
    gradients = torch.stack([target.gradient for target in targets])
    cotangents, direct = torch.autograd.grad(corrected, (adapted, start), gradients)
    if second_order:
        cotangents = engine.pull_back_each(thetas, batch, steps, rates, cotangents)
    total = direct
    for through in cotangents:
        total = total + through
    return mean(targets)._replace(gradient=total / len(batch))

"""Synthetic tables on which the verdict of every claim is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import image_run
from metalandscape.claims import ClaimData
from metalandscape.results.tables import COLUMNS
from metalandscape.settings.config import Run

EPOCHS, SEEDS, RESAMPLES = 14, 3, 150
OMNIGLOT = {"kind": "omniglot", "train_classes": 1200}
REGULARIZER = {"name": "trajectory_angle", "gamma": 0.5}

Curve = Callable[[np.ndarray], np.ndarray]  # of time from 0 to 1


def rising(t):
    return t


def falling(t):
    return 1 - t


def flat(t):
    return 0 * t + 0.5


def hump(t):
    return 1 - np.abs(t - 0.4)


def symmetric(t):
    return 1 - 4 * (t - 0.55) ** 2


def valley(t):
    return np.abs(t - 0.5)


def at(level):
    return lambda t: 0 * t + level


@dataclass
class Scenario:
    """Runs, and for each (run, quantity) a curve and the spread of seeds around it."""

    runs: dict[str, Run]
    curves: dict[tuple[str, str], Curve]
    noise: float = 0.02  # between checkpoints
    spread: float = 0.0  # between seeds, paired in no way

    def table(self, seeds: int = SEEDS, epochs: int = EPOCHS) -> pd.DataFrame:
        """Return the rows of all curves."""
        rng = np.random.default_rng(7)
        time = np.linspace(0, 1, epochs)
        rows = []
        for (run, quantity), curve in self.curves.items():
            for seed in range(seeds):
                shift = self.spread * rng.standard_normal()
                values = curve(time) + shift + self.noise * rng.standard_normal(epochs)
                rows += [(run, seed, e, "test", quantity, v, 0.1, 60) for e, v in enumerate(values)]
        return pd.DataFrame(rows, columns=COLUMNS)

    def data(self, **size: int) -> ClaimData:
        """Return what claims are judged from."""
        return ClaimData(self.table(**size), self.runs, {"images": OMNIGLOT}, RESAMPLES)


def one(noise: float = 0.02, run: Run | None = None, **curves: Curve) -> Scenario:
    """A scenario of one run of MAML."""
    named = {("run", quantity): curve for quantity, curve in curves.items()}
    return Scenario({"run": run or image_run(epochs=EPOCHS - 1)}, named, noise)


def levels(quantity: str, baseline: float, spread: float = 0.0) -> Scenario:
    """A scenario of the Finetuning baseline and MAML, whose level is 0.5."""
    steps = 1 if quantity == "gradient_product" else 5
    runs = {
        "baseline": image_run(algorithm="finetuning", inner_steps=steps),
        "maml": image_run(inner_steps=steps),
    }
    curves = {("baseline", quantity): at(baseline), ("maml", quantity): at(0.5)}
    return Scenario(runs, curves, 0.01, spread)


def norms(maml: Curve, baseline: Curve, accuracy: Curve, noise: float = 0.02) -> Scenario:
    """A scenario of norms and accuracy, for MAML and the baseline."""
    runs = {"maml": image_run(), "baseline": image_run(algorithm="finetuning")}
    curves = {(run, "target_accuracy"): accuracy for run in runs}
    curves |= {("maml", "displacement_norm"): maml, ("baseline", "displacement_norm"): baseline}
    return Scenario(runs, curves, noise)


def shots(values: range, performance: str, quantity: str, sign: float, **run) -> Scenario:
    """A scenario of runs with different k; a sign of 0 makes the quantity pure noise."""
    runs = {f"k{k}": image_run(shot=k, **run) for k in values}
    better = -1 if performance == "target_loss" else 1
    curves: dict[tuple[str, str], Curve] = {}
    for k in values:
        curves[f"k{k}", performance] = lambda t, k=k: better * (t + k)
        curves[f"k{k}", quantity] = lambda t, k=k: sign * (t + k)
    return Scenario(runs, curves, 0.02 if sign else 1.0)


def regularized(gain: float, noise: float = 0.001) -> Scenario:
    """A scenario of a run with and one without the regularizer, on Omniglot 20-way 1-shot."""
    runs = {
        "plain": image_run(way=20, shot=1),
        "regularized": image_run(way=20, shot=1, regularizer=REGULARIZER),
    }
    curves = {
        ("plain", "target_accuracy"): at(0.9),
        ("regularized", "target_accuracy"): at(0.9 + gain),
    }
    return Scenario(runs, curves, noise)


def final(accuracy: float, noise: float = 0.001) -> Scenario:
    """A scenario of MAML on Omniglot 20-way 1-shot, where 95.8 % was published."""
    run = image_run(way=20, shot=1, inner_steps=5)
    return one(noise, run, target_accuracy=at(accuracy))


def correlated(quantity: str, curve: Curve, **run) -> Scenario:
    """A scenario of rising accuracy and another quantity."""
    return one(0.02, image_run(**run), target_accuracy=rising, **{quantity: curve})


SINE = {"way": None, "inner_steps": 1}
# Claim -> scenarios on which it is supported, contradicted and inconclusive.
SCENARIOS: dict[str, tuple[Scenario, Scenario, Scenario]] = {
    "c01": tuple(one(hessian_norm=curve) for curve in (hump, valley, flat)),
    "c02": (
        one(target_accuracy=hump, hessian_norm=falling),
        one(target_accuracy=hump, hessian_norm=rising),
        one(target_accuracy=rising, hessian_norm=falling),
    ),
    "c03": (one(support_loss=falling), one(support_loss=rising), one(0.3, support_loss=falling)),
    "c04": tuple(correlated("direction_cosine", c) for c in (rising, falling, flat)),
    "c05": (
        levels("direction_cosine", 0.02),
        levels("direction_cosine", 0.6),
        levels("direction_cosine", 0.25, 0.1),
    ),
    "c06": (
        norms(rising, flat, symmetric),
        norms(falling, rising, symmetric),
        norms(lambda t: 0.5 + 0.1 * t, flat, symmetric, noise=0.1),
    ),
    "c07": tuple(correlated("gradient_product", c, inner_steps=1) for c in (rising, falling, flat)),
    "c08": (
        levels("gradient_product", 0.02),
        levels("gradient_product", 0.6),
        levels("gradient_product", 0.25, 0.1),
    ),
    "c09": tuple(
        shots(range(2, 8), "target_loss", "gradient_product", sign, **SINE) for sign in (1, -1, 0)
    ),
    "c10": tuple(
        shots(range(1, 6), "target_accuracy", "embedding_product", sign) for sign in (1, -1, 0)
    ),
    "c11": (regularized(0.03), regularized(-0.03), regularized(0.01, 0.02)),
    "c12": (final(0.955), final(0.8), final(0.938, 0.01)),
}

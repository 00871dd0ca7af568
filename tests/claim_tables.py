"""Synthetic tables on which the verdict of every claim is known."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers import image_run
from metalandscape.claims import ClaimData
from metalandscape.results.tables import COLUMNS
from metalandscape.settings.config import Run

EPOCHS, SEEDS = 14, 3
OMNIGLOT = {"kind": "omniglot", "train_classes": 1200}
COLOR = {"kind": "glyphs", "colour": True}  # plays MiniImagenet
REGULARIZER = {"name": "trajectory_angle", "gamma": 0.5}
PAPER = {  # Omniglot 20-way 1-shot, but 13 epochs
    "way": 20,
    "shot": 1,
    "targets": 15,
    "network": {"kind": "conv", "filters": 64},
    "inner_steps": 5,
    "inner_rate": 0.1,
    "batch_size": 16,
    "iterations": 1000,
}

Curve = Callable[[np.ndarray], np.ndarray]  # of time from 0 to 1


def rising(t):
    return t


def falling(t):
    return 1 - t


def flat(t):
    return 0 * t + 0.5


def hump(t):
    return 1 - np.abs(t - 0.4)


def early(t):
    return 1 - np.abs(t - 0.2)


def dip(t):
    return np.where(t < 0.1, 1.0, 0.2 + 0.7 * t)


def at(level):
    return lambda t: 0 * t + level


@dataclass
class Scenario:
    """Runs, and for each (run, quantity) a curve and the spread of seeds around it.

    A quantity is of meta-test tasks, or as `val/target_accuracy` of another split.
    """

    runs: dict[str, Run]
    curves: dict[tuple[str, str], Curve]
    noise: float = 0.02  # between checkpoints
    spread: float = 0.0  # between seeds, paired in no way
    images: dict = field(default_factory=lambda: OMNIGLOT)  # the dataset's options

    def table(self, seeds: int = SEEDS, epochs: int = EPOCHS) -> pd.DataFrame:
        """Return the rows of all curves."""
        rng = np.random.default_rng(7)
        time = np.linspace(0, 1, epochs)
        rows = []
        for (run, quantity), curve in self.curves.items():
            for seed in range(seeds):
                shift = self.spread * rng.standard_normal()
                values = curve(time) + shift + self.noise * rng.standard_normal(epochs)
                split, _, name = quantity.rpartition("/")
                key = split or "test", name
                rows += [(run, seed, e, *key, v, 0.1, 60, 0, 0) for e, v in enumerate(values)]
        return pd.DataFrame(rows, columns=COLUMNS)

    def data(self, **size: int) -> ClaimData:
        """Return what claims are judged from."""
        return ClaimData(self.table(**size), self.runs, {"images": self.images})


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


def norms(maml: Curve, baseline: Curve, accuracy: Curve, noise: float = 0.002) -> Scenario:
    """A scenario of norms and accuracy, for MAML and the baseline, on images in color."""
    runs = {"maml": image_run(), "baseline": image_run(algorithm="finetuning")}
    curves = {(run, "target_accuracy"): accuracy for run in runs}
    curves |= {("maml", "displacement_norm"): maml, ("baseline", "displacement_norm"): baseline}
    return Scenario(runs, curves, noise, images=COLOR)


def shots(values: range, performance: str, quantity: str, sign: float, **run) -> Scenario:
    """A scenario of runs with different k; a sign of 0 leaves a weak relation over epochs only."""
    runs = {f"k{k}": image_run(shot=k, **run) for k in values}
    better = -1 if performance == "target_loss" else 1
    curves: dict[tuple[str, str], Curve] = {}
    for k in values:
        curves[f"k{k}", performance] = lambda t, k=k: better * (t + k)
        curves[f"k{k}", quantity] = lambda t, k=k: sign * (t + k) if sign else t
    return Scenario(runs, curves, 0.02 if sign else 0.45)


def regularized(gain: float, noise: float = 0.001, **changes) -> Scenario:
    """A scenario of a run with and one without the regularizer, on Omniglot 20-way 1-shot."""
    regularizer = changes.pop("regularizer", REGULARIZER)
    settings = PAPER | changes
    runs = {
        "plain": image_run(**settings),
        "regularized": image_run(**settings, regularizer=regularizer),
    }
    curves = {
        ("plain", "target_accuracy"): at(0.9),
        ("regularized", "target_accuracy"): at(0.9 + gain),
    }
    return Scenario(runs, curves, noise)


def final(accuracy: float, noise: float = 0.001, **changes) -> Scenario:
    """A scenario of MAML on Omniglot 20-way 1-shot, where the paper has 94.05 %."""
    return one(noise, image_run(**PAPER | changes), target_accuracy=at(accuracy))


def orders(first: float, second: float, spread: float = 0.0) -> Scenario:
    """A scenario of the accuracies of First-Order and Second-Order MAML."""
    runs = {"first": image_run(algorithm="first_order_maml"), "second": image_run()}
    curves = {
        ("first", "target_accuracy"): at(first),
        ("second", "target_accuracy"): at(second),
    }
    return Scenario(runs, curves, 0.001, spread)


def correlated(quantity: str, curve: Curve, **run) -> Scenario:
    """A scenario of rising accuracy and another quantity; noisy where that is flat."""
    return one(0.02, image_run(**run), target_accuracy=rising, **{quantity: curve})


def weak(performance: str, quantity: str, **run) -> Scenario:
    """A scenario of two quantities whose R is about 0.3."""
    return one(0.45, image_run(**run), **{performance: rising, quantity: rising})


def coherence(product: Curve, cosine: Curve) -> Scenario:
    """A scenario of accuracy with the inner product and the cosine of gradients."""
    curves = {"gradient_product": product, "gradient_cosine": cosine}
    return one(0.1, image_run(inner_steps=1), target_accuracy=rising, **curves)


def stopping(
    validation: Curve, signal: Curve, source: Curve = rising, elsewhere: bool = False
) -> Scenario:
    """A scenario of accuracy with a peak, of validation accuracy and of all signals alike.

    Activations of meta-test tasks rise; those of the source do, too, unless they diverge.
    """
    home, away = image_run(), image_run(test={"dataset": "other"})
    runs = {"home": home, "away": away} if elsewhere else {"home": home}
    curves: dict[tuple[str, str], Curve] = {("home", "val/target_accuracy"): validation}
    own = "away" if elsewhere else "home"
    curves[own, "target_accuracy"] = hump
    for quantity in ("gradient_product", "gradient_cosine", "embedding_product"):
        curves[own, quantity] = signal
    curves[own, "hessian_norm"] = lambda t: 2 - signal(t)
    curves[own, "activation_m1_layer1"] = rising
    curves[own, "train/activation_m1_layer1"] = source
    return Scenario(runs, curves, 0.002)


def flatter(curvature: float, gain: float, spread: float = 0.0) -> Scenario:
    """A scenario of MAML, whose curvature is 1, and of Sharp-MAML."""
    runs = {"sharp": image_run(algorithm="sharp_maml"), "maml": image_run()}
    curves = {
        ("sharp", "target_accuracy"): at(0.5 + gain),
        ("maml", "target_accuracy"): at(0.5),
        ("sharp", "hessian_norm"): at(curvature),
        ("maml", "hessian_norm"): at(1.0),
    }
    return Scenario(runs, curves, 0.005, spread)


SINE = {"way": None, "inner_steps": 1}
T5 = image_run(inner_steps=5)
# Claim -> scenarios on which it is supported, contradicted and inconclusive.
SCENARIOS: dict[str, tuple[Scenario, Scenario, Scenario]] = {
    "c01": tuple(one(hessian_norm=curve) for curve in (hump, dip, flat)),
    "c02": (
        one(target_accuracy=early, hessian_norm=falling),
        one(target_accuracy=early, hessian_norm=rising),
        one(target_accuracy=rising, hessian_norm=falling),
    ),
    "c03": (
        one(run=T5, support_loss=falling),
        one(run=T5, support_loss=rising),
        one(0.3, run=T5, support_loss=falling),
    ),
    "c04": (
        *(correlated("direction_cosine", c) for c in (rising, falling)),
        weak("target_accuracy", "direction_cosine"),
    ),
    "c05": (
        levels("direction_cosine", 0.02),
        levels("direction_cosine", 0.6),
        levels("direction_cosine", 0.06, 0.05),
    ),
    "c06": (
        norms(rising, lambda t: 0.5 + 0.03 * t, early),
        norms(falling, rising, early),
        norms(lambda t: 0.5 + 0.1 * t, flat, early, noise=0.1),
    ),
    "c07": (
        *(correlated("gradient_product", c, inner_steps=1) for c in (rising, falling)),
        weak("target_accuracy", "gradient_product", inner_steps=1),
    ),
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
    "c12": (final(0.945), final(0.8), final(0.96, 0.01)),
    "c13": (
        one(support_loss=falling, hessian_norm=falling),
        one(support_loss=falling, hessian_norm=rising),
        weak("support_loss", "hessian_norm"),
    ),
    "c14": (coherence(rising, flat), coherence(flat, rising), coherence(rising, rising)),
    "c15": (
        one(0.01, initial_accuracy=at(1 / 3)),
        one(0.01, initial_accuracy=at(0.5)),
        Scenario({"run": image_run()}, {("run", "initial_accuracy"): at(0.36)}, 0.01, 0.05),
    ),
    "c16": (
        levels("target_accuracy", 0.3),
        levels("target_accuracy", 0.6),
        levels("target_accuracy", 0.45, 0.1),
    ),
    "c17": (orders(0.9, 0.9), orders(0.8, 0.9), orders(0.9, 0.9, 0.05)),
    "c18": (stopping(rising, hump), stopping(hump, rising, falling), stopping(hump, hump)),
    "c19": (
        stopping(rising, hump, elsewhere=True),
        stopping(hump, rising, falling, elsewhere=True),
        stopping(hump, hump, elsewhere=True),
    ),
    "c20": (flatter(0.5, 0.1), flatter(2.0, 0.1), flatter(1.0, 0.1)),
}

"""Truths on which the rules behind verdicts may decide wrongly; `claim_errors` simulates them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from metalandscape.claims.c11 import HALF
from metalandscape.results.stopping import LANDSCAPE

EPOCHS = (15, 40, 100)

# Quantity, or as `val/quantity` that of another split -> [simulations, seeds, epochs].
Curves = dict[str, np.ndarray]
Draw = Callable[[], np.ndarray]  # a new series of that shape, of about unit variance


@dataclass(frozen=True)
class World:
    """A truth on which a rule may decide wrongly.

    Attributes:
        claim: the claim that is judged.
        truth: what holds, in words.
        wrong: the verdicts that are wrong there.
        runs: the settings in which the simulated runs differ from `SETTINGS`, by name.
        curves: makes the quantities of every run; it takes a source of series and the time.
        dataset: the dataset's options.
        statistics: which of the claim's statistics the truth is about, by how they begin; "" is
            the claim as a whole.
        epochs: the lengths of training that are simulated.
    """

    claim: str
    truth: str
    wrong: tuple[str, ...]
    runs: dict[str, dict]
    curves: Callable[[Draw, np.ndarray], dict[str, Curves]]
    dataset: dict
    statistics: tuple[str, ...] = ("",)
    epochs: tuple[int, ...] = EPOCHS


SETTINGS = {
    "dataset": "images",
    "algorithm": "maml",
    "network": {"kind": "conv", "filters": 64},
    "way": 5,
    "shot": 1,
    "inner_rate": 0.1,
    "batch_size": 16,
    "iterations": 500,
}
GREY = {"kind": "omniglot", "train_classes": 1200}
COLOR = {"kind": "miniimagenet"}
SHARP = {"sharp": {"algorithm": "sharp_maml"}}
MAML, BASELINE = {"maml": {}}, {"baseline": {"algorithm": "finetuning"}}
SUPPORTED, EITHER = ("supported",), ("supported", "contradicted")


def related(draw: Draw, r: float) -> tuple[np.ndarray, np.ndarray]:
    """Return two series whose R within seeds is r on average."""
    x = draw()
    return x, r * x + np.sqrt(1 - r**2) * draw()


def pair(r: float, first: str, second: str) -> Callable:
    """Return a maker of a run whose two quantities have this R."""

    def curves(draw: Draw, time: np.ndarray) -> dict[str, Curves]:
        x, y = related(draw, r)
        return {"maml": {first: x, second: y}}

    return curves


def rising_alike(draw: Draw, time: np.ndarray) -> dict[str, Curves]:
    """Return a run whose two quantities rise and level off alike, else without relation."""
    rise = 1 - np.exp(-5 * time)
    curves = {name: rise + 0.1 * draw() for name in ("target_accuracy", "direction_cosine")}
    return {"maml": curves}


def over_k(draw: Draw, time: np.ndarray) -> dict[str, Curves]:
    """Return runs whose quantities differ by k in the same way for all seeds, without relation."""
    first, second = (draw()[:, :1, :1] for _ in range(2))
    return {
        f"k{k}": {
            "target_accuracy": np.roll(first, k, 0) + 0.1 * draw(),
            "embedding_product": np.roll(second, 7 * k, 0) + 0.1 * draw(),
        }
        for k in SHOTS
    }


def overfitted(draw: Draw, time: np.ndarray) -> dict[str, Curves]:
    """Return a run whose accuracy falls from a tenth of the training on, with aimless curvature."""
    accuracy = 0.6 - 0.3 * np.abs(time - 0.1)
    return {"maml": {"target_accuracy": accuracy + 0.01 * draw(), "hessian_norm": draw()}}


def level(quantity: str, spread: float, **runs: float) -> Callable:
    """Return a maker of runs whose quantity has these levels."""

    def curves(draw: Draw, time: np.ndarray) -> dict[str, Curves]:
        return {name: {quantity: value + spread * draw()} for name, value in runs.items()}

    return curves


def norms(growth: float, *names: str) -> Callable:
    """Return a maker of runs whose norms grow by this share of their mean."""

    def curves(draw: Draw, time: np.ndarray) -> dict[str, Curves]:
        return {
            name: {
                "target_accuracy": 0.5 + 0.05 * draw(),
                "displacement_norm": 1 + growth * (time - 0.5) + 0.1 * draw(),
            }
            for name in names
        }

    return curves


def coherence(draw: Draw, time: np.ndarray) -> dict[str, Curves]:
    """Return a run whose inner products and cosines correlate alike with accuracy."""
    x, product = related(draw, 0.5)
    cosine = 0.5 * x + np.sqrt(0.75) * draw()
    return {"maml": {"target_accuracy": x, "gradient_product": product, "gradient_cosine": cosine}}


def aimless_signals(draw: Draw, time: np.ndarray) -> dict[str, Curves]:
    """Return a run whose accuracy, validation accuracy and signals have no relation."""
    signals = (*LANDSCAPE, "activation_m1_layer1", "train/activation_m1_layer1")
    curves = {name.removeprefix("-"): draw() for name in signals}
    accuracy = 0.5 + 0.02 * draw()
    return {"maml": curves | {"target_accuracy": accuracy, "val/target_accuracy": draw()}}


def flatter(draw: Draw, time: np.ndarray) -> dict[str, Curves]:
    """Return runs with and without a change that halves curvature and leaves accuracy."""
    return {
        name: {
            "target_accuracy": 0.5 + 0.02 * draw(),
            "hessian_norm": np.exp(np.log(curvature) + 0.1 * draw()),
        }
        for name, curvature in (("maml", 2.0), ("sharp", 1.0))
    }


def flatter_by_chance(draw: Draw, time: np.ndarray) -> dict[str, Curves]:
    """Return runs with and without a change that makes solutions better, but no flatter."""
    return {
        name: {
            "target_accuracy": accuracy + 0.01 * draw(),
            "hessian_norm": np.exp(0.1 * draw()),
        }
        for name, accuracy in (("maml", 0.5), ("sharp", 0.6))
    }


SHOTS = range(2, 8)
T1 = {"inner_steps": 1}
PAPER = {"way": 20}
REGULARIZED = {"regularizer": {"name": "trajectory_angle", "gamma": 0.5}}
R = ("R of",)
WORLDS = (
    World(
        "c01",
        "curvature has no peak",
        EITHER,
        MAML,
        lambda draw, time: {"maml": {"hessian_norm": draw()}},
        GREY,
    ),
    World(
        "c02", "no meta-overfitting", EITHER, MAML, pair(0, "target_accuracy", "hessian_norm"), GREY
    ),
    World(
        "c02",
        "overfitted, curvature is aimless",
        EITHER,
        MAML,
        overfitted,
        GREY,
        ("slope of hessian_norm",),
    ),
    World(
        "c03",
        "support loss is aimless",
        SUPPORTED,
        MAML,
        lambda draw, time: {"maml": {"support_loss": draw()}},
        GREY,
    ),
    World(
        "c04",
        "no relation",
        SUPPORTED,
        MAML,
        pair(0, "target_accuracy", "direction_cosine"),
        GREY,
        R,
    ),
    World(
        "c04",
        "both rise and level off",
        SUPPORTED,
        MAML,
        rising_alike,
        GREY,
        ("R of target_accuracy and direction_cosine over epochs, beyond",),
    ),
    World(
        "c04", "R = 0.3", EITHER, MAML, pair(0.3, "target_accuracy", "direction_cosine"), GREY, R
    ),
    World(
        "c05",
        "a level of 0.05",
        EITHER,
        MAML | BASELINE,
        level("direction_cosine", 0.01, baseline=0.05, maml=0.3),
        GREY,
        ("mean",),
    ),
    World(
        "c05",
        "half of MAML's level",
        EITHER,
        MAML | BASELINE,
        level("direction_cosine", 0.05, baseline=0.15, maml=0.3),
        GREY,
        ("level",),
    ),
    World("c06", "norms do not grow", SUPPORTED, MAML, norms(0.0, "maml"), COLOR, ("growth",)),
    World(
        "c06",
        "norms grow by a tenth",
        EITHER,
        MAML | BASELINE,
        norms(0.1, "maml", "baseline"),
        COLOR,
        ("growth",),
    ),
    World(
        "c10",
        "no relation over k",
        SUPPORTED,
        {f"k{k}": {"shot": k} for k in SHOTS},
        over_k,
        GREY,
        ("R of target_accuracy and embedding_product over k",),
        (15,),
    ),
    World(
        "c11",
        "no difference",
        EITHER,
        {"maml": PAPER, "regularized": PAPER | REGULARIZED},
        level("target_accuracy", 0.01, maml=0.9, regularized=0.9),
        GREY,
        ("difference",),
    ),
    World(
        "c11",
        "11.2 % less error",
        EITHER,
        {"maml": PAPER, "regularized": PAPER | REGULARIZED},
        level("target_accuracy", 0.01, maml=0.9, regularized=0.9 + 0.1 * HALF[0]),
        GREY,
        ("relative",),
    ),
    World(
        "c12",
        "2 points below",
        EITHER,
        {"maml": PAPER},
        level("target_accuracy", 0.005, maml=0.9205),
        GREY,
    ),
    World("c14", "both R = 0.5", EITHER, {"maml": T1}, coherence, GREY, ("R of",)),
    World(
        "c15",
        "a tenth above chance",
        EITHER,
        MAML,
        level("initial_accuracy", 0.01, maml=0.22),
        GREY,
    ),
    World(
        "c16",
        "5 points below MAML",
        EITHER,
        MAML | BASELINE,
        level("target_accuracy", 0.02, maml=0.6, baseline=0.55),
        GREY,
    ),
    World(
        "c17",
        "1 point apart",
        EITHER,
        MAML | {"first": {"algorithm": "first_order_maml"}},
        level("target_accuracy", 0.003, maml=0.95, first=0.96),
        GREY,
    ),
    World("c18", "no signal knows of accuracy", EITHER, MAML, aimless_signals, GREY),
    World("c20", "flatter, as accurate", EITHER, MAML | SHARP, flatter, GREY),
    World("c20", "as flat, more accurate", EITHER, MAML | SHARP, flatter_by_chance, GREY),
)

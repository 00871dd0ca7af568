"""Runs and made-up tables for every figure: curves of plausible shape, with noise over seeds."""

import functools
import re

import numpy as np
import pandas as pd

from helpers import image_run
from metalandscape.figures import FigureData, _style
from metalandscape.ground import plugins
from metalandscape.results.tables import COLUMNS, read_all

PLANES, LOSSES, SIDE = ("path", "random"), ("support", "target"), range(5)
REUSE = ("cka", "debiased_cka", "displacement")
QUANTITIES = {
    "accuracy": ["target_accuracy", "target_loss", "support_loss"],
    "gradients": ["gradient_product", "gradient_cosine"],
    "trajectories": ["direction_cosine", "displacement_norm"],
    "hessian": ["hessian_norm"],
    "embeddings": ["embedding_product"],
    "sharpness": ["filter_norm", "adaptive_sharpness", "hessian_trace", "filter_trace"],
    "spectrum": [f"spectral_density{point}" for point in range(41)],
    "surface": [
        *(
            f"{k}_{loss}_loss_{i}_{j}"
            for k in PLANES
            for loss in LOSSES
            for i in SIDE
            for j in SIDE
        ),
        *(f"path{task}_{axis}{t}" for task in range(1, 4) for axis in "xy" for t in range(1, 6)),
        *(f"{k}_step" for k in PLANES),
        "path_variance",
        *(f"{own}{loss}_barrier" for own in ("", "own_") for loss in LOSSES),
    ],
    "reuse": [f"{name}_layer{layer}" for name in REUSE for layer in range(1, 6)],
    "symmetry": [
        *("top_class", "head_direction_cosine", "symmetric_direction_cosine"),
        *("symmetric_accuracy", "symmetric_gain"),
    ],
    "activations": [f"activation_m{i}_layer{layer}" for i in range(1, 5) for layer in (1, 2)],
}
SHAPES = {
    "target_accuracy": lambda t: 0.2 + 0.6 * t * np.exp(1 - t),
    "target_loss": lambda t: 1.6 - 0.6 * t * np.exp(1 - t),
    "support_loss": lambda t: np.exp(-t),
    "gradient_product": lambda t: 40 * t * np.exp(1 - t),
    "direction_cosine": lambda t: 0.3 * t * np.exp(1 - 1.2 * t),
    "displacement_norm": lambda t: 1 + t,
    "hessian_norm": lambda t: 3 + 20 * t * np.exp(1 - 2 * t),
    "embedding_product": lambda t: 5 + 3 * t * np.exp(1 - t),
    "top_class": lambda t: 0.3 + 0.3 * t,
    "head_direction_cosine": lambda t: 0.25 * t * np.exp(1 - 1.2 * t),
    "symmetric_direction_cosine": lambda t: 0.01 * np.sin(9 * t),
    "symmetric_accuracy": lambda t: 0.21 + 0.6 * t * np.exp(1 - t),
    "symmetric_gain": lambda t: 0.01 + 0 * t,
    "path_step": lambda t: 1.5 + 0 * t,
    "path_variance": lambda t: 0.7 + 0 * t,
    "gradient_cosine": lambda t: 0.2 * t * np.exp(1 - t),
    "filter_norm": lambda t: 5 + 30 * t * np.exp(1 - 2 * t),
    "adaptive_sharpness": lambda t: 0.1 + 0.2 * t * np.exp(1 - 2 * t),
    "hessian_trace": lambda t: 20 + 150 * t * np.exp(1 - 2 * t),
    "filter_trace": lambda t: 30 + 140 * t * np.exp(1 - 2 * t),
}
# Narrower from epoch to epoch: a bell around the middle of 41 points.
SHAPES |= {
    f"spectral_density{point}": lambda t, apart=point - 20: np.exp(-((apart / (8 - 2 * t)) ** 2))
    for point in range(41)
}


def family(quantity):
    """The curve of a quantity over training, t from 0 to 2, by the numbers in its name."""
    first, *others = [int(n) for n in re.findall(r"\d+", quantity)] or [1]
    if "_loss_" in quantity:
        height = 0.3 + (first - 2) ** 2 + 0.3 * (others[0] - 2) ** 2
        return lambda t: height * (1 + t)
    if quantity.startswith("path"):
        angle = 2 * first + (np.pi / 2 if "_y" in quantity else 0)
        return lambda t: 0.4 * others[0] * np.cos(angle + t)
    return lambda t: 1 - np.exp(-first) * (0.2 + t) / 3


MANY = (q for metric in ("surface", "reuse") for q in QUANTITIES[metric])
SHAPES = {quantity: family(quantity) for quantity in MANY} | SHAPES
SHAPES |= dict.fromkeys(QUANTITIES["activations"], lambda t: 1 + t)
SPREAD = 0.04
EPOCHS = 12
REGULARIZER = {"name": "trajectory_angle", "gamma": 0.5}
PAIR = ("first_order_maml", "maml")
OMNIGLOT = [("omniglot", way, shot) for way in (5, 20) for shot in (1, 5)]
MINI = [("miniimagenet", 5, 1), ("miniimagenet", 5, 5)]
SETTINGS = OMNIGLOT + MINI


def runs_of(settings, algorithms, **changes):
    """A run per dataset, way, shot and algorithm."""
    runs = {}
    for dataset, way, shot in settings:
        for algorithm in algorithms:
            name = "_".join([dataset, f"{way}w{shot}s", algorithm, *changes])
            keys = {"dataset": dataset, "way": way, "shot": shot}
            known = algorithm if algorithm in plugins.names("algorithms") else "maml"
            run = image_run(
                **{"inner_steps": 5, "targets": 15} | keys | {"algorithm": known} | changes
            )
            runs[name] = run.model_copy(update={"algorithm": algorithm})
    return runs


def sine_runs(shots):
    keys = {"dataset": "sine", "way": None, "inner_steps": 1}
    network = {"kind": "mlp", "hidden": [40, 40]}
    return {f"sine_{k}s_maml": image_run(network=network, shot=k, **keys) for k in shots}


HARD = [("omniglot", 20, 1)]


def changed_runs():
    """MAML with regularizers of several gamma and n, Sharp-MAML, and the plain runs of each n."""
    found = runs_of(HARD, ["maml", "sharp_maml"])
    for name in ("trajectory_angle", "gradient_coherence"):
        for gamma in (0.25, 0.5):
            own = runs_of(HARD, ["maml"], regularizer={"name": name, "gamma": gamma})
            found |= {f"{name}{gamma}": run for run in own.values()}
    (plain,) = runs_of(HARD, ["maml"], batch_size=8).values()
    (many,) = runs_of(HARD, ["maml"], batch_size=8, regularizer=REGULARIZER).values()
    return found | {"plain8": plain, "regularized8": many}


RUNS = {
    "algorithms": runs_of(MINI[:1], plugins.names("algorithms")),
    "fig1": {},
    "fig2": runs_of(SETTINGS, PAIR),
    "fig4": runs_of(MINI, ["finetuning"]),
    "fig6": runs_of(MINI, ["finetuning", "maml"])
    | runs_of(MINI, ["finetuning", "maml"], inner_steps=1),
    "fig8": sine_runs(range(2, 16)),
    "fig9": runs_of(MINI[:1], ["maml"]),
    "fig10": runs_of([("miniimagenet", 5, k) for k in range(1, 6)], PAIR),
    "fig11": runs_of(HARD, ["maml"]) | runs_of(HARD, ["maml"], regularizer=REGULARIZER),
    "fig12": runs_of(SETTINGS, PAIR),
    "fig13": runs_of(OMNIGLOT, ["maml"]) | runs_of(MINI, PAIR),
    "fig14": runs_of(SETTINGS, PAIR, inner_steps=1),
    "fig15": runs_of(MINI, [*PAIR, "finetuning"]),
    "random_planes": runs_of(MINI[:1], ["maml"]),
    "reuse": runs_of(MINI[:1], ["maml"]),
    "surface": runs_of(MINI[:1], ["maml"]),
    "regularizers": changed_runs(),
    "stopping": runs_of(MINI[:1], ["maml"])
    | runs_of(MINI[:1], ["maml"], test={"dataset": "other_letters"}),
}
DEFAULT = runs_of(MINI[:1], PAIR, inner_steps=1)


@functools.cache
def data(figure, seeds=3, epochs=EPOCHS):
    """Return what a figure is drawn from."""
    runs = RUNS.get(figure, DEFAULT)
    metrics = plugins.declared("figures", figure, "METRICS")
    return FigureData(table(runs, metrics, seeds, epochs), runs, "a scale in words")


def drawn(figure, shown=None):
    """Return a figure, closed, so that pyplot doesn't keep it."""
    drawing = plugins.load("figures", figure).draw(data(figure) if shown is None else shown)
    _style.plt.close(drawing)
    return drawing


drawing = functools.cache(drawn)
"""A figure that several tests look at."""


def table(runs, metrics, seeds=3, epochs=EPOCHS):
    """Return a table of some metrics, the same on the tasks of all splits."""
    rng = np.random.default_rng(0)
    rows = []
    for number, run in enumerate(runs):
        for quantity in (q for metric in metrics for q in QUANTITIES[metric]):
            height = 1 + 0.3 * np.sin(number)
            for seed in range(seeds):
                values = height * SHAPES[quantity](np.linspace(0, 2, epochs))
                values *= 1 + SPREAD * rng.standard_normal(epochs)
                for split in ("test", "train", "val"):
                    rows += [
                        (run, seed, e, split, quantity, v, 0.1, 50, 0, 0)
                        for e, v in enumerate(values)
                    ]
    return pd.DataFrame(rows, columns=COLUMNS) if rows else read_all([])

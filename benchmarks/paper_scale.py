"""What a configuration costs on a cluster: jobs, submissions, core-hours, disk.

    PYTHONPATH=workflow python benchmarks/paper_scale.py config/paper.yaml

Floating-point operations are counted from the networks and the settings of runs and metrics; the
rates of one core are those last measured by speed.py. Core-hours are estimates, the rest is
counted.
"""

import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import yaml

from metalandscape import models
from metalandscape.networks import MLPNetwork
from metalandscape.settings import config

HERE = Path(__file__).parent
IMAGES = {"omniglot": (28, 28, 1), "miniimagenet": (84, 84, 3), "cifar_fs": (32, 32, 3)}
TEST_IMAGES = {"omniglot": 423 * 20, "miniimagenet": 20 * 600, "cifar_fs": 20 * 600}
PRODUCTS = 17  # of the Hessian with a vector, for both ends of the spectrum to 1e-3; measured
START_UP = 2  # seconds of a job before it computes
SINE, CONV = "sine", "second-order"


def rates() -> tuple[float, float]:
    """Return FLOP per second of a core on convolutions, and seconds of an iteration on sine."""
    times = pd.read_csv(HERE / "results/time.csv")
    ours = times[(times["contender"] == "metalandscape") & (times["threads"] == 1)]
    medians = ours.groupby("work")[["seconds", "flop"]].median()
    conv = [work for work in medians.index if work.endswith(CONV) and not work.startswith(SINE)]
    sine = next(work for work in medians.index if work.startswith(SINE))
    rate = (medians["flop"] / medians["seconds"])[conv].min()
    return float(rate), float(medians.loc[sine, "seconds"])


def forward(run: config.Run) -> tuple[float, float]:
    """Return the FLOP of an image's convolutions, and those of the first of them."""
    height, width, channels = IMAGES[run.dataset]
    each = []
    for _ in range(4):
        stride = 2 if run.network.downsampling == "stride" else 1
        h, w = -(-height // stride), -(-width // stride)
        each.append(2.0 * 9 * channels * run.network.filters * h * w)
        height, width = (h, w) if stride == 2 else (h // 2, w // 2)
        channels = run.network.filters
    return sum(each), each[0]


def costs(run: config.Run) -> dict[str, float]:
    """Return the FLOP of an image: evaluation, gradient, Hessian product."""
    total, first = forward(run)
    # A gradient has two more products of this size for every layer, the first needs one of them; a
    # Hessian product does everything twice.
    return {"loss": total, "gradient": 3 * total - first, "product": 6 * total - 2 * first}


def meta_iteration(run: config.Run) -> float:
    """Return the FLOP of a meta-iteration."""
    cost = costs(run)
    if run.algorithm == "finetuning":
        return run.batch_size * cost["gradient"]
    support, target = run.way * run.shot, run.way * run.targets
    step = cost["gradient"] * (2 if run.regularizer else 1)
    step += cost["product"] if run.algorithm == "maml" else 0
    return run.batch_size * (support * run.inner_steps * step + target * cost["gradient"])


def checkpoint(run: config.Run, metric: str, options: dict) -> float:
    """Return the FLOP of a metric at one checkpoint."""
    cost = costs(run)
    support, target = run.way * run.shot, run.way * run.targets
    adaptation = support * run.inner_steps * cost["gradient"]
    tasks = options.get("tasks", 0) + options.get("train_tasks", 0)
    return {
        "accuracy": tasks * (adaptation + (support + target) * cost["loss"]),
        "trajectories": tasks * adaptation,
        "gradients": tasks * support * cost["gradient"],
        "hessian": tasks * (adaptation + PRODUCTS * support * cost["product"]),
        "embeddings": TEST_IMAGES[run.dataset] * cost["loss"],
    }[metric]


def table(settings: config.Config) -> pd.DataFrame:
    """Return a row per step: jobs, submissions with profiles/slurm, core-hours, the longest job."""
    rate, sine_iteration = rates()
    jobs, submissions, hours, longest = Counter(), Counter(), Counter(), Counter()

    def add(step: str, count: int, groups: int, seconds: float, of_longest: float) -> None:
        jobs[step] += count
        submissions[step] += groups
        hours[step] += seconds / 3600
        longest[step] = max(longest[step], of_longest / 60)

    for run in settings.runs.values():
        sine = isinstance(run.network, MLPNetwork)
        iteration = sine_iteration if sine else meta_iteration(run) / rate
        blocks = len(run.blocks()) * len(run.seeds)
        epoch = iteration * run.iterations
        block = epoch * min(run.epochs, run.epochs_per_job)
        add("training", blocks, blocks, epoch * run.epochs * len(run.seeds), block)
    for metric, name in settings.pairs():
        run = settings.runs[name]
        together = min(settings.checkpoints_per_job, run.epochs + 1)
        metric_jobs = -(-(run.epochs + 1) // together) * len(run.seeds)
        sine = isinstance(run.network, MLPNetwork)
        # Adaptation of a few hundred tasks of sine regression is over before Python has started.
        flop = 0.0 if sine else checkpoint(run, metric, settings.metrics[metric])
        measuring = (run.epochs + 1) * len(run.seeds) * flop / rate
        start = START_UP * metric_jobs
        longest_job = START_UP + together * flop / rate
        add(metric, metric_jobs, len(run.seeds), start + measuring, longest_job)
    add("datasets", len(settings.datasets), len(settings.datasets), 0.0, 0.0)
    columns = {"jobs": jobs, "submissions": submissions, "core-hours": hours}
    frame = pd.DataFrame({**columns, "longest job, minutes": longest})
    frame.loc["all"] = [*frame.sum()[:3], frame["longest job, minutes"].max()]
    return frame


def disk(settings: config.Config) -> float:
    """Return the GB of checkpoints and training states."""
    total = 0
    for run in settings.runs.values():
        image = None if isinstance(run.network, MLPNetwork) else IMAGES[run.dataset]
        size = models.size(models.build(run.network, image, run.way or 1))
        # A state is theta and the two moments of Adam.
        total += 4 * size * len(run.seeds) * (run.epochs + 1 + 3 * len(run.blocks()))
    return total / 1e9


def main() -> None:
    """Print it."""
    settings = config.load(yaml.safe_load(Path(sys.argv[1]).read_text()))
    print(table(settings).round(1).to_string())
    print(f"checkpoints and states: {disk(settings):.1f} GB; {rates()[0] / 1e9:.0f} GFLOP/s a core")


if __name__ == "__main__":
    main()

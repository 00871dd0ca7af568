"""What a configuration costs on a cluster: jobs, submissions, core-hours, disk.

    PYTHONPATH=workflow python benchmarks/paper_scale.py config/paper.yaml

Floating-point operations are counted from the networks and the settings of runs and metrics; the
rates of one core are those last measured by speed.py, and those of a GPU, too, where it was run on
one. Hours are estimates, the rest is counted.
"""

import functools
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import torch
import yaml
from summary import best_settings
from torch.utils.flop_counter import FlopCounterMode

from metalandscape import networks
from metalandscape.datasets import DatasetOptions
from metalandscape.ground.options import Part
from metalandscape.settings import config
from metalandscape.settings.plan import Plan
from metalandscape.settings.run import Run

HERE = Path(__file__).parent
CIFAR_FS = 20 * 600  # meta-test images of a dataset that does not say how many it has
PRODUCTS = 17  # of the Hessian with a vector, for both ends of the spectrum to 1e-3; measured
PASSES = 2  # over the tasks, of an average over pairs
START_UP = 2  # seconds of a job before it computes
SECOND_ORDER, FIRST_ORDER = ("maml", "anil", "boil", "meta_sgd"), ("first_order_maml",)
SINE, CONV = "sine", "second-order"


def rates(measured: Path) -> tuple[float, float]:
    """Return FLOP per second on convolutions, and seconds of an iteration on sine, of one core.

    Args:
        measured: by speed.py; a GPU's times are rates of the GPU.
    """
    times = pd.read_csv(measured)
    ours = times[(times["contender"] == "metalandscape") & (times["threads"] == 1)]
    medians = best_settings(ours).set_index("work")
    conv = [work for work in medians.index if work.endswith(CONV) and not work.startswith(SINE)]
    sine = next(work for work in medians.index if work.startswith(SINE))
    rate = (medians["flop"] / medians["seconds"])[conv].min()
    return float(rate), float(medians.loc[sine, "seconds"])


def image_shape(data: DatasetOptions) -> tuple[int, ...]:
    """Return (channels, height, width); MiniImagenet's size is an option."""
    return data.input_shape() or (3, data.image_size, data.image_size)


def test_images(data: DatasetOptions) -> int:
    """Return the number of meta-test images."""
    classes, each = data.classes("test"), data.instances()
    return classes * each if classes and each else CIFAR_FS


@functools.cache
def counted(network: str, shape: tuple[int, ...], outputs: int) -> dict[str, float]:
    """Return the FLOP of an image, as torch counts them: evaluation, gradient, Hessian product.

    Args:
        network: a `Part` as JSON.
        shape: (channels, height, width).
        outputs: the number of classes.
    """
    built = networks.build(Part.model_validate_json(network), shape, outputs, "classification")
    theta = torch.rand(networks.size(built), requires_grad=True)
    x, y = torch.rand(2, *shape), torch.zeros(2, dtype=torch.int64)
    with FlopCounterMode(display=False) as evaluation:
        loss = built.loss(theta, x, y)
    with FlopCounterMode(display=False) as backward:
        torch.autograd.grad(loss, theta)
    forward = evaluation.get_total_flops() / len(x)
    gradient = forward + backward.get_total_flops() / len(x)
    # With the gradient's pass done, a Hessian product does everything twice.
    return {"loss": forward, "gradient": gradient, "product": 2 * gradient}


def costs(run: Run, data: DatasetOptions) -> dict[str, float]:
    """Return the FLOP of an image in a run."""
    return counted(run.network.model_dump_json(), image_shape(data), run.way)


def meta_iteration(run: Run, data: DatasetOptions) -> float:
    """Return the FLOP of a meta-iteration."""
    cost = costs(run, data)
    if run.algorithm == "finetuning":
        return run.batch_size * cost["gradient"]
    if run.algorithm not in SECOND_ORDER + FIRST_ORDER:
        raise SystemExit(f"what {run.algorithm} costs is not known here; add it to {__file__}")
    support, target = run.way * run.shot, run.way * run.targets
    step = cost["gradient"] * (2 if run.regularizer else 1)
    step += cost["product"] if run.algorithm in SECOND_ORDER else 0
    return run.batch_size * (support * run.inner_steps * step + target * cost["gradient"])


def checkpoint(trained: Run, data: DatasetOptions, metric: str, options: dict) -> float:
    """Return the FLOP of a metric at one checkpoint, all tasks as at meta-test."""
    run = trained.at_test()
    cost = costs(run, data)
    support, target = run.way * run.shot, run.way * run.targets
    adaptation = support * run.inner_steps * cost["gradient"]
    tasks = sum(options.get(key, 0) for key in ("tasks", "val_tasks", "train_tasks"))
    # The accuracy is taken before and after adaptation, or at every step besides.
    points = run.inner_steps + 3 if options.get("every_step") else 2
    return {
        "accuracy": tasks * (adaptation + points * (support + target) * cost["loss"]),
        "trajectories": PASSES * tasks * adaptation,
        "gradients": PASSES * tasks * support * cost["gradient"],
        "hessian": tasks * (adaptation + PRODUCTS * support * cost["product"]),
        "embeddings": test_images(data) * cost["loss"],
    }[metric]


def table(plan: Plan, measured: tuple[float, float]) -> pd.DataFrame:
    """Return a row per step: jobs, submissions with profiles/slurm, hours, the longest job.

    Args:
        plan: of the configuration.
        measured: the rates of the core or GPU that every job has.
    """
    settings, (rate, sine_iteration) = plan.settings, measured
    jobs, submissions, hours, longest = Counter(), Counter(), Counter(), Counter()

    def add(step: str, count: int, groups: int, seconds: float, of_longest: float) -> None:
        jobs[step] += count
        submissions[step] += groups
        hours[step] += seconds / 3600
        longest[step] = max(longest[step], of_longest / 60)

    for run in settings.runs.values():
        data = settings.datasets[run.dataset]
        sine = data.tasks == "regression"
        iteration = sine_iteration if sine else meta_iteration(run, data) / rate
        blocks = len(run.blocks()) * len(run.seeds)
        epoch = iteration * run.iterations
        block = epoch * min(run.epochs, run.epochs_per_job)
        add("training", blocks, blocks, epoch * run.epochs * len(run.seeds), block)
    for metric, name in settings.pairs():
        run = settings.runs[name]
        data = settings.datasets[run.at_test().dataset]
        together = min(settings.checkpoints_per_job, run.epochs + 1)
        metric_jobs = len(plan.epochs_of_jobs(name)) * len(run.seeds)
        # Adaptation of a few hundred tasks of sine regression is over before Python has started.
        sine = data.tasks == "regression"
        flop = 0.0 if sine else checkpoint(run, data, metric, plan.metric_options(metric))
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
        data = settings.datasets[run.dataset]
        shape = data.input_shape() if data.tasks == "regression" else image_shape(data)
        size = networks.size(networks.build(run.network, shape, run.way or 1, data.tasks))
        # A state is theta and the two moments of Adam.
        total += 4 * size * len(run.seeds) * (run.epochs + 1 + 3 * len(run.blocks()))
    return total / 1e9


def main() -> None:
    """Print it."""
    plan = Plan(config.load(yaml.safe_load(Path(sys.argv[1]).read_text())))
    core = rates(HERE / "results/time.csv")
    frame = table(plan, core)
    print(
        f"checkpoints and states: {disk(plan.settings):.1f} GB; {core[0] / 1e9:.0f} GFLOP/s a core"
    )
    on_gpu = HERE / "results/time_gpu.csv"
    if on_gpu.exists():
        gpu = rates(on_gpu)
        frame["GPU-hours"] = table(plan, gpu)["core-hours"]
        print(f"{gpu[0] / 1e9:.0f} GFLOP/s a GPU, which has one job at a time")
    print(frame.round(1).to_string())


if __name__ == "__main__":
    main()

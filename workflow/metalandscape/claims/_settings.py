"""What a run's settings say about a claim: its kin, its data, whether its scale is the paper's."""

from collections.abc import Mapping
from typing import cast

from ..ground import plugins
from ..settings.config import Run

# Appendix A, by family of data: filters, inner rate, tasks of a meta-batch by shot.
FILTERS = {"omniglot": 64, "miniimagenet": 48}
INNER_RATE = {"omniglot": 0.1, "miniimagenet": 0.01}
META_BATCH = {"omniglot": {1: 16, 5: 8}, "miniimagenet": {1: 4, 5: 2}}
INNER_STEPS, TARGETS, ITERATIONS = 5, 15, 500 * 100
SHARE = 0.1  # of the paper's meta-iterations, at least


def is_meta_learner(run: Run) -> bool:
    """Return whether the run's algorithm declares itself a meta-learner, as MAML does."""
    return _role(run) == "meta-learner"


def is_baseline(run: Run) -> bool:
    """Return whether the run's algorithm declares itself a baseline, as Finetuning does."""
    return _role(run) == "baseline"


def filters(run: Run) -> int | None:
    """Return the number of filters of the run's network; None if it has none."""
    return run.network.options.get("filters")


def family(run: Run, datasets: Mapping[str, Mapping]) -> str | None:
    """Return "omniglot" or "miniimagenet": which of the two the run's dataset is or stands for.

    A dataset that is neither stands for the one if its images are gray, for the other if in color.
    """
    options = datasets.get(run.dataset, {})
    kind = options.get("kind")
    if kind in ("omniglot", "miniimagenet"):
        return kind
    color = options.get("colour", options.get("channels") == 3)
    is_images = run.way is not None and kind is not None
    return ("miniimagenet" if color else "omniglot") if is_images else None


def same_tasks(one: Run, other: Run) -> bool:
    """Return whether two runs have the same network and data, and tasks and T of meta-test."""

    def key(run: Run) -> tuple:
        test = run.at_test()
        return run.dataset, run.network, test.dataset, test.way, test.shot, test.inner_steps

    return key(one) == key(other)


def steps(run: Run, number: int) -> bool:
    """Return whether a run is tested with so many inner steps, and trained unless a baseline."""
    trained = number if is_baseline(run) else run.inner_steps
    return trained == run.at_test().inner_steps == number


def other_scale(run: Run, datasets: Mapping[str, Mapping], epochs: int) -> str | None:
    """Return in what a run's scale is not the paper's, in words; None if it is.

    Args:
        run: its settings, on one of the datasets with published numbers.
        datasets: the options of the datasets by name.
        epochs: how many of them were trained.
    """
    name = cast("str", family(run, datasets))
    expected = {
        "filters": (filters(run), FILTERS[name]),
        "targets": (run.targets, TARGETS),
        "meta-batch": (run.batch_size, META_BATCH[name].get(run.shot)),
        "inner steps": (run.inner_steps, INNER_STEPS),
        "inner rate": (run.inner_rate, INNER_RATE[name]),
    }
    test = run.at_test()
    if test != run:
        expected |= {
            "targets at meta-test": (test.targets, TARGETS),
            "inner steps at meta-test": (test.inner_steps, INNER_STEPS),
            "inner rate at meta-test": (test.inner_rate, INNER_RATE[name]),
        }
    found = [f"{key} {a} (paper: {b})" for key, (a, b) in expected.items() if a != b]
    done, needed = run.iterations * epochs, int(SHARE * ITERATIONS)
    if done < needed:
        found.append(f"meta-iterations {done} (at least {needed} are needed)")
    return f"another scale: {', '.join(found)}" if found else None


def _role(run: Run) -> object:
    return plugins.declared("algorithms", run.algorithm, "ROLE", None)

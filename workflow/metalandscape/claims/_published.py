"""Published accuracies of MAML, and which datasets they belong to."""

from collections.abc import Mapping

from ..settings.config import Run

# Percent, by (dataset, way, shot). Omniglot 20-way 1-shot: the paper's own MAML (section 7), where
# Finn et al. have 95.8. CIFAR-FS: Bertinetto, Henriques, Torr & Vedaldi, "Meta-learning with
# differentiable closed-form solvers", ICLR 2019, table 1. The others: Finn, Abbeel & Levine,
# "Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks", ICML 2017, table 1.
ACCURACIES: dict[tuple[str | None, int | None, int], float] = {
    ("omniglot", 5, 1): 98.7,
    ("omniglot", 5, 5): 99.9,
    ("omniglot", 20, 1): 94.05,
    ("omniglot", 20, 5): 98.9,
    ("miniimagenet", 5, 1): 48.7,
    ("miniimagenet", 5, 5): 63.1,
    ("cifar_fs", 5, 1): 58.9,
    ("cifar_fs", 5, 5): 71.5,
}


def benchmark(options: Mapping) -> str | None:
    """Return the published dataset that a dataset's options describe, or None.

    The name that the user gave does not matter. Omniglot has 28 pixels and 1200 meta-train
    characters drawn at random (Finn et al.), MiniImagenet 84 pixels and the split of Ravi &
    Larochelle (the paper's 12 / 24 is a slip), and CIFAR-FS is CIFAR-100 at 32 pixels with
    64 / 16 / 20 classes.
    """
    kind = options.get("kind")
    if kind == "omniglot" and options.get("split", "finn") == "finn":
        as_published = (options.get("train_classes"), options.get("image_size", 28)) == (1200, 28)
        return "omniglot" if as_published else None
    if kind == "miniimagenet" and options.get("split") == "ravi":
        return "miniimagenet" if options.get("image_size", 84) == 84 else None
    if options.get("torchvision") == "CIFAR100" and options.get("image_size") == 32:
        split = options.get("split", {})
        if [_size(split.get(part)) for part in ("train", "val", "test")] == [64, 16, 20]:
            return "cifar_fs"
    return None


def setting(run: Run, datasets: Mapping[str, Mapping]) -> tuple[str | None, int | None, int]:
    """Return the key of `ACCURACIES` that a run would have.

    Its dataset is None where meta-test tasks are not those of meta-training: nothing is published.
    """
    test = run.at_test()
    if (test.dataset, test.way, test.shot) != (run.dataset, run.way, run.shot):
        return None, test.way, test.shot
    return benchmark(datasets.get(run.dataset, {})), run.way, run.shot


def _size(classes: int | list | None) -> int | None:
    return len(classes) if isinstance(classes, list) else classes

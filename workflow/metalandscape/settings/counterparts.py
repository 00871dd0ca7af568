"""Runs that differ from another run in one thing only, which comparisons are made of."""

from collections.abc import Mapping

from .run import Run, Test

FLATTENING = {"sharp_maml": "maml"}  # algorithms that seek flatness, and what they are without


def plain(runs: Mapping[str, Run]) -> dict[str, str]:
    """Return the plain counterpart of every run that has one.

    It is a run without the run's regularizer, or of the algorithm that does not seek flatness, and
    differs in nothing else.
    """
    known = {run.settings(): name for name, run in runs.items()}
    wanted = {name: without.settings() for name, run in runs.items() if (without := _without(run))}
    return {name: known[settings] for name, settings in wanted.items() if settings in known}


def _without(run: Run) -> Run | None:
    if run.regularizer:
        return run.model_copy(update={"regularizer": None})
    if run.algorithm in FLATTENING:
        changes = {"algorithm": FLATTENING[run.algorithm], "algorithm_options": {}}
        return run.model_copy(update=changes)
    return None


def elsewhere(run: Run) -> bool:
    """Return whether a run's meta-test tasks come from another dataset than its meta-training."""
    return run.at_test().dataset != run.dataset


def home(name: str, runs: Mapping[str, Run]) -> str | None:
    """Return the run that is trained alike, and judged on tasks of the data it is trained on.

    That is the run itself unless its meta-test tasks come from elsewhere. Then it is the run with
    the same keys but for `test.dataset`: a training depends on no key of `test`, so that seed for
    seed both have the same checkpoints. None if there is no such run.
    """
    run = runs[name]
    if not elsewhere(run):
        return name
    at_home = run.model_copy(update={"test": Test(**run.test.given() | {"dataset": None})})
    settings = at_home.settings()
    return next((other for other, own in runs.items() if own.settings() == settings), None)

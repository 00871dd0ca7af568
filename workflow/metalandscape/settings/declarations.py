"""Checks of what the parts declare that a configuration uses, alone and with its runs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..ground import digests, plugins
from ..ground.errors import UserError
from ..ground.strict import unknown
from . import counterparts, parts

if TYPE_CHECKING:
    from .config import Config


def check_parts(config: "Config") -> None:
    """Refuse a part that is used and lacks what it should define; others may be broken.

    All claims are judged, so each of them is used.

    Raises:
        UserError: one sentence that names the file, or the key.
    """
    used = {("datasets", data.kind) for data in config.datasets.values()}
    for run in config.runs.values():
        used |= set(parts.names_of(run).items())
    used |= {("figures", figure) for figure in config.figures}
    used |= {("metrics", metric) for metric, _ in config.pairs()}
    used |= {("claims", claim) for claim in plugins.names("claims")}
    for part in sorted(used):
        plugins.check(*part)
    digests.closure(*(digests.part(*part) for part in used))  # reads the files that they import
    _check_claims()
    for figure, runs in config.figures.items():
        _check_figure(config, figure)
        for name in runs:
            _check_shown(config, figure, name)


def _check_claims() -> None:
    """Refuse a claim of another's short name, or of a metric that there is not."""
    first: dict[str, str] = {}
    for name in plugins.names("claims"):
        short, *_ = (plugins.declared("claims", name, word) for word in ("ID", "SECTION", "TEXT"))
        mine = plugins.path("claims", name)
        if first.setdefault(short, name) != name:
            raise UserError(f"{mine}: claims/{first[short]}.py has the ID {short}, too; change it.")
        for metric in plugins.declared("claims", name, "METRICS"):
            if metric not in plugins.names("metrics"):
                raise UserError(f"{mine}: METRICS: {unknown(metric, plugins.names('metrics'))}.")


def _check_figure(config: "Config", figure: str) -> None:
    """Refuse a figure whose claims or options there are not, or that has runs or options amiss."""
    mine = plugins.path("figures", figure)
    if config.figures[figure] and not plugins.declared("figures", figure, "METRICS"):
        raise UserError(
            f"config key figures.{figure}: it reads no metric and shows no run; write []."
        )
    if plugins.declared("figures", figure, "COUNTERPARTS", False):
        shown = {name: config.runs[name] for name in config.figures[figure]}
        if not counterparts.plain(shown):
            raise UserError(
                f"config key figures.{figure}: none of its runs differs from another one by its "
                "regularizer, or by sharp_maml in place of maml, alone; add such a pair."
            )
    for claim in plugins.declared("figures", figure, "CLAIMS", ()):
        if claim not in plugins.names("claims"):
            raise UserError(f"{mine}: CLAIMS: {unknown(claim, plugins.names('claims'))}.")
    for metric, option in _options_of(figure):
        known = plugins.options("metrics", metric).model_fields
        if option not in known:
            raise UserError(f"{mine}: OPTIONS: {metric}: {unknown(option, known)}.")
        if not config.metrics.get(metric, {}).get(option):
            raise UserError(
                f"config key metrics.{metric}.{option}: {figure} needs it; set it to more "
                "than 0, or remove the figure."
            )


def _options_of(figure: str) -> list[tuple[str, str]]:
    """Return the options of metrics that a figure needs, as pairs of metric and option."""
    mine = plugins.path("figures", figure)
    options = plugins.declared("figures", figure, "OPTIONS", {})
    if not isinstance(options, Mapping) or not all(
        isinstance(own, tuple | list) for own in options.values()
    ):
        raise UserError(
            f"{mine}: OPTIONS should be a mapping of metrics to tuples of options, as in "
            '{"accuracy": ("val_tasks",)}.'
        )
    for metric in options:
        if metric not in plugins.declared("figures", figure, "METRICS"):
            raise UserError(f"{mine}: OPTIONS: {metric!r} is none of its METRICS; correct it.")
    return [(metric, option) for metric, own in options.items() for option in own]


def _check_shown(config: "Config", figure: str, name: str) -> None:
    """Refuse a run that can't have a metric of a figure, or its tasks of another split."""
    run = config.runs[name].at_test()
    data = config.datasets[run.dataset]
    for metric in plugins.declared("figures", figure, "METRICS"):
        if not config.has(metric, name):
            raise UserError(
                f"config key figures.{figure}: it shows the metric {metric}, which run {name} "
                f"cannot have: its tasks are {data.tasks}."
            )
        asked, classes = config.metrics.get(metric, {}).get("val_tasks"), data.largest_way("val")
        if not asked or run.way is None or classes is None:
            continue
        if 0 < classes < run.way:
            raise UserError(
                f"config key metrics.{metric}.val_tasks: run {name} asks for {run.way} classes, "
                f"but {run.dataset} has {classes} val classes; set it to 0, or give the dataset "
                "more."
            )
        if not classes and (metric, "val_tasks") in _options_of(figure):
            raise UserError(
                f"config key figures.{figure}: it shows {metric} on validation tasks, but "
                f"{run.dataset}, the dataset of run {name}, has no val classes; give it some, or "
                "leave this run out."
            )

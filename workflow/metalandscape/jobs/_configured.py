"""What jobs share that read the configuration's files themselves."""

import argparse
import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..settings.plan import Plan


def add_configuration(parser: argparse.ArgumentParser) -> None:
    """Add the files of a configuration."""
    parser.add_argument("--configfile", nargs="+", required=True)


def plan_of(configfile: Sequence[str]) -> "Plan":
    """Return the plan of a configuration; of several files, later ones change earlier ones.

    Raises:
        UserError: a file can't be read, or the configuration has a mistake.
    """
    from ..settings import config, written
    from ..settings.plan import Plan

    raw = functools.reduce(_changed, map(written.load, configfile))
    return Plan(config.load(raw))


def _changed(first: Any, second: Any) -> Any:
    """Return a value as a later file changes it: key by key, as Snakemake does."""
    if not (isinstance(first, Mapping) and isinstance(second, Mapping)):
        return second
    own = {key: _changed(first.get(key), value) for key, value in second.items()}
    return {**first, **own}

"""Record that results are kept after an edit of the code that changes none of them."""

import argparse

from ._common import add


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add(parser, "configfile", "reason")


def run(configfile: str, reason: str) -> None:
    """Add a line to the configuration's list of kept results, which the provenance page shows."""
    from ..ground.errors import UserError
    from ..results import provenance
    from ..settings import config, duplicates
    from ..settings.plan import Plan

    if not reason.strip():
        raise UserError('REASON: missing; say why the results stay: make keep REASON="...".')
    plan = Plan(config.load(duplicates.load(configfile)))
    provenance.keep(plan.kept, reason)

"""Record that results are kept after an edit of the code that changes none of them."""

import argparse

from ._common import add
from ._configured import add_configuration, plan_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add_configuration(parser)
    add(parser, "reason")


def run(configfile: list[str], reason: str) -> None:
    """Add a line to the configuration's list of kept results, which the provenance page shows."""
    from ..ground.errors import UserError
    from ..results import provenance

    if not reason.strip():
        raise UserError('REASON: missing; say why the results stay: make keep REASON="...".')
    provenance.keep(plan_of(configfile).kept, reason)

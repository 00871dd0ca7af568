"""Join the tables of several jobs."""

from ..results import tables


def run(inputs: list[str], output: str) -> None:
    """Write the rows of several tables to one."""
    tables.concatenate(output, inputs)

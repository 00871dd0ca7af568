"""How large a configuration may be, so that planning it takes minutes and not hours.

Snakemake plans some 250 jobs a second, and needs a rule for every block of epochs.
"""

from typing import TYPE_CHECKING

from ..ground.errors import UserError

if TYPE_CHECKING:
    from .config import Config
    from .run import Run

EPOCHS = 10_000
RUNS = 10_000
BLOCKS = 1_000
JOBS = 100_000
SCALE = 300  # characters, which a figure has room for
NODES = 1_000_000  # values of a YAML file, aliases written out


def check_size(config: "Config") -> None:
    """Refuse a configuration that Snakemake can't plan in reasonable time.

    Raises:
        UserError: the sentence names the limit and what to change.
    """
    _check_blocks(config)
    if (found := jobs(config)) > JOBS:
        raise UserError(
            f"config key figures: they need {found:,} jobs, but at most {JOBS:,} can be planned; "
            "raise epochs_per_job and checkpoints_per_job, or divide the runs among several "
            "configurations."
        )


def jobs(config: "Config") -> int:
    """Return the number of jobs of training, sampling, measuring and tabulating a run's metrics."""
    pairs, step = config.pairs(), config.checkpoints_per_job
    trainings = sum(_times(config.runs[name]) for name in {run for _, run in pairs})
    measurements = sum(
        len(run.seeds) * (1 + -(-(run.epochs + 1) // step)) + 1
        for run in (config.runs[name] for _, name in pairs)
    )
    return trainings + measurements


def _times(run: "Run") -> int:
    return len(run.seeds) * max(1, -(-run.epochs // run.epochs_per_job))


def _check_blocks(config: "Config") -> None:
    shapes = {(run.epochs, run.epochs_per_job): run for run in config.runs.values()}
    found = {block for run in shapes.values() for block in run.blocks()}
    if len(found) > BLOCKS:
        raise UserError(
            f"config key epochs_per_job: the runs have {len(found):,} different blocks of epochs, "
            f"but at most {BLOCKS:,} can be planned; raise it."
        )

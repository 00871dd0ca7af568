"""Glue: hands Snakemake's job to `metalandscape.jobs.board`."""

import sys

from metalandscape.__main__ import scripted

try:
    from tensorboard.summary import Writer
except ImportError:
    sys.exit("metalandscape: the board needs the package tensorboard: make board installs it.")

scripted(
    "board",
    snakemake.config.get("plugins"),
    snakemake.log[0],
    trainings=snakemake.params.trainings,
    logs=snakemake.params.logs,
    inputs=list(snakemake.input.tables),
    output=snakemake.output[0],
    writer=Writer,
)

"""Glue: hands Snakemake's job to `metalandscape.jobs.record`."""

from metalandscape.__main__ import scripted

scripted(
    "record",
    snakemake.config.get("plugins"),
    snakemake.log[0],
    config=snakemake.params.config,
    files=snakemake.params.files,
    benchmarks=snakemake.params.benchmarks,
    trainings=snakemake.params.trainings,
    kept=snakemake.params.kept,
    shipments=snakemake.params.shipments,
    output=snakemake.output[0],
)

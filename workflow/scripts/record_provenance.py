"""Glue: hands Snakemake's job to `metalandscape.jobs.record`."""

from metalandscape.__main__ import scripted

scripted(
    "record",
    snakemake.config.get("plugins"),
    snakemake.log[0],
    config=snakemake.params.config,
    files=snakemake.params.files,
    benchmarks=snakemake.params.benchmarks,
    runs=snakemake.params.runs,
    kept=snakemake.params.kept,
    shipped=snakemake.params.shipped,
    output=snakemake.output[0],
)

"""Glue: hands Snakemake's job to `metalandscape.jobs.judge`."""

from metalandscape.__main__ import scripted

scripted(
    "judge",
    snakemake.config.get("plugins"),
    snakemake.log[0],
    runs=snakemake.params.runs,
    datasets=snakemake.params.datasets,
    scale=snakemake.params.scale,
    claims=snakemake.params.claims,
    tables=list(snakemake.input.tables),
    output=snakemake.output.table,
    readable=[snakemake.output.page, snakemake.output.text],
)

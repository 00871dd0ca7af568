"""Glue: hands Snakemake's job to `metalandscape.jobs.draw`."""

from metalandscape.__main__ import scripted

scripted(
    "draw",
    snakemake.config.get("plugins"),
    snakemake.log[0],
    figure=snakemake.wildcards.figure,
    scale=snakemake.params.scale,
    runs=snakemake.params.runs,
    tables=list(snakemake.input.tables),
    outputs=list(snakemake.output),
)

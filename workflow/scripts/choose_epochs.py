"""Glue: hands Snakemake's job to `metalandscape.jobs.choose`."""

from metalandscape.__main__ import scripted

scripted(
    "choose",
    snakemake.config.get("plugins"),
    snakemake.log[0],
    inputs=list(snakemake.input),
    output=snakemake.output[0],
)

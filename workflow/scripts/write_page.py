"""Glue: hands Snakemake's job to `metalandscape.jobs.page`."""

import sys

from metalandscape.__main__ import scripted

try:
    from vl_convert import javascript_bundle
except ImportError:
    sys.exit("metalandscape: the page needs the package vl-convert-python: make page installs it.")

scripted(
    "page",
    snakemake.config.get("plugins"),
    snakemake.log[0],
    scale=snakemake.params.scale,
    figures=snakemake.params.figures,
    runs=snakemake.params.runs,
    images=list(snakemake.input.images),
    inputs=list(snakemake.input.tables),
    verdicts=snakemake.input.verdicts,
    provenance=snakemake.input.provenance,
    library=javascript_bundle(),
    output=snakemake.output[0],
)

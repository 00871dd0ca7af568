# The table of contents: configuration, paths, rules. `snakemake --cores 8 figures/fig7.pdf`
import gc
import inspect
import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.17")

# Thousands of jobs are millions of objects, hardly any of them garbage: collect less often.
gc.set_threshold(50_000, 20, 100)


include: "workflow/rules/package.smk"


from metalandscape import datasets
from metalandscape.ground import plugins
from metalandscape.ground.brief import Brief, Text
from metalandscape.ground.errors import UserError
from metalandscape.results import answers, captions
from metalandscape.settings import config as schema, environment, shipped
from metalandscape.settings.plan import Plan
from metalandscape.settings.written import check_written

# A configuration given with --configfile replaces the default one, rather than being merged into it.
if not workflow.config_settings.configfiles:

    configfile: "config.yaml" if Path("config.yaml").exists() else str(ROOT / "config.yaml")


try:
    environment.check_platform()
    environment.check_working_directory()
    for file in workflow.configfiles:
        check_written(file)
    settings = schema.load(config)
    plan = Plan(settings)
    environment.check_places(plan.folders())
    plan.came = shipped.tables(plan)
    environment.hand_on(settings.archives, alone=workflow.modifier.is_main_snakefile())
except UserError as error:
    sys.exit(f"metalandscape: {error}")
except Exception as error:
    if (sentence := plugins.blamed(error)) is None:
        raise
    sys.exit(f"metalandscape: {sentence}")


report: "workflow/report/workflow.rst"


# The first rule is the default one, unless a workflow that uses this one has its own.
rule all:
    input:
        expand(plan.figure, figure=settings.figures, suffix=["pdf", "png"]),
        expand(plan.table, metric=plan.metrics_shown()),
        expand(plan.verdicts, suffix=["csv", "html", "md"]),
        plan.best_epochs if plan.best_tables() else [],
        plan.provenance,


include: "workflow/rules/deployment.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/engine.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/metrics.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/provenance.smk"
include: "workflow/rules/page.smk"
include: "workflow/rules/board.smk"
include: "workflow/rules/hooks.smk"

# Every path of the workflow, once, and the lookups of the rules.
import json
import os

import yaml

RESULTS = settings.folders.results
MANIFEST = f"{RESULTS}/archives/{{dataset}}.json"
DATA = f"{RESULTS}/data/{{dataset}}.safetensors"
KERNEL = f"{RESULTS}/kernel.so"
TASKS = f"{RESULTS}/tasks/{{run}}/seed{{seed}}/{{metric}}.safetensors"
CHECKPOINT = f"{RESULTS}/checkpoints/{{run}}/seed{{seed}}/epoch{{epoch}}.safetensors"
STATE = f"{RESULTS}/checkpoints/{{run}}/seed{{seed}}/state{{epoch}}.safetensors"
TRAINING_LOG = f"{RESULTS}/training/{{run}}/seed{{seed}}/epochs{{epochs}}.csv"
MEASURED = f"{RESULTS}/metrics/{{metric}}/{{run}}/seed{{seed}}/epochs{{epochs}}.csv"
MEASURED_TASKS = f"{RESULTS}/metrics/{{metric}}/{{run}}/seed{{seed}}/epochs{{epochs}}.tasks.csv"
RUN_TABLE = f"{RESULTS}/tables/{{run}}/{{metric}}.csv"
TABLE = f"{RESULTS}/tables/{{metric}}.csv"
FIGURE = f"{settings.folders.figures}/{{figure}}.{{suffix}}"
VERDICTS = f"{RESULTS}/claims.{{suffix}}"
PROVENANCE = f"{RESULTS}/provenance.html"
BENCHMARKS = f"{RESULTS}/benchmarks"
LOG = f"{RESULTS}/logs"
CLAIMS = plugins.names("claims")

ENGINE = f"--engine {settings.engine} --device {settings.device}"

ENVIRONMENT = "../../envs/metalandscape.yaml"  # relative to the rules, used with --sdm conda


wildcard_constraints:
    run=schema.NAME,
    seed=r"\d+",
    epoch=r"\d+",
    epochs=r"\d+(-\d+)?",
    metric="|".join(plugins.names("metrics")),
    figure="|".join(settings.figures) or "none",


def data_of(wildcards):
    """The prepared file of a run's dataset."""
    return DATA.format(dataset=settings.runs[wildcards.run].dataset)


def settings_of(wildcards):
    """What a run's jobs depend on, as JSON; a change of it reruns them."""
    return settings.runs[wildcards.run].settings()


def check_archives(wildcards):
    """Stop before anything runs when archives are missing; a dry-run needs none.

    Nor does a dataset that is prepared already: Snakemake asks for its inputs all the same.
    """
    missing = datasets.missing_archives(settings.datasets[wildcards.dataset])
    needed = not Path(DATA.format(**wildcards)).exists() and not workflow.output_settings.dryrun
    if missing and needed:
        sys.exit(f"metalandscape: config key datasets.{wildcards.dataset}: {missing}.")
    return []


def manifest_of(wildcards):
    """The manifest of a dataset's archives; generated data have none."""
    return MANIFEST.format(**wildcards) if settings.datasets[wildcards.dataset].archives() else []


def kind_of(wildcards):
    """The version of the module that prepares a dataset."""
    return plugins.version("datasets", settings.datasets[wildcards.dataset].kind)


def counts_of(wildcards):
    """How many fixed tasks a metric wants of each split."""
    options = settings.metrics[wildcards.metric]
    return json.dumps({"test": options.get("tasks", 0), "train": options.get("train_tasks", 0)})


def training_of(wildcards):
    """The versions of the algorithm that trains a run, and of its regularizer."""
    run = settings.runs[wildcards.run]
    regularizer = [("regularizers", run.regularizer["name"])] if run.regularizer else []
    return [plugins.version(*each) for each in [("algorithms", run.algorithm), *regularizer]]


def runs_with(block):
    """The pattern of the runs that train this block of epochs."""
    return "|".join(name for name, run in settings.runs.items() if block in run.blocks())


def epochs_of_jobs(run):
    """The `epochs` wildcard of every metric job of a run: "7", or "0-9" for a batch."""
    step, last = settings.checkpoints_per_job, settings.runs[run].epochs
    batches = [(first, min(first + step - 1, last)) for first in range(0, last + 1, step)]
    return [f"{a}" if a == b else f"{a}-{b}" for a, b in batches]


def checkpoints_of(wildcards):
    """The checkpoints that a metric job measures."""
    first, _, last = wildcards.epochs.partition("-")
    epochs = range(int(first), int(last or first) + 1)
    return [CHECKPOINT.format(run=wildcards.run, seed=wildcards.seed, epoch=e) for e in epochs]


def measured_of(wildcards):
    """The tables of all jobs of one run and metric."""
    return expand(
        MEASURED,
        metric=wildcards.metric,
        run=wildcards.run,
        seed=settings.runs[wildcards.run].seeds,
        epochs=epochs_of_jobs(wildcards.run),
    )


def run_tables_of(wildcards):
    """The tables of one metric of all runs that some figure shows."""
    return [
        RUN_TABLE.format(run=run, metric=metric)
        for metric, run in settings.pairs()
        if metric == wildcards.metric
    ]


def metrics_shown():
    """The metrics that some figure shows."""
    return sorted({metric for metric, _ in settings.pairs()})


def tables_of(wildcards):
    """The tables of a figure's metrics and runs."""
    return expand(
        RUN_TABLE,
        metric=plugins.declared("figures", wildcards.figure, "METRICS"),
        run=settings.figures[wildcards.figure],
    )


def section_of(wildcards):
    """The category of a figure in the report: its section of the paper, with its title."""
    section = plugins.declared("figures", wildcards.figure, "SECTION", "Other figures")
    title = plugins.declared("figures", "__init__", "SECTIONS").get(section, "")
    return f"{section} {title}".strip()


def claims_of(wildcards, input):
    """The claims that a figure bears on, with the verdicts that there are when the report is made.

    As a function of the input it is no parameter whose change reruns a job: verdicts depend on more
    runs than the figure.
    """
    runs, verdicts = settings.figures[wildcards.figure], VERDICTS.format(suffix="csv")
    return captions.claims(wildcards.figure, runs, verdicts)


def settings_of_runs(names):
    """What several runs' results depend on, by name, as JSON."""
    return json.dumps({name: json.loads(settings.runs[name].settings()) for name in names})


def judged_pairs():
    """The (metric, run) of all tables that claims read and figures show."""
    read = {metric for claim in CLAIMS for metric in plugins.declared("claims", claim, "METRICS")}
    return [(metric, run) for metric, run in settings.pairs() if metric in read]


def judged_runs():
    """The names of the runs that claims are judged on."""
    shown = {run for _, run in judged_pairs()}
    return [name for name in settings.runs if name in shown]


def judged_datasets():
    """The options of the datasets of these runs, as JSON: published numbers are for some only."""
    names = sorted({settings.runs[run].dataset for run in judged_runs()})
    return json.dumps({name: settings.datasets[name].model_dump(mode="json") for name in names})


def configuration(wildcards):
    """The configuration in force, as YAML; where archives lie is no part of results."""
    kept = {key: value for key, value in config.items() if key != "archives"}
    return yaml.safe_dump(json.loads(json.dumps(kept)), sort_keys=False, default_flow_style=None)

# What all rules share; paths and lookups are those of `settings.plan`.
ENVIRONMENT = "../../envs/metalandscape.yaml"  # relative to the rules, used with --sdm conda
# Files in a storage have no record beside them that tells what code the kernel is of.
STORED = workflow.storage_settings.default_storage_provider is not None
REUSED = plan.is_trained() and not plan.kernel_is_stale() and not STORED
KERNEL = ancient(plan.kernel) if REUSED else plan.kernel
SIGNATURE = inspect.signature(lambda wildcards: None)
ENGINE = f"--engine {settings.engine} --device {settings.device} --precision {settings.precision}"
if settings.tasks_at_once:
    ENGINE += f" --tasks-at-once {settings.tasks_at_once}"


wildcard_constraints:
    run="|".join(settings.runs),
    dataset="|".join(settings.datasets),
    seed=r"\d+",
    epoch=r"\d+",
    epochs=r"\d+(-\d+)?",
    metric="|".join(plugins.names("metrics")),
    figure="|".join(settings.figures) or "none",


def quick(question):
    """The same function of wildcards, with its signature given.

    Snakemake asks for it several times per job, which takes a tenth of a dry-run's time.
    """

    def ask(wildcards):
        return question(wildcards)

    ask.__signature__ = SIGNATURE
    return ask


def check_archives(wildcards):
    """Stop before anything runs when archives are missing; a dry-run needs none.

    Nor does a dataset that is prepared already, whose inputs Snakemake asks for, too.
    """
    missing = datasets.missing_archives(settings.datasets[wildcards.dataset])
    needed = not Path(plan.data.format(**wildcards)).exists()
    if missing and needed and not workflow.output_settings.dryrun:
        sys.exit(f"metalandscape: config key datasets.{wildcards.dataset}: {missing}.")
    return []


def shown(question):
    """The same function of wildcards, for what a figure shows; a table of nothing is refused."""

    def ask(wildcards):
        if found := question(wildcards):
            return found
        asked = wildcards.get("metric", "accuracy on validation tasks")
        sys.exit(
            f"metalandscape: no figure of the configuration shows {asked}, so that the table would be "
            "empty; add such a figure, or ask for the table of a run."
        )

    return ask


def measured_of(wildcards):
    """What the table of a run and metric is made of; a metric that it can't have is refused."""
    if not settings.has(wildcards.metric, wildcards.run):
        sys.exit(
            f"metalandscape: run {wildcards.run} cannot have the metric {wildcards.metric}: its tasks "
            f"are {settings.tasks_of(wildcards.run)}; ask for another one."
        )
    return plan.measured_of(wildcards)


def told_of(wildcards, input):
    """What the report says of a figure: its caption, and its claims with existing verdicts.

    As a function of the input, this is no parameter whose change reruns a job: verdicts depend on
    more runs than the figure.
    """
    runs, verdicts = settings.figures[wildcards.figure], plan.verdicts.format(suffix="csv")
    return Brief(
        caption=plugins.described("figures", wildcards.figure),
        claims=captions.claims(wildcards.figure, runs, verdicts),
        scale=captions.plain(settings.scale),
    )


def answers_of(wildcards, input):
    """The claims and their verdicts for the report's first page; as a function of the input, too."""
    found = answers.answers(plan.claims(), answers.read(plan.verdicts.format(suffix="csv")))
    return Brief({answer.claim: answer._asdict() for answer in found})


def section_of(wildcards):
    """A figure's heading."""
    return captions.section(wildcards.figure)

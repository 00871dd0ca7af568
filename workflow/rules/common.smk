# Every path of the workflow, once, and the few lookups the rules share.
RESULTS = settings.folders.results
MANIFEST = f"{RESULTS}/archives/{{dataset}}.json"
DATA = f"{RESULTS}/data/{{dataset}}.safetensors"
TASKS = f"{RESULTS}/tasks/{{run}}/seed{{seed}}/{{metric}}.safetensors"
CHECKPOINT = f"{RESULTS}/checkpoints/{{run}}/seed{{seed}}/epoch{{epoch}}.safetensors"
STATE = f"{RESULTS}/checkpoints/{{run}}/seed{{seed}}/state{{epoch}}.safetensors"
TRAINING_LOG = f"{RESULTS}/training/{{run}}/seed{{seed}}/epochs{{epochs}}.csv"
MEASURED = f"{RESULTS}/metrics/{{metric}}/{{run}}/seed{{seed}}/epochs{{epochs}}.csv"
MEASURED_TASKS = f"{RESULTS}/metrics/{{metric}}/{{run}}/seed{{seed}}/epochs{{epochs}}.tasks.csv"
RUN_TABLE = f"{RESULTS}/tables/{{run}}/{{metric}}.csv"
TABLE = f"{RESULTS}/tables/{{metric}}.csv"
FIGURE = f"{settings.folders.figures}/{{figure}}.{{suffix}}"
LOG = f"{RESULTS}/logs"

ENVIRONMENT = "../../envs/metalandscape.yaml"  # relative to the rules, used with --sdm conda
COMMAND = "python -m metalandscape"


wildcard_constraints:
    run=schema.NAME,
    seed=r"\d+",
    epoch=r"\d+",
    epochs=r"\d+(-\d+)?",
    metric="|".join(plugins.names("metrics")),
    figure="|".join(settings.figures) or "none",


def module(room, name):
    """The files of a metric, figure, algorithm or dataset kind: an edit of one reruns its jobs.

    Relative, so that a moved checkout is not taken for a changed input.
    """
    return [os.path.relpath(file) for file in plugins.sources(room, name)]


def data_of(wildcards):
    """The prepared file of a run's dataset."""
    return DATA.format(dataset=settings.runs[wildcards.run].dataset)


def settings_of(wildcards):
    """What a run's jobs depend on, as JSON; a change of it reruns them."""
    return settings.runs[wildcards.run].settings()

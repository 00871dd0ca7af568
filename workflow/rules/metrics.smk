# One job per run, seed, metric and checkpoint (or `checkpoints_per_job` of them), then tables.
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


rule measure_checkpoints:
    input:
        data=data_of,
        tasks=TASKS,
        checkpoints=checkpoints_of,
        module=lambda w: module("metrics", w.metric),
    output:
        summary=MEASURED,
        per_task=MEASURED_TASKS,
    log:
        f"{LOG}/measure/{{metric}}/{{run}}/seed{{seed}}/epochs{{epochs}}.log",
    conda:
        ENVIRONMENT
    params:
        run=settings_of,
        options=lambda w: json.dumps(settings.metrics[w.metric]),
    shell:
        COMMAND + " measure --metric {wildcards.metric} --options {params.options:q}"
        " --name {wildcards.run} --run {params.run:q} --seed {wildcards.seed} --data {input.data}"
        " --tasks {input.tasks} --checkpoints {input.checkpoints} --output {output.summary}"
        " --per-task {output.per_task} 2> {log}"


rule tabulate_run:
    input:
        measured_of,
    output:
        RUN_TABLE,
    log:
        f"{LOG}/tabulate/{{run}}/{{metric}}.log",
    conda:
        ENVIRONMENT
    shell:
        COMMAND + " tabulate {input} --output {output} 2> {log}"


rule tabulate_metric:
    input:
        run_tables_of,
    output:
        TABLE,
    log:
        f"{LOG}/tabulate/{{metric}}.log",
    conda:
        ENVIRONMENT
    shell:
        COMMAND + " tabulate {input} --output {output} 2> {log}"

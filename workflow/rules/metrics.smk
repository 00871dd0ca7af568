# One job per run, seed, metric and checkpoint (or `checkpoints_per_job` of them), then tables.
rule measure_checkpoints:
    input:
        data=data_of,
        tasks=TASKS,
        checkpoints=checkpoints_of,
        kernel=ancient(KERNEL) if settings.engine == "auto" else [],
    output:
        summary=MEASURED,
        per_task=MEASURED_TASKS,
    log:
        f"{LOG}/measure/{{metric}}/{{run}}/seed{{seed}}/epochs{{epochs}}.log",
    benchmark:
        f"{BENCHMARKS}/measure/{{metric}}/{{run}}/seed{{seed}}/epochs{{epochs}}.tsv"
    conda:
        ENVIRONMENT
    resources:
        **asked("measure_checkpoints"),
    params:
        code=lambda w: plugins.version("metrics", w.metric),
        run=settings_of,
        options=lambda w: json.dumps(settings.metrics[w.metric]),
        engine=ENGINE,
    shell:
        "python -m metalandscape measure --metric {wildcards.metric} --options {params.options:q}"
        " --name {wildcards.run} --run {params.run:q} --seed {wildcards.seed} --data {input.data}"
        " --tasks {input.tasks} --checkpoints {input.checkpoints} --output {output.summary}"
        " --per-task {output.per_task} {params.engine} --kernel {input.kernel} 2> {log}"


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
        "python -m metalandscape tabulate {input} --output {output} 2> {log}"


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
        "python -m metalandscape tabulate {input} --output {output} 2> {log}"

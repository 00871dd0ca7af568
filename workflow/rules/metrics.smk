# One job per run, seed, metric and checkpoint (or `checkpoints_per_job` of them), then tables.
rule measure_checkpoints:
    input:
        data=quick(plan.datasets_of),
        tasks=plan.tasks,
        checkpoints=quick(plan.checkpoints_of),
        kernel=KERNEL if settings.engine == "auto" else [],
    output:
        summary=plan.measured,
        per_task=plan.measured_tasks,
    log:
        f"{plan.logs}/measure/{{metric}}/{{run}}/seed{{seed}}/epochs{{epochs}}.log",
    benchmark:
        f"{plan.benchmarks}/measure/{{metric}}/{{run}}/seed{{seed}}/epochs{{epochs}}.tsv"
    conda:
        ENVIRONMENT
    resources:
        **asked("measure_checkpoints"),
    params:
        code=quick(plan.code_of_metric),
        settings=quick(plan.settings_of),
        options=quick(plan.options_of),
        engine=ENGINE,
    shell:
        "python -m metalandscape measure --metric {wildcards.metric} --options {params.options:q}"
        " --run {wildcards.run} --settings {params.settings:q} --seed {wildcards.seed}"
        " --data {input.data:q} --code {params.code}"
        " --tasks {input.tasks:q} --checkpoints {input.checkpoints:q} --output {output.summary:q}"
        " --per-task {output.per_task:q} {params.engine} --kernel {input.kernel:q} 2> {log:q}"


rule tabulate_run:
    input:
        measured_of,
    output:
        plan.run_table,
    log:
        f"{plan.logs}/tabulate/{{run}}/{{metric}}.log",
    conda:
        ENVIRONMENT
    params:
        code=plan.code_of("tabulate"),
    script:
        "../scripts/tabulate.py"


rule tabulate_metric:
    input:
        shown(plan.run_tables_of),
    output:
        plan.table,
    log:
        f"{plan.logs}/tabulate/{{metric}}.log",
    conda:
        ENVIRONMENT
    params:
        code=plan.code_of("tabulate"),
    script:
        "../scripts/tabulate.py"


# The best epoch of every training by its validation tasks, if the accuracy has any.
rule choose_epochs:
    input:
        shown(lambda wildcards: plan.best_tables()),
    output:
        plan.best_epochs,
    log:
        f"{plan.logs}/choose_epochs.log",
    conda:
        ENVIRONMENT
    params:
        code=plan.code_of("choose"),
    script:
        "../scripts/choose_epochs.py"

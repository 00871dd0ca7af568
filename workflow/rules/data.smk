# Archives -> prepared datasets -> fixed task lists.


rule download_archives:
    input:
        check_archives,
    output:
        plan.manifest,
    log:
        f"{plan.logs}/download_archives/{{dataset}}.log",
    # The download itself retries.
    retries: 0
    # On a cluster, this runs where there is a network.
    localrule: True
    conda:
        ENVIRONMENT
    params:
        dataset=plan.dataset_of,
        # Archives whose content has changed are prepared anew.
        archives=lambda w: datasets.identity(
            settings.datasets[w.dataset], plan.manifest.format(**w)
        ),
    # The user sees the progress bar, too.
    shell:
        "python -m metalandscape download --dataset {params.dataset:q} --output {output:q} 2>&1 | tee {log:q} >&2"


rule prepare_dataset:
    input:
        manifest=plan.manifest_of,
    output:
        plan.data,
    log:
        f"{plan.logs}/prepare_dataset/{{dataset}}.log",
    # Where files are in a storage, the archives are on the machine that downloaded them.
    localrule: STORED
    conda:
        ENVIRONMENT
    resources:
        **asked("prepare_dataset"),
    params:
        dataset=plan.dataset_of,
        code=plan.code_of_dataset,
    shell:
        "python -m metalandscape prepare --dataset {params.dataset:q} --manifest {input.manifest:q}"
        " --output {output:q} 2> {log:q}"


rule sample_tasks:
    input:
        data=quick(plan.datasets_of),
    output:
        plan.tasks,
    log:
        f"{plan.logs}/sample_tasks/{{run}}/seed{{seed}}/{{metric}}.log",
    conda:
        ENVIRONMENT
    params:
        shapes=quick(plan.shapes_of),
        counts=quick(plan.counts_of),
        code=quick(plan.code_of_tasks),
    shell:
        "python -m metalandscape sample --run {wildcards.run} --shapes {params.shapes:q}"
        " --metric {wildcards.metric} --seed {wildcards.seed} --data {input.data:q}"
        " --counts {params.counts:q} --output {output:q} 2> {log:q}"

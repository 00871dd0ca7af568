# Archives -> prepared datasets -> fixed task lists.


rule download_archives:
    input:
        check_archives,
    output:
        MANIFEST,
    log:
        f"{LOG}/download_archives/{{dataset}}.log",
    # A download is retried where it happens, not here as well.
    retries: 0
    # On a cluster, where the network is.
    localrule: True
    conda:
        ENVIRONMENT
    params:
        dataset=lambda w: settings.datasets[w.dataset].model_dump_json(),
        # Archives whose content has changed are prepared anew.
        archives=lambda w: datasets.identity(settings.datasets[w.dataset], MANIFEST.format(**w)),
    # The progress bar is for the user's eyes as well.
    shell:
        "python -m metalandscape download --dataset {params.dataset:q}"
        " --output {output} 2>&1 | tee {log} >&2"


rule prepare_dataset:
    input:
        manifest=manifest_of,
    output:
        DATA,
    log:
        f"{LOG}/prepare_dataset/{{dataset}}.log",
    conda:
        ENVIRONMENT
    resources:
        **asked("prepare_dataset"),
    params:
        dataset=lambda w: settings.datasets[w.dataset].model_dump_json(),
        code=kind_of,
        manifest=lambda w, input: f"--manifest {input.manifest}" if input.manifest else "",
    shell:
        "python -m metalandscape prepare --dataset {params.dataset:q} {params.manifest}"
        " --output {output} 2> {log}"


rule sample_tasks:
    input:
        data=data_of,
    output:
        TASKS,
    log:
        f"{LOG}/sample_tasks/{{run}}/seed{{seed}}/{{metric}}.log",
    conda:
        ENVIRONMENT
    params:
        shape=lambda w: json.dumps(settings.runs[w.run].shape()),
        counts=counts_of,
    shell:
        "python -m metalandscape sample --shape {params.shape:q} --seed {wildcards.seed}"
        " --data {input.data} --counts {params.counts:q} --output {output} 2> {log}"

# Archives -> prepared datasets -> fixed task lists.
import json

from metalandscape import datasets


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
    """The files of the module that prepares a dataset."""
    return module("datasets", settings.datasets[wildcards.dataset].kind)


def counts_of(wildcards):
    """How many fixed tasks a metric wants of each split."""
    options = settings.metrics[wildcards.metric]
    return json.dumps({"test": options.get("tasks", 0), "train": options.get("train_tasks", 0)})


rule download_archives:
    input:
        check_archives,
    output:
        MANIFEST,
    log:
        f"{LOG}/download_archives/{{dataset}}.log",
    retries: 2
    conda:
        ENVIRONMENT
    params:
        dataset=lambda w: settings.datasets[w.dataset].model_dump_json(),
    # The progress bar is for the user's eyes as well.
    shell:
        COMMAND + " download --dataset {params.dataset:q}" " --output {output} 2>&1 | tee {log} >&2"


rule prepare_dataset:
    input:
        manifest=manifest_of,
        module=kind_of,
    output:
        DATA,
    log:
        f"{LOG}/prepare_dataset/{{dataset}}.log",
    conda:
        ENVIRONMENT
    params:
        dataset=lambda w: settings.datasets[w.dataset].model_dump_json(),
        manifest=lambda w, input: f"--manifest {input.manifest}" if input.manifest else "",
    shell:
        COMMAND + " prepare --dataset {params.dataset:q} {params.manifest}"
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
        COMMAND + " sample --shape {params.shape:q} --seed {wildcards.seed} --data {input.data}"
        " --counts {params.counts:q} --output {output} 2> {log}"

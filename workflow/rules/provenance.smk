# Software, run times and configuration, on one page for the report.
rule record_provenance:
    input:
        # The page is as new as the tables.
        expand(TABLE, metric=metrics_shown()),
    output:
        report(
            PROVENANCE,
            caption="../report/provenance.rst",
            category="Provenance",
            labels={"page": "software, run times, configuration"},
        ),
    log:
        f"{LOG}/record_provenance.log",
    conda:
        ENVIRONMENT
    params:
        config=configuration,
        files=[os.path.relpath(file) for file in workflow.configfiles],
        runs=sorted({run for _, run in settings.pairs()}),
        benchmarks=BENCHMARKS,
    shell:
        "python -m metalandscape record --config {params.config:q} --files {params.files:q}"
        " --benchmarks {params.benchmarks} --runs {params.runs} --output {output} 2> {log}"

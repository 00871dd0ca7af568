# The paper's claims, judged from cached tables.


rule judge_claims:
    input:
        tables=[RUN_TABLE.format(metric=metric, run=run) for metric, run in judged_pairs()],
    output:
        table=report(
            VERDICTS.format(suffix="csv"),
            caption="../report/claims.rst",
            category="Claims",
            labels={"verdicts": "table, CSV"},
        ),
        page=report(
            VERDICTS.format(suffix="html"),
            caption="../report/claims.rst",
            category="Claims",
            labels={"verdicts": "page"},
        ),
        text=VERDICTS.format(suffix="md"),
    log:
        f"{LOG}/judge_claims.log",
    conda:
        ENVIRONMENT
    params:
        code=[plugins.version("claims", name) for name in [*CLAIMS, "_report"]],
        runs=settings_of_runs(judged_runs()),
        datasets=judged_datasets(),
        scale=settings.scale,
    shell:
        "python -m metalandscape judge --runs {params.runs:q} --datasets {params.datasets:q}"
        " --scale {params.scale:q} --tables {input.tables} --output {output.table}"
        " --readable {output.page} {output.text} 2> {log}"

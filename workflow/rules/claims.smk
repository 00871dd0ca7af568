# The paper's claims, judged from cached tables.


rule judge_claims:
    input:
        tables=plan.judged_tables(),
    output:
        table=report(
            plan.verdicts.format(suffix="csv"),
            caption="../report/claims.rst",
            category="Claims",
            labels={"verdicts": "table, CSV"},
        ),
        page=report(
            plan.verdicts.format(suffix="html"),
            caption="../report/claims.rst",
            category="Claims",
            labels={"verdicts": "page"},
        ),
        text=plan.verdicts.format(suffix="md"),
    log:
        f"{plan.logs}/judge_claims.log",
    conda:
        ENVIRONMENT
    params:
        code=plan.code_of_claims(),
        claims=plan.claims(),
        runs=lambda w: plan.settings_of_runs(plan.judged_runs()),
        datasets=lambda w: plan.judged_datasets(),
        scale=lambda w: Text(settings.scale),
        answers=answers_of,
    script:
        "../scripts/judge_claims.py"

# All results on one interactive page, which needs one more package: make page.
rule write_page:
    input:
        tables=plan.all_tables(),
        images=expand(plan.figure, figure=settings.figures, suffix="png"),
        verdicts=plan.verdicts.format(suffix="csv"),
        provenance=plan.provenance,
    output:
        plan.page,
    log:
        f"{plan.logs}/write_page.log",
    conda:
        ENVIRONMENT
    params:
        code=plan.code_of("page"),
        scale=lambda w: Text(settings.scale),
        figures=lambda w: settings.figures,
        runs=lambda w: plan.settings_of_runs(plan.runs_shown()),
    script:
        "../scripts/write_page.py"

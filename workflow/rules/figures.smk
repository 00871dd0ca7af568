# Figures from cached tables: drawing trains and measures nothing.
rule draw_figure:
    input:
        tables=plan.tables_of,
    output:
        pdf=plan.figure.replace("{suffix}", "pdf"),
        png=report(
            plan.figure.replace("{suffix}", "png"),
            caption="../report/figure.rst",
            category=section_of,
            labels={"figure": "{figure}"},
        ),
    log:
        f"{plan.logs}/draw_figure/{{figure}}.log",
    conda:
        ENVIRONMENT
    params:
        code=plan.code_of_figure,
        runs=lambda w: plan.settings_of_runs(settings.figures[w.figure]),
        names=plan.shown_names,
        scale=lambda w: Text(settings.scale),
        report=told_of,
    script:
        "../scripts/draw_figure.py"

# Figures from cached tables: drawing trains and measures nothing.
rule draw_figure:
    input:
        tables=tables_of,
    output:
        pdf=FIGURE.replace("{suffix}", "pdf"),
        png=report(
            FIGURE.replace("{suffix}", "png"),
            caption="../report/figure.rst",
            category=section_of,
            labels={"figure": "{figure}"},
        ),
    log:
        f"{LOG}/draw_figure/{{figure}}.log",
    conda:
        ENVIRONMENT
    params:
        code=lambda w: plugins.version("figures", w.figure),
        runs=lambda w: settings_of_runs(settings.figures[w.figure]),
        scale=settings.scale,
        caption=lambda w: plugins.described("figures", w.figure),
        claims=claims_of,
    shell:
        "python -m metalandscape draw --figure {wildcards.figure} --scale {params.scale:q}"
        " --runs {params.runs:q} --tables {input.tables} --outputs {output} 2> {log}"

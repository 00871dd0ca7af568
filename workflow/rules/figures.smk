# Figures from cached tables: drawing trains and measures nothing.
def tables_of(wildcards):
    """The tables of a figure's metrics and runs."""
    return expand(
        RUN_TABLE,
        metric=plugins.declared("figures", wildcards.figure, "METRICS"),
        run=settings.figures[wildcards.figure],
    )


def runs_of(wildcards):
    """The settings of the runs that a figure shows, as JSON."""
    chosen = settings.figures[wildcards.figure]
    return json.dumps({run: json.loads(settings.runs[run].settings()) for run in chosen})


rule draw_figure:
    input:
        tables=tables_of,
        module=lambda w: module("figures", w.figure),
    output:
        pdf=FIGURE.replace("{suffix}", "pdf"),
        png=FIGURE.replace("{suffix}", "png"),
    log:
        f"{LOG}/draw_figure/{{figure}}.log",
    conda:
        ENVIRONMENT
    params:
        runs=runs_of,
        scale=settings.scale,
    shell:
        COMMAND + " draw --figure {wildcards.figure} --scale {params.scale:q}"
        " --runs {params.runs:q} --tables {input.tables} --outputs {output} 2> {log}"

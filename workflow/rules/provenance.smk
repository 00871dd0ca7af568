# Software, run times and configuration, on one page for the report.
rule record_provenance:
    input:
        # The page is as new as the tables.
        tables=expand(plan.table, metric=plan.metrics_shown()),
        kept=plan.kept if Path(plan.kept).exists() else [],
    output:
        report(
            plan.provenance,
            caption="../report/provenance.rst",
            category="Provenance",
            labels={"page": "software, run times, configuration"},
        ),
    log:
        f"{plan.logs}/record_provenance.log",
    conda:
        ENVIRONMENT
    params:
        code=plan.code_of("record"),
        config=lambda w: Text(plan.configuration(config)),
        files=lambda w: [os.path.relpath(file) for file in workflow.configfiles],
        trainings=lambda w: plan.trainings_shown(),
        benchmarks=plan.benchmarks,
        kept=plan.kept,
        shipments=lambda w: shipped.shipments(plan),
    script:
        "../scripts/record_provenance.py"

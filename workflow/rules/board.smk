# Curves for TensorBoard, which needs one more package: make board.
def logs_of(name):
    """The training logs of a run, by seed."""
    run = settings.runs[name]
    epochs = [f"{first}-{last}" for first, last in run.blocks()]
    return {
        seed: expand(plan.training_log, run=name, seed=seed, epochs=epochs) for seed in run.seeds
    }


TRAININGS = Brief({name: logs_of(name) for name in plan.runs_shown()})


rule write_board:
    input:
        tables=[plan.run_table.format(metric=m, run=r) for m, r in settings.pairs()],
        logs=[log for seeds in TRAININGS.values() for logs in seeds.values() for log in logs],
    output:
        directory(plan.board),
    log:
        f"{plan.logs}/write_board.log",
    conda:
        ENVIRONMENT
    params:
        code=plan.code_of("board"),
        trainings=lambda w: TRAININGS,
    script:
        "../scripts/write_board.py"

# Curves for TensorBoard, which needs one more package: make board.
rule write_board:
    input:
        tables=[plan.run_table.format(metric=m, run=r) for m, r in settings.pairs()],
        logs=lambda w: [
            log for seeds in training_logs().values() for logs in seeds.values() for log in logs
        ],
    output:
        directory(plan.board),
    log:
        f"{plan.logs}/write_board.log",
    conda:
        ENVIRONMENT
    params:
        code=plan.code_of("board"),
        trainings=lambda w: training_logs(),
    script:
        "../scripts/write_board.py"

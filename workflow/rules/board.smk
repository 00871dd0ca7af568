# Curves for TensorBoard, which needs one more package: make board.
rule write_board:
    input:
        tables=plan.all_tables(),
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

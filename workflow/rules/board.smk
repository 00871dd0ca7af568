# Curves for TensorBoard, which needs one more package: make board.
# The logs of trainings are no inputs: where tables came with the repository, there are none, and
# after a change of `epochs_per_job` others; neither is a reason to train again.
rule write_board:
    input:
        tables=plan.all_tables(),
    output:
        directory(plan.board),
    log:
        f"{plan.logs}/write_board.log",
    conda:
        ENVIRONMENT
    params:
        code=plan.code_of("board"),
        trainings=lambda w: Brief({name: settings.runs[name].seeds for name in plan.runs_shown()}),
        logs=lambda w: Text(plan.training_log.replace("{epochs}", "*")),
    script:
        "../scripts/write_board.py"

# Meta-training: a chain of jobs, each a block of epochs that goes on from the state before it.
# A rule's outputs are fixed, so every block of epochs has a rule; runs with the same block share it.
BLOCKS = sorted({block for run in settings.runs.values() for block in run.blocks()})


for first, last in BLOCKS:

    rule:
        name:
            f"train_epochs_{first}_to_{last}"
        input:
            data=data_of,
            kernel=ancient(KERNEL) if settings.engine == "auto" else [],
            previous=[] if first == 1 else STATE.replace("{epoch}", str(first - 1)),
        output:
            # The first block also writes epoch 0, the initialisation.
            checkpoints=[
                CHECKPOINT.replace("{epoch}", str(epoch))
                for epoch in range(0 if first == 1 else first, last + 1)
            ],
            state=STATE.replace("{epoch}", str(last)),
            log=TRAINING_LOG.replace("{epochs}", f"{first}-{last}"),
        log:
            f"{LOG}/train/{{run}}/seed{{seed}}/epochs{first}-{last}.log",
        benchmark:
            f"{BENCHMARKS}/train/{{run}}/seed{{seed}}/epochs{first}-{last}.tsv"
        wildcard_constraints:
            run=runs_with((first, last)),
        # Training is the critical path: metric jobs fill the gaps.
        priority: 10
        conda:
            ENVIRONMENT
        threads: settings.threads
        resources:
            **asked("train_epochs"),
        params:
            code=training_of,
            run=settings_of,
            engine=ENGINE,
            previous=lambda w, input: f"--previous {input.previous}" if input.previous else "",
        shell:
            "python -m metalandscape train --run {params.run:q} --seed {wildcards.seed}"
            " --data {input.data} {params.previous} --checkpoints {output.checkpoints} --state {output.state}"
            " --log {output.log} --threads {threads} {params.engine} --kernel {input.kernel} 2> {log}"

# Meta-training: a chain of jobs, each a block of epochs that goes on from the state before it.
# A rule's outputs are fixed, so every block of epochs has a rule; runs with the same block share it.
for first, last in plan.blocks():

    rule:
        name:
            f"train_epochs_{first}_to_{last}"
        input:
            data=quick(plan.data_of),
            kernel=KERNEL if settings.engine == "auto" else [],
            previous=[] if first <= 1 else plan.state.replace("{epoch}", str(first - 1)),
            initial=quick(plan.initial_weights_of) if first <= 1 else [],
        output:
            # The first block also writes epoch 0, the initialization.
            checkpoints=[
                plan.checkpoint.replace("{epoch}", str(epoch))
                for epoch in range(0 if first == 1 else first, last + 1)
            ],
            state=plan.state.replace("{epoch}", str(last)),
            log=plan.training_log.replace("{epochs}", f"{first}-{last}"),
        log:
            f"{plan.logs}/train/{{run}}/seed{{seed}}/epochs{first}-{last}.log",
        benchmark:
            f"{plan.benchmarks}/train/{{run}}/seed{{seed}}/epochs{first}-{last}.tsv"
        wildcard_constraints:
            run=plan.runs_with((first, last)),
        # Training is the critical path: metric jobs fill the gaps.
        priority: 10
        conda:
            ENVIRONMENT
        threads: settings.threads
        resources:
            **asked("train_epochs"),
        params:
            code=quick(plan.code_of_training),
            settings=quick(plan.training_settings_of),
            engine=ENGINE,
        shell:
            "python -m metalandscape train --run {wildcards.run} --settings {params.settings:q}"
            " --seed {wildcards.seed} --data {input.data:q} --code {params.code}"
            " --previous {input.previous:q} --initial {input.initial:q} --checkpoints {output.checkpoints:q}"
            " --state {output.state:q} --log {output.log:q} --threads {threads} {params.engine}"
            " --kernel {input.kernel:q} 2> {log:q}"

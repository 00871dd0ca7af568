# The fast engine's kernel, compiled once. Where something is trained it is an `ancient` input of jobs,
# so that compiling it anew reruns nothing; after an edit of its code it is a plain one.
rule build_kernel:
    output:
        plan.kernel,
    log:
        f"{plan.logs}/build_kernel.log",
    # On a cluster, this runs where there is a compiler.
    localrule: True
    conda:
        ENVIRONMENT
    params:
        code=plan.code_of_kernel(),
    shell:
        # The user sees the message if there is no compiler, too.
        "python -m metalandscape build_kernel --code {params.code} --output {output:q} 2>&1 | tee {log:q}"

# The fast engine's kernel, compiled once. It is an `ancient` input of jobs, so rebuilding it alone
# reruns nothing: what an edit of its sources reruns follows from the digest of the code.
rule build_kernel:
    input:
        [local(str(path)) for path in kernel_sources()],
    output:
        plan.kernel,
    log:
        f"{plan.logs}/build_kernel.log",
    # On a cluster, where a compiler is.
    localrule: True
    conda:
        ENVIRONMENT
    shell:
        # What it says if there is no compiler is for the user, too.
        "{COMMAND} build_kernel --output {output:q} 2>&1 | tee {log:q}"

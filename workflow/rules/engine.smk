# The fast engine's kernel, compiled once. Rebuilding it is no reason to compute anything again: jobs
# take it as ancient.
rule build_kernel:
    input:
        local("workflow/metalandscape/engines/kernel.cpp"),
    output:
        KERNEL,
    log:
        f"{LOG}/build_kernel.log",
    # On a cluster, where a compiler is.
    localrule: True
    conda:
        ENVIRONMENT
    shell:
        # What it says if there is no compiler is for the user, too.
        "python -m metalandscape build_kernel --output {output} 2>&1 | tee {log}"

# What jobs ask of a cluster: MB of memory, minutes, and `gpu: 1` where one is wanted; the engine
# computes on CPUs. A metric may have its own line. Rules that are not here ask for a profile's
# default-resources. Local runs take no notice.
ASKED = {
    "prepare_dataset": {"mem_mb": 8000, "runtime": 120},
    "train_epochs": {"mem_mb": 8000, "runtime": 240},
    "measure_checkpoints": {"mem_mb": 4000, "runtime": 60},
    "hessian": {"mem_mb": 4000, "runtime": 120},
}


def asked(job):
    """The resources of a rule; each further attempt asks for more memory and time."""

    def of(wildcards):
        return ASKED.get(wildcards.get("metric"), ASKED[job])

    return {
        "mem_mb": lambda wildcards, attempt: attempt * of(wildcards)["mem_mb"],
        "runtime": lambda wildcards, attempt: attempt * of(wildcards)["runtime"],
        "gpu": lambda wildcards: of(wildcards).get("gpu"),
    }

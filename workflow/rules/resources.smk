# What jobs ask of a cluster: memory (MB) and minutes; per checkpoint for metric jobs. A metric may
# have its own line. Rules that are not listed ask for a profile's default-resources. Local runs
# ignore all of this.
ASKED = {
    "prepare_dataset": {"mem_mb": 8000, "runtime": 120},
    "train_epochs": {"mem_mb": 8000, "runtime": 720},
    "measure_checkpoints": {"mem_mb": 2000, "runtime": 30},
    "hessian": {"mem_mb": 4000, "runtime": 60},
    "sharpness": {"mem_mb": 4000, "runtime": 240},
    "spectrum": {"mem_mb": 4000, "runtime": 120},
    "surface": {"mem_mb": 4000, "runtime": 60},
}


def asked(job):
    """The resources of a rule; each further attempt asks for more memory and time."""

    def of(resource, times=1):
        return lambda wildcards, attempt: (
            attempt * times * ASKED.get(wildcards.get("metric"), ASKED[job])[resource]
        )

    checkpoints = settings.checkpoints_per_job if job == "measure_checkpoints" else 1
    gpu = {"gpu": 1} if settings.device == "cuda" and job != "prepare_dataset" else {}
    return {"mem_mb": of("mem_mb"), "runtime": of("runtime", checkpoints), **gpu}

# What happens before and after the jobs: checks, and what the terminal shows. These hooks run in the
# user's process only, not in that of a job, and not in a dry-run. Any of --quiet, --printshellcmds,
# --verbose and --logger leaves the terminal to Snakemake, except for the last lines.
import json
import shlex

from snakemake.logging import logger
from metalandscape.terminal.jobs import Job
from metalandscape.terminal.lines import Lines


def place_of(file):
    """A file as the user knows it; in a storage, its query."""
    return file.storage_object.query if file.is_storage else str(file)


def described(job):
    """A job in the words of `metalandscape.terminal`."""
    benchmark = str(job.benchmark) if job.benchmark else None
    outputs = [place_of(file) for file in job.output]
    return Job(job.rule.name, job.wildcards_dict, benchmark, list(map(str, job.log)), outputs)


def terminal_lines():
    """The handler that writes the lines of this run."""
    chosen = workflow.output_settings
    own = chosen.quiet or chosen.printshellcmds or chosen.verbose or chosen.debug_dag
    handlers = [h for h in logger.handlers if h.name == "DefaultStreamHandler" and not own]
    jobs = {workflow.dag.jobid(job): described(job) for job in workflow.dag.needrun_jobs()}
    return Lines(jobs, handlers[0] if handlers else None)


def written(job):
    """The files that a job writes and that Snakemake, too, touches here."""
    files = [*job.output, *job.log, *([job.benchmark] if job.benchmark else [])]
    return [str(file) for file in files if not file.is_storage]


def check_writable():
    """Stop before anything runs where a file of a job could not be written."""
    try:
        environment.check_writable(
            file for job in workflow.dag.needrun_jobs() for file in written(job)
        )
    except UserError as error:
        sys.exit(f"metalandscape: {error}")


def check_kernel():
    """Stop where the kernel is to be made again beside trainings that used it.

    Snakemake would run all of them again if it is missing, and if it is there not check any job
    that depends on it.
    """
    asked = workflow.dag_settings
    alone = asked.until or {plan.kernel, "build_kernel"} & {*map(str, asked.targets)}
    again = any(job.rule.name == "build_kernel" for job in workflow.dag.needrun_jobs())
    if REUSED and again and not (alone or workflow.touch):
        sys.exit(
            f"metalandscape: {plan.kernel} is to be compiled again, though trainings are there that used "
            f"it; do this first: {command('--cores', '1', plan.kernel)}"
        )


def renew_kernel():
    """After --touch has kept results, compile an edited kernel: jobs that run later say they used it."""
    if settings.engine == "auto" and plan.kernel_is_stale():
        shell(
            f"python -m metalandscape build_kernel --code {plan.code_of_kernel()}"
            f" --output {shlex.quote(plan.kernel)}"
        )


def check_quotes():
    """Stop where a path or value would reach a cluster's shell, which is given them in quotes."""
    handed = [os.getcwd(), *plan.folders(), json.dumps(dict(workflow.config_settings.config))]
    handed += filter(None, (run.initial_weights for run in settings.runs.values()))
    if not workflow.local_exec and (odd := [text for text in handed if "'" in text]):
        sys.exit(
            f"metalandscape: {odd[0]}: on a cluster no path and no value of --config may have an "
            "apostrophe, because Snakemake hands them to a shell in such quotes; rename it."
        )


def command(*words):
    """Words for Snakemake, to be called in the working directory, with this configuration."""
    file = os.path.relpath(workflow.main_snakefile)
    other = [] if file in ("Snakefile", "workflow/Snakefile") else ["-s", file]
    files = [os.path.relpath(file) for file in workflow.overwrite_configfiles]
    return shlex.join(["snakemake", *other, *words, *(["--configfile", *files] if files else [])])


onstart:
    check_kernel()
    check_quotes()
    check_writable()
    if not workflow.touch:
        logger.addHandler(terminal_lines())


onsuccess:
    if workflow.touch:
        renew_kernel()
    for handler in logger.handlers:
        if isinstance(handler, Lines):
            for line in handler.ending(command("--report", "report.html")):
                logger.info(line)


onerror:
    for handler in logger.handlers:
        if isinstance(handler, Lines):
            for sentence in handler.mistakes():
                print(sentence, file=sys.stderr)

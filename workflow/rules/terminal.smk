# What the terminal shows of a run, and its last lines. These hooks run in the user's process only, not
# in that of a job, and not in a dry-run. Any of --quiet, --printshellcmds, --verbose and --logger leaves
# the terminal to Snakemake, except for the last lines.
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


def report_command():
    """The command that joins all results in one page."""
    files = [os.path.relpath(file) for file in workflow.overwrite_configfiles]
    option = ["--configfile", *files] if files else []
    return shlex.join(["snakemake", "--report", "report.html", *option])


onstart:
    check_writable()
    if not workflow.touch:
        logger.addHandler(terminal_lines())


onsuccess:
    for handler in logger.handlers:
        if isinstance(handler, Lines):
            for line in handler.ending(report_command()):
                logger.info(line)


onerror:
    for handler in logger.handlers:
        if isinstance(handler, Lines):
            for sentence in handler.mistakes():
                print(sentence, file=sys.stderr)

# Where jobs find their software, here or in another workflow: this environment, conda's, a container.
import shlex

from snakemake.settings.types import DeploymentMethod

# In an environment of conda's, too, jobs find the package by PYTHONPATH.
workflow.deployment_settings.conda_not_block_search_path_envvars = True

if DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method:
    if not settings.container:
        sys.exit(
            "metalandscape: --sdm apptainer: no image is named; "
            "build one from Containerfile and name it in the config key container."
        )
    # A container sees the working directory; what jobs read may lie elsewhere.
    for folder in (ROOT, os.environ.get(datasets.ARCHIVES), plugins.outside()):
        if folder and Path(folder).exists():
            bind = shlex.quote(os.path.abspath(folder))
            workflow.deployment_settings.apptainer_args += f" --bind {bind}"

paths = workflow.modifier.path_modifier
if paths.prefix or paths.modifies_prefixes:
    sys.exit(
        "metalandscape: prefix, replace_prefix: this module takes its paths from the configuration; "
        "set folders.results and folders.figures there."
    )


# Used with --sdm apptainer only; without it Snakemake says that it is ignored.
container: settings.container

# Where the package and the files that come with it are: in the checkout that this file belongs to.
import io
import sys
import tarfile
import tempfile
from pathlib import Path


def checkout(rules):
    """Return the folder of the checkout, given the one of the rules.

    Where a module statement names a git repository, as snakedeploy writes it, Snakemake has a clone
    and fetches rules and scripts from it; the rest is unpacked from there, once for every commit.
    """
    if rules.is_local:
        return Path(rules).parents[1]
    if not hasattr(rules, "hosted_repo"):
        sys.exit(f"metalandscape: snakefile: {rules}: give a path, github(...) or gitlab(...).")
    repository = rules.hosted_repo.repo
    commit = repository.commit(rules.ref).hexsha
    folder = Path(".snakemake/metalandscape", commit).absolute()
    if not folder.exists():
        unpack(repository, commit, folder)
    return folder


def unpack(repository, commit, folder):
    """Write the package and the files that come with it, all or none."""
    content = io.BytesIO()
    repository.archive(content, commit, path=["workflow", "config", "config.yaml"])
    content.seek(0)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        whole = Path(scratch, "whole")
        tarfile.open(fileobj=content).extractall(whole, filter="data")
        whole.rename(folder)


ROOT = checkout(workflow.current_basedir)
sys.path.insert(0, str(ROOT / "workflow"))

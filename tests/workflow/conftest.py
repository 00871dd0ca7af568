"""A copy of the project in which the smoke configuration has been run to its figures."""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "config.yaml", "config", "workflow", "profiles", "envs")
# Of Chromium.
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--window-size=1400,900",
]


class Project:
    """A checkout in a folder of its own, driven as a user would."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.said = ""  # by the run that made it

    def command(self, *arguments, cores=2):
        own = [sys.executable, "-m", "snakemake", "--cores", str(cores)]
        return [*own, *arguments, "--configfile", "config/smoke.yaml"]

    def run(self, *arguments, cores=2, ok=True, inside=(), **environment):
        done = subprocess.run(
            [*inside, *self.command(*arguments, cores=cores)],
            cwd=self.folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )
        assert (done.returncode == 0) == ok, done.stdout + done.stderr
        return done.stdout + done.stderr

    def planned(self, *targets):
        """Return the (rule, wildcards) that a dry-run lists.

        Without `all`, and without the page that tells of every change of the configuration.
        """
        text = self.run("-n", *targets)
        blocks = re.findall(r"^(?:local)?rule (\w+):\n((?: {4}.*\n)+)", text, re.M)
        jobs = set()
        for rule, details in blocks:
            wildcards = re.search(r"wildcards: (.*)", details)
            jobs.add((rule, wildcards[1] if wildcards else ""))
        return {job for job in jobs if job[0] not in ("all", "record_provenance")}

    def configure(self, change):
        """Apply a function to the smoke configuration and write it back."""
        path = self.folder / "config/smoke.yaml"
        config = yaml.safe_load(path.read_text())
        change(config)
        path.write_text(yaml.safe_dump(config, sort_keys=False))

    def add(self, module):
        """Write the part that the README prints after naming its file, and name its folder."""
        text = (ROOT / "README.md").read_text()
        (source,) = re.findall(rf"`{re.escape(module)}`:\n\n```python\n(.*?)```", text, re.S)
        file = self.folder / module
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
        self.configure(lambda config: config.update(plugins=str(Path(module).parents[1])))

    def edit(self, name, old=None, new="EDITED = 1"):
        """Replace a text of a module, or add one at its end."""
        path = self.folder / "workflow/metalandscape" / name
        text = path.read_text()
        assert old is None or text.count(old) == 1, f"{old!r} once in {name}"
        path.write_text(text.replace(old, new) if old else f"{text}\n{new}\n")

    def products(self, *folders):
        """Return the bytes of every product, by path."""
        root = self.folder / "results/smoke"
        return {
            str(path.relative_to(root)): path.read_bytes()
            for folder in folders
            for path in sorted((root / folder).rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="session")
def fresh(tmp_path_factory, request):
    """Return a function that makes a new, empty checkout."""

    def make():
        folder = tmp_path_factory.mktemp("project")
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                ignore = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / part, ignore=ignore)
            else:
                shutil.copy2(source, folder / part)
        project = Project(folder)
        engine = request.config.getoption("--engine")
        if engine != "auto":
            project.configure(lambda config: config.update(engine=engine))
        return project

    return make


@pytest.fixture(scope="session")
def finished(fresh):
    """The smoke configuration run to the end, on two cores; not to be changed."""
    project = fresh()
    project.said = project.run()
    return project


@pytest.fixture
def project(finished, tmp_path):
    """A copy of the finished project that a test may change."""
    shutil.copytree(finished.folder, tmp_path / "copy", symlinks=True)
    return Project(tmp_path / "copy")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A Chromium of its own, driven from outside; it records its console and its requests."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    if missing := [name for name, path in programs.items() if not path]:
        pytest.skip(f"{' and '.join(missing)} not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = programs["chromium"]
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(programs["chromedriver"])
    with webdriver.Chrome(options, service) as driver:
        driver.implicitly_wait(10)
        yield driver


@pytest.fixture(scope="module")
def opened(browser):
    """Return a context in which a page is open; at its end nothing was fetched or went wrong."""

    @contextmanager
    def opened(path):
        browser.get("about:blank")
        for log in ("performance", "browser"):
            browser.get_log(log)  # what came before
        browser.get(path.as_uri())
        yield browser
        browser.switch_to.default_content()
        assert [e for e in browser.get_log("browser") if e["level"] == "SEVERE"] == []
        events = [json.loads(e["message"])["message"] for e in browser.get_log("performance")]
        sent = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        assert {urlsplit(p["request"]["url"]).scheme for p in sent} <= {"file", "data"}

    return opened

"""What a release attaches, downloaded as the documentation tells."""

import functools
import http.server
import re
import threading
from pathlib import Path

import pytest
import yaml

from configurations import VALID
from metalandscape.ground.errors import UserError
from metalandscape.jobs import release
from metalandscape.settings import config
from metalandscape.settings.plan import Plan

TEXT = (Path(__file__).parents[2] / "docs/library.md").read_text()
(READER,) = re.findall(r"```python\n([^`]*pooch[^`]*)```", TEXT)


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Tables and checkpoints of all runs that a configuration's figures show."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(yaml.safe_dump(VALID))
    plan = Plan(config.load(VALID))
    files = [plan.run_table.format(run=r, metric=m) for m, r in plan.settings.pairs()]
    for run in plan.runs_shown():
        files += [plan.checkpoint.format(run=run, seed=s, epoch=e) for s in (0, 1) for e in (0, 7)]
        files.append(plan.state.format(run=run, seed=0, epoch=7))  # is not attached
    for file in files:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(file)
    return Path("results")


@pytest.fixture
def attached(results):
    """The address at which the files of a release are served."""
    release.run(["mine.yaml"], "release")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="release")
    handler.log_message = lambda *arguments: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_reader_gets_the_checkpoints_as_documented(attached, results):
    results.rename("theirs")
    code = READER.replace("grey_5w1s_maml", "letters_maml")
    address = re.search(r'base_url="(.*?)"', READER)[1]
    Path("manifest.txt").write_bytes(Path("release/manifest.txt").read_bytes())
    exec(code.replace(address, attached), {})
    found = [path.relative_to("results") for path in results.rglob("*") if path.is_file()]
    own = Path("theirs/checkpoints/letters_maml").rglob("epoch*")
    assert set(found) == {path.relative_to("theirs") for path in own} and len(found) == 4
    for path in found:
        assert (results / path).read_bytes() == Path("theirs", path).read_bytes()


def test_a_download_that_was_changed_is_refused(attached, results):
    Path("release/letters_maml.zip").write_bytes(b"something else")
    test = functools.partial(test_a_reader_gets_the_checkpoints_as_documented, attached, results)
    with pytest.raises(ValueError, match="hash"):
        test()


def test_the_same_results_give_the_same_bytes(results):
    for folder in ("a", "b"):
        release.run(["mine.yaml"], folder)
        for path in results.rglob("*.csv"):
            path.touch()
    files = sorted(path.name for path in Path("a").iterdir())
    assert files == ["letters_finetuning.zip", "letters_maml.zip", "manifest.txt", "tables.zip"]
    assert all(Path("a", f).read_bytes() == Path("b", f).read_bytes() for f in files)


def test_without_results_nothing_is_packed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(yaml.safe_dump(VALID))
    with pytest.raises(UserError, match=r"results has nothing for tables.zip; compute it first"):
        release.run(["mine.yaml"], "release")
    assert not Path("release").exists()


def test_a_run_of_the_name_of_the_tables_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs = VALID["runs"] | {"tables": VALID["runs"]["letters_maml_T1"]}
    Path("mine.yaml").write_text(
        yaml.safe_dump(VALID | {"runs": runs, "figures": {"fig5": ["tables"]}})
    )
    with pytest.raises(UserError, match=r"config key runs\.tables: a release has the tables"):
        release.run(["mine.yaml"], "release")

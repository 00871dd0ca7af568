import os
import sys
from pathlib import Path

import pytest

import metalandscape
from metalandscape.datasets import ARCHIVES
from metalandscape.ground.errors import UserError
from metalandscape.settings import environment


@pytest.fixture(autouse=True)
def variables(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv(ARCHIVES, "/the/users")
    monkeypatch.setattr(environment, "_handed_on", {})


def test_jobs_run_this_interpreter_and_this_package():
    environment.hand_on(None)
    first, *others = os.environ["PATH"].split(os.pathsep)
    assert Path(first) == Path(sys.executable).parent and others == ["/usr/bin"]
    assert Path(os.environ["PYTHONPATH"]) == Path(metalandscape.__file__).parents[1]


def test_jobs_of_a_workflow_that_uses_this_one_keep_their_search_path():
    environment.hand_on(None, alone=False)
    assert os.environ["PYTHONPATH"].split(os.pathsep)[1:] == ["elsewhere"]


def test_modules_of_one_workflow_have_the_same_archives_and_parts(tmp_path, monkeypatch):
    environment.hand_on("a", alone=False)
    environment.hand_on("a", alone=False)
    with pytest.raises(UserError, match="keys archives and plugins: two modules of one workflow"):
        environment.hand_on("b", alone=False)
    monkeypatch.setattr(environment.plugins, "outside", lambda: tmp_path)
    with pytest.raises(UserError, match="keys archives and plugins: two modules of one workflow"):
        environment.hand_on("a", alone=False)


def test_where_a_file_or_a_dead_link_stands_there_can_be_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("folder").mkdir()
    for link, target in (("to_folder", "folder"), ("dead", "nothing"), ("loop", "loop")):
        Path(link).symlink_to(target)
    environment.check_places(["folder/a/b", "new", "to_folder/a", f"{tmp_path}/new/x"])
    for place in ("file", "dead", "loop", f"{tmp_path}/file"):
        for folder in (place, f"{place}/x/y"):
            with pytest.raises(UserError, match=f"^{folder} can be no folder, for {place} is none"):
                environment.check_places([folder])


def test_folders_that_cannot_be_written_to_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("theirs").mkdir()
    monkeypatch.setattr(os, "access", lambda place, mode: "theirs" not in str(place))
    environment.check_writable(["a.csv", "mine/new/b.csv", f"{tmp_path}/c.csv"])
    with pytest.raises(UserError, match=r"^theirs/new/folder cannot be written to; make it"):
        environment.check_writable(["mine/b.csv", "theirs/new/folder/d.csv"])
    with pytest.raises(UserError, match=r"^theirs cannot be written to"):
        environment.check_writable(["theirs/d.csv"])
    environment.check_working_directory()
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    with pytest.raises(UserError, match=f"^{tmp_path}/.snakemake cannot be written to; call"):
        environment.check_working_directory()


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_on_windows_the_sentence_says_where_it_runs(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    if platform != "win32":
        return environment.check_platform()
    with pytest.raises(UserError, match="in WSL"):
        environment.check_platform()


@pytest.mark.parametrize(("configured", "found"), [(None, "/the/users"), ("/mine", "/mine")])
def test_configured_archives_take_precedence_over_the_users_variable(configured, found):
    environment.hand_on(configured)
    assert os.environ[ARCHIVES] == found

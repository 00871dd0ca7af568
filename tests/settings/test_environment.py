import os
import sys
from pathlib import Path

import pytest

import metalandscape
from metalandscape.datasets import ARCHIVES
from metalandscape.settings import environment


@pytest.fixture(autouse=True)
def variables(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv(ARCHIVES, "/the/users")


def test_jobs_run_this_interpreter_and_this_package():
    environment.hand_on(None)
    first, *others = os.environ["PATH"].split(os.pathsep)
    assert Path(first) == Path(sys.executable).parent and others == ["/usr/bin"]
    assert Path(os.environ["PYTHONPATH"]) == Path(metalandscape.__file__).parents[1]


@pytest.mark.parametrize(("configured", "found"), [(None, "/the/users"), ("/mine", "/mine")])
def test_configured_archives_take_precedence_over_the_users_variable(configured, found):
    environment.hand_on(configured)
    assert os.environ[ARCHIVES] == found

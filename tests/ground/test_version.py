from importlib.metadata import PackageNotFoundError
from pathlib import Path

import yaml

from metalandscape.ground import version

ROOT = Path(__file__).parents[2]


def test_a_checkout_has_the_version_that_is_cited():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == version.UNINSTALLED


def test_what_is_installed_knows_its_version(monkeypatch):
    monkeypatch.setattr(version, "installed", lambda name: f"{name} 9.9")
    assert version.version() == "metalandscape 9.9"


def test_what_is_not_installed_has_that_of_the_checkout(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(version, "installed", missing)
    assert version.version() == version.UNINSTALLED

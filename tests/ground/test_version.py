from pathlib import Path

import yaml

from metalandscape.ground import version

ROOT = Path(__file__).parents[2]


def test_the_version_is_the_one_that_is_cited():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == version.VERSION

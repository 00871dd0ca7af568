"""The contents of the documentation's site."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SITE = yaml.safe_load((ROOT / "docs/mkdocs.yml").read_text())


def pages(contents):
    """The files of the table of contents, at any depth."""
    for entry in contents:
        for target in entry.values():
            yield from pages(target) if isinstance(target, list) else [target]


def test_the_contents_list_every_page_once():
    listed = list(pages(SITE["nav"]))
    assert len(listed) == len(set(listed)) and all((ROOT / page).exists() for page in listed)
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= set(listed)


@pytest.mark.skipif(not find_spec("mkdocs"), reason="mkdocs is not installed: make docs")
@pytest.mark.parametrize("link, code", [("b.md", 0), ("c.md", 1), ("b.md#nowhere", 1)])
def test_a_broken_link_is_an_error(tmp_path, link, code):
    source = tmp_path / ".site/source"
    source.mkdir(parents=True)
    (source / "index.md").write_text(f"[there]({link})")
    (source / "b.md").write_text("# There")
    (tmp_path / "docs").mkdir()
    own = SITE | {"nav": ["index.md", "b.md"], "not_in_nav": ""}
    (tmp_path / "docs/mkdocs.yml").write_text(yaml.safe_dump(own))
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", "docs/mkdocs.yml"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == code


def test_the_readme_shows_the_verdicts_at_the_papers_settings():
    readme = (ROOT / "README.md").read_text().splitlines()
    judged = (ROOT / "results/reference/claims.md").read_text().split("## Every statistic")[0]
    rows = re.findall(r"^\| (?:claim|C\d+) \|.*$", judged, re.M)
    measured = [row for row in rows if "| not measured |" not in row]
    assert len(measured) > 1 and set(measured) <= set(readme)


def test_every_figure_at_the_papers_settings_is_listed_and_drawn():
    listed = yaml.safe_load((ROOT / "config/reference.yaml").read_text())["figures"]
    drawn = {path.stem for path in (ROOT / "figures/reference").glob("*.png")}
    rest = yaml.safe_load((ROOT / "config/reference/rest.yaml").read_text())["figures"]
    assert listed.keys() == drawn
    assert {f"fig{number}" for number in range(1, 16)} <= listed.keys() | rest.keys()

"""The tutorial's scripts, configuration and commands, as it prints them, with fewer iterations."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from metalandscape.results import tables

TEXT = (Path(__file__).parents[2] / "docs/tutorial.md").read_text()
# What makes it short: one run, one seed, two epochs.
SHORTER = {
    "[maml, first_order_maml]": "[maml]",
    "seeds: [0, 1, 2]": "seeds: [0]",
    "iterations: 25": "iterations: 2",
    "epochs: 12\n": "epochs: 2\n",
    "epochs_per_job: 12": "epochs_per_job: 2",
}


def block(language, before=""):
    """The one block of a language that follows a text."""
    (found,) = re.findall(rf"{re.escape(before)}[^`]*```{language}\n(.*?)```", TEXT, re.S)
    return found


def commands(heading):
    """The commands of a numbered section."""
    section = re.search(rf"^## {heading}\..*?(?=^## )", TEXT, re.M | re.S)[0]
    return "".join(re.findall(r"\n\n```\n(.*?)```", section, re.S))


@pytest.fixture(scope="module")
def reader(fresh):
    """A reader in a fresh checkout, who has saved the script and a shorter configuration."""
    folder = fresh().folder
    (folder / "make_images.py").write_text(block("python", "`make_images.py`"))
    text = block("yaml", "`tutorial.yaml`")
    for old, new in SHORTER.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "tutorial.yaml").write_text(text)
    return folder


def follow(folder, heading):
    """Run the commands of a section; return what they say."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    script = ["bash", "-ec", commands(heading)]
    run = {"cwd": folder, "env": os.environ | {"PATH": path}, "text": True}
    done = subprocess.run(script, **run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return done.stdout


def gradients(folder):
    return tables.read(folder / "results/tutorial/tables/letters_maml/gradients.csv")


def test_the_tutorial_from_images_to_the_verdict(reader):
    follow(reader, 2)
    assert len(list((reader / "images/letters").rglob("*.png"))) == 12 * 8
    assert "train_epochs_1_to_2" in follow(reader, 3)
    follow(reader, 4)
    assert (reader / "figures/tutorial/fig7.pdf").read_bytes().startswith(b"%PDF")
    assert set(gradients(reader)["n_tasks"]) == {20}
    old, new = re.search(r"replace\s+`(.*?)` by `(.*?)` in `tutorial.yaml`", TEXT).groups()
    text = (reader / "tutorial.yaml").read_text()
    (reader / "tutorial.yaml").write_text(text.replace(old, new))
    assert "train_epochs" not in follow(reader, 5)
    assert set(gradients(reader)["n_tasks"]) == {40}
    follow(reader, 6)
    assert "| C7 | letters_maml |" in (reader / "results/tutorial/claims.md").read_text()
    assert (reader / "tutorial.html").stat().st_size > 100_000

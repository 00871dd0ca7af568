"""The notebook of the documentation, run from its first cell to its last."""

import ast
import json
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

import door

ROOT = Path(__file__).parents[1]
NOTEBOOK = json.loads((ROOT / "docs/landscape.ipynb").read_text())
CELLS = ["".join(c["source"]) for c in NOTEBOOK["cells"] if c["cell_type"] == "code"]


@pytest.fixture
def results(tmp_path, monkeypatch):
    """What the tutorial leaves, as far as the notebook reads it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results/tutorial"
    door.letters().save(folder / "data/letters.safetensors")
    for epoch in range(0, 13, 4):
        path = folder / f"checkpoints/letters_maml/seed0/epoch{epoch}.safetensors"
        door.trained(path, door.letters(), shot=1, targets=5, iterations=1 + epoch)


def test_every_cell_runs(results, monkeypatch, capsys):
    shown, names = [], {}
    plt.close("all")
    monkeypatch.setattr(plt, "show", lambda: shown.append(plt.gcf()))
    with matplotlib.rc_context({"backend": "agg"}):
        for cell in CELLS:
            exec(cell, names)
    assert "accuracy on one task: " in capsys.readouterr().out
    line, scatter = (figure.axes[0] for figure in shown)
    assert [len(curve.get_xdata()) for curve in line.get_lines()[:2]] == [21, 21]
    start, end = ((names["positions"] - place).abs().argmin() for place in (0, 1))
    assert names["support"][end] < names["support"][start]
    assert len(scatter.texts) == len(names["learners"]) == 4
    plt.close("all")


def test_the_notebook_is_kept_without_results():
    code = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert all(ast.parse(cell) for cell in CELLS)

"""Tables that were edited: a figure is drawn all the same, or one sentence says what lacks."""

import json

import pytest

from figure_tables import runs_of, table
from metalandscape.ground.errors import UserError
from metalandscape.jobs import draw

RUNS = runs_of([("omniglot", 5, 1)], ["maml", "finetuning"])


def draw_with(folder, edit):
    """Draw figure 3 from an edited table."""
    settings = {name: json.loads(run.settings()) for name, run in RUNS.items()}
    source, output = folder / "t.csv", folder / "f.png"
    edit(table(RUNS, ["accuracy", "hessian"], seeds=2, epochs=4)).to_csv(source, index=False)
    draw.run("fig3", "a scale", settings, [str(source)], [str(output)])
    return output


@pytest.mark.parametrize("value", [1e308, -1e101, float("inf")])
def test_a_value_that_no_axis_can_hold_is_a_gap(tmp_path, value):
    drawn = draw_with(tmp_path, lambda t: t.assign(value=t["value"].where(t["epoch"] > 1, value)))
    assert drawn.exists()


@pytest.mark.parametrize("lacking", [list(RUNS)[:1], list(RUNS)])
def test_a_run_without_rows_is_named(tmp_path, lacking):
    renamed = {name: f"not_{name}" for name in lacking}
    with pytest.raises(UserError, match=r"t\.csv: it has no row of run omniglot_5w1s_"):
        draw_with(tmp_path, lambda t: t.assign(run=t["run"].replace(renamed)))
    assert not (tmp_path / "f.png").exists()


def test_what_is_no_figure_is_refused_with_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr("metalandscape.figures.fig3.draw", lambda data: None)
    with pytest.raises(
        UserError, match=r"fig3\.py: draw should return a matplotlib Figure, not No"
    ):
        draw_with(tmp_path, lambda t: t)
    assert not (tmp_path / "f.png").exists()

"""The planes of `surface` and `random_planes`, against numbers of the same table."""

import numpy as np
import pytest

from figure_tables import data, drawing, drawn, runs_of, sine_runs, table
from metalandscape.figures import FigureData, _surfaces, surface

RUN = next(iter(data("surface").runs))


def at(epoch, quantity, shown=None, run=RUN):
    rows = (shown or data("surface")).table
    rows = rows[(rows["run"] == run) & (rows["split"] == "test") & (rows["seed"] == 0)]
    return rows[(rows["epoch"] == epoch) & (rows["metric"] == quantity)]["value"].item()


def titled(figure):
    return [ax.get_title() for ax in figure.axes if ax.get_title()]


@pytest.mark.parametrize("name", ["surface", "random_planes"])
def test_the_columns_are_the_first_the_best_and_the_last_checkpoint(name):
    accuracy = [at(epoch, "target_accuracy") for epoch in range(12)]
    best = int(np.argmax(accuracy))
    assert 0 < best < 11
    words = [title.split("\n")[2] for title in titled(drawing(name))]
    assert words == [
        f"{loss} loss, {word}, epoch {epoch}"
        for loss in ("support", "target")
        for word, epoch in (("first", 0), ("best", best), ("last", 11))
    ]


def test_regression_is_best_where_its_target_loss_is_lowest():
    runs = sine_runs([4])
    shown = FigureData(table(runs, ["accuracy", "surface"]), runs, "scale")
    losses = [at(epoch, "target_loss", shown, "sine_4s_maml") for epoch in range(12)]
    title = titled(drawn("surface", shown))[1]
    assert f"best, epoch {np.argmin(losses)}" in title


def test_a_plane_has_its_first_direction_along_x():
    rows = _surfaces.first_seed(data("surface"), RUN)
    rows = rows[rows["epoch"] == 3]
    found = _surfaces.plane(rows, "path_target_loss")
    assert found.shape == (5, 5)
    for i, j in np.ndindex(5, 5):
        assert found[j, i] == at(3, f"path_target_loss_{i}_{j}")


def test_contours_span_the_plane_in_the_distances_of_the_table():
    for ax, epoch in zip(drawing("surface").axes, (0, None, 11), strict=False):
        if epoch is not None:
            reach = 2 * at(epoch, "path_step")
            assert ax.get_xlim() == pytest.approx((-reach, reach))


def test_paths_begin_at_the_solution_and_end_at_the_tables_last_step():
    ax = drawing("surface").axes[2]
    assert len(ax.lines) == 3
    for task, line in enumerate(ax.lines, 1):
        x, y = line.get_data()
        assert (x[0], y[0]) == (0, 0) and len(x) == 6
        for step in range(1, 6):
            own = [at(11, f"path{task}_{axis}{step}") for axis in "xy"]
            np.testing.assert_array_equal([x[step], y[step]], own)


def test_paths_of_ten_steps_and_tasks_keep_their_order():
    rows = _surfaces.first_seed(data("surface"), RUN)
    rows = rows[(rows["epoch"] == 3) & rows["metric"].str.match("path[12]_[xy]")]
    more = rows.copy()
    more["metric"] = more["metric"].str.replace("path2", "path10").str.replace("5", "10")
    second = surface.paths(more)[1]
    assert second[-1, 0] == at(3, "path2_x5") and second.shape == (6, 2)


def test_the_share_of_the_paths_stands_above_them():
    share = at(11, "path_variance")
    assert titled(drawing("surface"))[2].endswith(f"\nplane holds {100 * share:.0f} % of the paths")


def test_every_run_has_its_rows():
    runs = runs_of([("miniimagenet", 5, 1)], ["first_order_maml", "maml"])
    shown = FigureData(table(runs, ["accuracy", "surface"], 1, 3), runs, "scale")
    titles = titled(drawn("random_planes", shown))
    assert len(titles) == 12 and "First-Order MAML" in titles[0]
    assert "(l)" in titles[-1] and "First-Order" not in titles[-1]

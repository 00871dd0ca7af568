import pandas as pd
import pytest
from matplotlib.pyplot import close

from helpers import image_run
from metalandscape.figures import FigureData, algorithms
from metalandscape.ground import plugins
from metalandscape.results.tables import COLUMNS

QUANTITIES = algorithms.QUANTITIES


def values(number, quantity):
    """Three epochs of a run: different in every run and panel."""
    return [number + epoch / (2 + QUANTITIES.index(quantity)) for epoch in range(3)]


@pytest.fixture
def figure():
    runs = {name: image_run(algorithm=name) for name in plugins.names("algorithms")}
    rows = [
        (run, 0, epoch, "test", quantity, value, 0.1, 50, 0, 0)
        for number, run in enumerate(runs)
        for quantity in QUANTITIES
        for epoch, value in enumerate(values(number, quantity))
    ]
    drawn = algorithms.draw(FigureData(pd.DataFrame(rows, columns=COLUMNS), runs, "tiny"))
    yield drawn
    close(drawn)


def test_each_panel_has_the_curve_of_every_algorithm(figure):
    assert len(figure.axes) == len(QUANTITIES)
    for ax, quantity in zip(figure.axes, QUANTITIES, strict=True):
        drawn = [list(line.get_ydata()) for line in ax.lines if len(line.get_xdata()) == 3]
        assert drawn == [values(n, quantity) for n in range(len(plugins.names("algorithms")))]


def test_one_legend_names_them_all_each_in_a_color_of_its_own(figure):
    (legend,) = figure.legends
    handles = legend.legend_handles[: len(plugins.names("algorithms"))]
    labels = {handle.get_label() for handle in handles}
    assert len(labels) == len({handle.get_color() for handle in handles}) == 8


def test_its_quantities_are_those_of_its_metrics():
    declared = [plugins.declared("metrics", m, "QUANTITIES") for m in algorithms.METRICS]
    assert all(q in own for q, own in zip(QUANTITIES, declared, strict=True))

"""The ridges of figure `spectrum`, against the table they are drawn from."""

import numpy as np
import pytest

from figure_tables import data, drawing, drawn
from metalandscape.figures import FigureData, spectrum
from metalandscape.ground import plugins
from metalandscape.metrics.spectrum import grid


def ridges(ax):
    return [line for line in ax.lines if len(line.get_xdata()) == len(grid())]


def mean(shown, run, epoch):
    """Mean density over seeds at every point, from the table alone."""
    table = shown.table
    own = table[(table["run"] == run) & (table["epoch"] == epoch) & (table["split"] == "test")]
    names = [f"spectral_density{point}" for point in range(len(grid()))]
    return own.groupby("metric")["value"].mean()[names].to_numpy()


def test_its_grid_is_the_metrics():
    line = ridges(drawing("spectrum").axes[0])[0]
    np.testing.assert_allclose(line.get_xdata(), grid())
    declared = plugins.declared("metrics", "spectrum", "GRID")
    at = spectrum._decades(np.array([-declared["unit"] * 100, 0, declared["unit"] * 1000]))
    assert at == pytest.approx([-2, 0, 3], abs=1e-4)


def test_a_ridge_is_the_logarithm_of_the_mean_density():
    shown = data("spectrum")
    for ax, run in zip(drawing("spectrum").axes, shown.runs, strict=False):
        epochs = [int(text.get_text()) for text in ax.get_yticklabels()]
        assert epochs[0] == 0 and epochs[-1] == 11 and len(epochs) == spectrum.MOST
        for lane, (line, epoch) in enumerate(zip(ridges(ax), epochs, strict=True)):
            density = np.clip(mean(shown, run, epoch), 1e-6, 2)
            share = np.log10(density / 1e-6) / np.log10(2 / 1e-6)
            assert line.get_ydata() - lane == pytest.approx(spectrum.LANE * share)


def test_ridges_keep_apart_and_every_panel_has_the_same_scale():
    one, two = drawing("spectrum").axes[:2]
    assert one.get_xlim() == two.get_xlim()
    for lane, line in enumerate(ridges(one)):
        assert lane <= line.get_ydata().min() and line.get_ydata().max() < lane + 1


def test_a_seed_that_diverged_leaves_no_ridge():
    shown = data("spectrum")
    run, *_ = shown.runs
    table = shown.table.copy()
    gone = (table["run"] == run) & (table["seed"] == 1) & (table["epoch"] == 11)
    table.loc[gone, "value"] = np.nan
    figure = drawn("spectrum", FigureData(table, shown.runs, "scale"))
    assert np.isnan(ridges(figure.axes[0])[-1].get_ydata()).all()
    assert np.isfinite(ridges(figure.axes[0])[-2].get_ydata()).all()
    assert np.isfinite(ridges(figure.axes[1])[-1].get_ydata()).all()

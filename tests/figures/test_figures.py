"""What holds for every figure, drawn from made-up tables."""

import pytest
from matplotlib.collections import PolyCollection

from figure_tables import EPOCHS, RUNS, data, drawing, drawn
from metalandscape.figures import SECTIONS, _style
from metalandscape.ground import plugins

# Panels, and lines over epochs, of the runs in `figure_tables`; two runs where it names none.
CONTENT = {
    "algorithms": (5, 5 * 8),
    "fig1": (3, 0),
    "fig2": (6, 12),
    "fig3": (3, 6),
    "fig4": (3, 6),
    "fig5": (2, 4),
    "fig6": (2, 4),
    "fig7": (2, 2 * 2 * 3),
    "fig8": (5, 4),
    "fig9": (1, 2),
    "fig10": (4, 0),
    "fig11": (1, 2),
    "fig12": (4, 24),
    "fig13": (16, 16),
    "fig14": (12, 12 * 2 * 3),
    "fig15": (2, 6),
}
ILLUSTRATIONS = [name for name, runs in RUNS.items() if not runs]


every_figure = pytest.mark.parametrize("name", plugins.names("figures"))


def panels(figure):
    """The panels, without colour bars and the second of twin axes."""
    seen, found = [], []
    for ax in figure.axes:
        place = ax.get_subplotspec()
        if place is not None and place not in seen and ax.get_label() != "<colorbar>":
            seen.append(place)
            found.append(ax)
    return found


def curves(figure):
    """The lines over epochs; other lines are marks of two points, or R over k."""
    return [line for ax in figure.axes for line in ax.lines if len(line.get_xdata()) == EPOCHS]


@every_figure
def test_every_figure_has_its_panels_and_curves(name):
    figure = drawing(name)
    assert (len(panels(figure)), len(curves(figure))) == CONTENT.get(name, (2, len(curves(figure))))


@every_figure
def test_no_panel_is_empty_and_no_curve_a_point(name):
    figure = drawing(name)
    for ax in figure.axes:
        assert ax.lines or ax.collections
        if name not in ILLUSTRATIONS:
            assert all(len(line.get_xdata()) > 1 for line in ax.lines)


@every_figure
def test_every_mean_has_its_band(name):
    figure = drawing(name)
    bands = sum(isinstance(c, PolyCollection) for ax in figure.axes for c in ax.collections)
    individual = name in ("fig1", "fig7", "fig14")
    assert individual or bands == len(curves(figure))


@every_figure
def test_every_panel_names_its_axes(name):
    figure = drawing(name)
    for ax in figure.axes:
        assert ax.get_ylabel()
    for ax in panels(figure):
        assert ax.get_xlabel() and ax.get_title()


@every_figure
def test_epochs_are_whole(name):
    figure = drawing(name)
    figure.draw_without_rendering()
    for ax in figure.axes:
        if ax.get_xlabel() == "epoch":
            assert all(tick == int(tick) for tick in ax.get_xticks())


@every_figure
def test_nothing_is_clipped(name):
    figure = drawing(name)
    _style.save(figure, data(name), [])
    figure.draw_without_rendering()
    page = figure.bbox
    texts = [ax.title for ax in figure.axes] + [legend for legend in figure.legends]
    for text in [*texts, figure._supxlabel]:
        box = text.get_window_extent()
        assert box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y1 <= page.y1 + 1


@every_figure
def test_every_figure_names_what_it_is_drawn_from(name):
    figure = drawing(name)
    _style.save(figure, data(name), [])
    if name in ILLUSTRATIONS:
        assert "computed on a two-parameter family of tasks" in figure.get_supxlabel()
    else:
        datasets = sorted({run.dataset for run in data(name).runs.values()})
        words = f"a scale in words\ndata: {', '.join(datasets)}; seeds per run: 3"
        assert figure.get_supxlabel().startswith(words)


@every_figure
def test_every_figure_is_saved_the_same_twice(name, tmp_path):
    # PNGs of many panels take seconds, and are drawn from the same lines.
    formats = ["pdf", "png"] if name in ("fig1", "fig5") else ["pdf"]
    paths = [tmp_path / f"{name}.{suffix}" for suffix in formats]
    saved = []
    for figure in (drawn(name), drawn(name)):
        _style.save(figure, data(name), paths)
        saved.append([path.read_bytes() for path in paths])
    assert saved[0] == saved[1]


@every_figure
def test_every_figure_declares_its_metrics(name):
    assert plugins.declared("figures", name, "METRICS") == plugins.load("figures", name).METRICS


def test_figures_and_claims_of_the_paper_belong_together():
    declared = {name: plugins.load("figures", name) for name in plugins.names("figures")}
    assert {module.SECTION for module in declared.values()} == set(SECTIONS)
    borne = {claim for name, m in declared.items() if name != "fig1" for claim in m.CLAIMS}
    assert borne == set(plugins.names("claims"))

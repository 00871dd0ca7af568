"""What holds for every figure, drawn from made-up tables."""

import re
from dataclasses import replace
from itertools import combinations
from string import ascii_lowercase

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from figure_tables import EPOCHS, RUNS, data, drawing, drawn
from metalandscape.figures import SECTIONS, _style
from metalandscape.ground import plugins
from metalandscape.results.answers import BEYOND

# Panels, and lines over epochs, of the runs in `figure_tables`; two runs where it names none.
CONTENT = {
    "algorithms": (5, 5 * 8),
    "barriers": (5, 10),
    "fig1": (3, 0),
    "fig2": (6, 12),
    "fig3": (3, 6),
    "fig4": (3, 6),
    "fig5": (2, 4),
    "fig6": (2, 8),
    "fig7": (2, 2 * 2 * 3),
    "fig8": (6, 4),
    "fig9": (1, 2),
    "fig10": (4, 0),
    "fig11": (1, 2 + 2 * 3),
    "fig12": (4, 24),
    "fig13": (16, 16),
    "fig14": (12, 12 * 2 * 3),
    "fig15": (2, 6),
    "sharpness": (5, 10),
    "spectrum": (2, 0),
    "random_planes": (6, 0),
    "reuse": (3, 3 * 5),
    "surface": (6, 0),
    "regularizers": (3, 0),
    "stopping": (2, 0),
    "symmetry": (6, 2 * (3 + 1 + 2)),
}
NAMES = {"omniglot": "Omniglot", "miniimagenet": "MiniImagenet", "sine": "sine regression"}
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
    """The lines over epochs; other lines are marks of two points, or R over k or epochs."""
    return [line for ax in figure.axes for line in ax.lines if len(line.get_xdata()) == EPOCHS]


def bands(ax):
    return [c for c in ax.collections if isinstance(c, PolyCollection)]


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
    count = sum(len(bands(ax)) for ax in figure.axes)
    if name not in ("fig1", "fig7", "fig11", "fig14"):  # every seed has its line
        unbanded = {"fig6": 4, "fig8": -1}.get(name, 0)  # grey references; R across k has a band
        assert count == len(curves(figure)) - unbanded


@every_figure
def test_bands_lie_below_all_lines_of_their_panel(name):
    figure = drawing(name)
    for place in panels(figure):
        axes = [ax for ax in figure.axes if ax.get_subplotspec() == place.get_subplotspec()]
        # What stands in the first of twin axes is painted before all of the second.
        assert not any(bands(ax) for ax in axes[1:])
        for band in bands(axes[0]):
            lines = [line for line in axes[0].lines if len(line.get_xdata()) > 2]
            assert all(band.get_zorder() < line.get_zorder() for line in lines)


@every_figure
def test_a_band_of_twin_axes_has_the_scale_of_its_line(name):
    figure = drawing(name)
    figure.draw_without_rendering()
    for ax in figure.axes:
        twins = [t for t in figure.axes if t is not ax and t.bbox.bounds == ax.bbox.bounds]
        if len(bands(ax)) == 2 and twins:
            own, other = bands(ax)
            data = own.get_offset_transform(), other.get_paths()[0].vertices
            line = twins[0].lines[0]
            inside = other.get_transform().transform(data[1])
            points = twins[0].transData.transform(np.column_stack(line.get_data()))
            low, high = inside[:, 1].min(), inside[:, 1].max()
            assert (low - 1e-6 <= points[:, 1]).all() and (points[:, 1] <= high + 1e-6).all()


@every_figure
def test_an_algorithm_has_its_colour_in_every_figure(name):
    known = {_style.algorithm(run): run.algorithm for run in data(name).runs.values()}
    for shown in drawing(name).legends:
        for text, handle in zip(shown.get_texts(), shown.legend_handles, strict=True):
            words = text.get_text().split(",")[0]
            if words in known and "reference" not in text.get_text():
                own = _style.colour(known[words])
                assert to_hex(handle.get_color()) in (to_hex(own), _style.lighter(own))


def test_algorithms_and_quantities_have_different_colours():
    colours = [to_hex(_style.colour(name)) for name in plugins.names("algorithms")]
    colours += [to_hex(_style.BLUE), to_hex(_style.ORANGE)]
    assert len(set(colours)) == len(colours)


@every_figure
def test_every_panel_has_its_letter(name):
    shown = [ax for ax in panels(drawing(name)) if ax.get_title()]
    if len(shown) > 1 and name not in ILLUSTRATIONS:
        letters = [ax.get_title()[:3] for ax in shown]
        assert letters == [f"({letter})" for letter in ascii_lowercase[: len(shown)]]


def overlaps(texts):
    """Pairs of texts whose boxes overlap by more than a pixel."""
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts if t.get_text().strip()]
    return [
        (one, two)
        for (one, a), (two, b) in combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]


def visible(ax):
    """All texts of a panel but ticks outside its limits."""
    for axis in (axis for axis in (ax.xaxis, ax.yaxis) if axis.get_visible()):
        low, high = sorted(axis.get_view_interval())
        slack = 1e-9 * (high - low)
        for tick in axis.get_major_ticks():
            if low - slack <= tick.get_loc() <= high + slack:
                yield from (tick.label1, tick.label2)
        yield axis.label
    yield from [ax.title, *ax.texts]


@every_figure
def test_no_texts_overlap(name):
    figure = drawing(name)
    _style.save(figure, data(name), [])
    figure.draw_without_rendering()
    texts = [
        text for ax in figure.axes for text in visible(ax) if text.get_visible() and text.get_text()
    ]
    legends = [text for shown in figure.legends for text in shown.get_texts()]
    assert overlaps([*texts, *legends, figure._supxlabel]) == []


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
        datasets = sorted({NAMES[run.dataset] for run in data(name).runs.values()})
        words = f"a scale in words data: {', '.join(datasets)}; iterations of training: 33; "
        assert figure.get_supxlabel().replace("\n", " ").startswith(f"{words}seeds per run: 3")


@every_figure
def test_no_raw_names_are_shown(name):
    figure = drawing(name)
    texts = [t.get_text() for t in figure.findobj(Text)]
    for text in texts:
        assert not re.search(r"[a-z]_[a-z]", re.sub(r"\$.*?\$", "", text)), text
        assert not re.search("omniglot|miniimagenet|first_order", text)


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
    names = [name for name in plugins.names("figures") if name.startswith("fig")]
    declared = {name: plugins.load("figures", name) for name in names}
    assert {module.SECTION for module in declared.values()} == set(SECTIONS)
    borne = {claim for name, m in declared.items() if name != "fig1" for claim in m.CLAIMS}
    section = {
        claim: plugins.declared("claims", claim, "SECTION") for claim in plugins.names("claims")
    }
    assert borne == {claim for claim, own in section.items() if own != BEYOND}


def test_figures_beyond_the_paper_bear_on_the_questions_beyond_it():
    own = {
        name
        for name in plugins.names("figures")
        if plugins.readable("figures", name, "SECTION") == BEYOND
    }
    borne = {c for name in own for c in plugins.readable("figures", name, "CLAIMS", ()) or ()}
    asked = {
        c for c in plugins.names("claims") if plugins.declared("claims", c, "SECTION") == BEYOND
    }
    assert borne == asked and not any(name.startswith("fig") for name in own)


@pytest.mark.parametrize("name", sorted({*plugins.names("figures")} - {*ILLUSTRATIONS}))
@pytest.mark.parametrize("share", ["one run", "every run"])
def test_a_figure_is_drawn_and_says_so_where_training_diverged(name, share):
    shown = data(name, seeds=2, epochs=4)
    run, *_ = shown.runs
    table = shown.table.copy()
    gone = table["run"].eq(run) | (share == "every run")
    table.loc[gone, ["value", "stderr"]] = np.nan
    table.loc[gone, "n_diverged"] = table.loc[gone, "n_tasks"]
    figure = drawn(name, replace(shown, table=table))
    (line,) = _style._troubles(figure, table)
    assert line.startswith("no results, all diverged: ")
    assert f"run {run}, seed 0, from epoch 0 on; run {run}, seed 1, from epoch 0 on" in line


def test_without_training_there_is_no_correlation_and_figure_8_is_drawn_all_the_same():
    shown = data("fig8", seeds=2, epochs=1)
    titles = [ax.get_title() for ax in drawn("fig8", shown).axes]
    assert any(text.endswith("n = 0 models") for text in titles)


@pytest.mark.parametrize("words", [r"$\frac{$", "from $5 to $6", "one\n\ntwo"])
def test_the_scale_is_text_on_a_figure_and_no_formula(words, tmp_path):
    shown = replace(data("fig7"), scale=words)
    figure = drawn("fig7", shown)
    _style.save(figure, shown, [tmp_path / "figure.png"])
    footer = figure.get_supxlabel().replace(r"\$", "$")
    assert footer.startswith(" ".join(words.split()) + "\n")

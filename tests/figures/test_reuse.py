import numpy as np
from matplotlib.colors import to_hex

from figure_tables import data, drawing
from metalandscape.figures import reuse

RUN = next(iter(data("reuse").runs))


def test_a_panel_has_the_curve_of_every_layer():
    axes = drawing("reuse").axes
    assert [ax.get_ylabel() for ax in axes] == list(reuse.QUANTITIES.values())
    for ax, quantity in zip(axes, reuse.QUANTITIES, strict=True):
        for layer, line in enumerate(ax.lines, 1):
            curve = data("reuse").curve(RUN, f"{quantity}_layer{layer}")
            means = curve.groupby("epoch")["value"].mean()
            np.testing.assert_allclose(line.get_ydata(), means)


def test_a_layer_has_its_color_in_all_panels_and_the_legend():
    (legend,) = drawing("reuse").legends
    shown = [to_hex(handle.get_color()) for handle in legend.legend_handles]
    assert [text.get_text() for text in legend.get_texts()] == [f"layer {n}" for n in range(1, 6)]
    for ax in drawing("reuse").axes:
        assert [to_hex(line.get_color()) for line in ax.lines] == shown


def test_a_layer_may_lack_a_quantity():
    assert reuse.layers(data("reuse"), RUN, "cka") == [1, 2, 3, 4, 5]
    assert reuse.layers(data("reuse"), RUN, "norm") == []

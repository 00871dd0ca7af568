"""Draw a figure from cached tables."""

from typing import Any

from ..figures import FigureData, _style
from ..ground import plugins
from ..ground.errors import UserError
from ..results.tables import read_all
from ._common import runs_of

LARGEST = 1e100  # beyond it, the arithmetic of axes overflows


def run(
    figure: str, scale: str, runs: dict[str, Any], tables: list[str], outputs: list[str]
) -> None:
    """Draw a figure; `runs` has the settings of the runs it shows, by name.

    A value that no axis can hold is a gap, as NaN is.

    Raises:
        UserError: the figure's module returns something else than a figure.
    """
    from matplotlib.figure import Figure

    table = read_all(tables, runs)
    table["value"] = table["value"].mask(table["value"].abs() > LARGEST)
    data = FigureData(table, runs_of(runs), scale)
    drawn = plugins.load("figures", figure).draw(data)
    if not isinstance(drawn, Figure):
        raise UserError(
            f"{plugins.path('figures', figure)}: draw should return a matplotlib Figure, not "
            f"{type(drawn).__name__}; correct the file."
        )
    _style.save(drawn, data, outputs)

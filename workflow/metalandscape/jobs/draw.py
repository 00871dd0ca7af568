"""Draw a figure from cached tables."""

from typing import Any

from ..figures import FigureData, _style
from ..ground import plugins
from ..results.tables import read_all
from ._common import runs_of


def run(
    figure: str, scale: str, runs: dict[str, Any], tables: list[str], outputs: list[str]
) -> None:
    """Draw a figure; `runs` has the settings of the runs it shows, by name."""
    data = FigureData(read_all(tables), runs_of(runs), scale)
    _style.save(plugins.load("figures", figure).draw(data), data, outputs)

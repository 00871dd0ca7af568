"""Write all results into one page that needs no other file."""

import json
from pathlib import Path
from typing import Any

from ..figures import SECTIONS
from ..ground import plugins
from ..ground.files import whole
from ..results import captions, csv, explorer, tables


def run(
    scale: str,
    figures: dict[str, list[str]],
    runs: dict[str, Any],
    images: list[str],
    inputs: list[str],
    verdicts: str,
    provenance: str,
    library: str,
    output: str,
) -> None:
    """Write the page.

    Args:
        scale: the words that name the scale of the results.
        figures: the runs of each figure, by name.
        runs: the settings of all these runs, by name.
        images: a PNG file for each figure.
        inputs: the tables of all runs and metrics.
        verdicts: the table of verdicts.
        provenance: the page of provenance.
        library: JavaScript that defines `vegaEmbed`.
        output: the page.
    """
    files = dict(zip(figures, images, strict=True))
    shown = [_shown(name, files[name], figures[name], runs, verdicts) for name in _sorted(figures)]
    told = Path(provenance).read_text(encoding="utf-8")
    text = explorer.page(scale, shown, tables.read_all(inputs), csv.read(verdicts), told, library)
    with whole(output) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _sorted(figures: dict[str, list[str]]) -> list[str]:
    """Return the figures in the order of the paper's sections, others last."""
    order = {section: place for place, section in enumerate(SECTIONS)}

    def place(figure: str) -> int:
        return order.get(plugins.declared("figures", figure, "SECTION", ""), len(order))

    return sorted(figures, key=place)


def _shown(
    figure: str, image: str, names: list[str], runs: dict[str, Any], verdicts: str
) -> explorer.Shown:
    metrics = plugins.declared("figures", figure, "METRICS")
    methods = {f"Metric: {name}": plugins.described("metrics", name) for name in metrics}
    methods |= {f"Run: {name}": json.dumps(runs[name], indent=1) for name in names}
    return explorer.Shown(
        name=figure,
        section=captions.section(figure),
        caption=plugins.described("figures", figure),
        image=Path(image),
        claims=captions.claims(figure, names, verdicts),
        methods=methods,
    )

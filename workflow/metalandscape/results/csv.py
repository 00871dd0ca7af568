"""CSV files, complete or absent.

Separate from `tables`, so that a change of a table's columns does not rerun training, which
writes a log.
"""

from pathlib import Path

import pandas as pd

from ..ground.files import whole


def write(path: str | Path, table: pd.DataFrame) -> None:
    """Write a CSV; floats as the shortest text that reads back to the same number."""
    with whole(path) as temporary:
        table.to_csv(temporary, index=False)


def read(path: str | Path) -> pd.DataFrame:
    """Read a CSV exactly."""
    return pd.read_csv(path)

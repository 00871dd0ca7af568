"""Curves of training and of measurements in TensorBoard's format."""

from collections.abc import Iterable
from typing import Protocol

import pandas as pd

from . import csv


class Writer(Protocol):
    """What TensorBoard's writers do."""

    def add_scalar(self, tag: str, data: float, step: int) -> None:
        """Write a point of a curve."""

    def close(self) -> None:
        """Write what is left."""


def write(writer: Writer, logs: Iterable[str], measured: pd.DataFrame) -> None:
    """Write the curves of one training, over epochs.

    The tags are `training/loss`, `training/accuracy` and, for measurements, `<split>/<quantity>`.

    Args:
        writer: of the training's folder; it is closed.
        logs: the logs of the training's blocks, in any order; there may be none, or several of an
            epoch where blocks had another length before.
        measured: rows of tables that are of this training.
    """
    curves = {f"training/{tag}": curve for tag, curve in _training(logs).items()}
    for (split, quantity), rows in measured.groupby(["split", "metric"], sort=False):
        curves[f"{split}/{quantity}"] = rows.set_index("epoch")["value"]
    for tag, curve in curves.items():
        for epoch, value in curve.items():
            writer.add_scalar(tag, value, epoch)
    writer.close()


def _training(logs: Iterable[str]) -> pd.DataFrame:
    """Return loss and accuracy over epochs; regression has no accuracy."""
    blocks = [csv.read(log) for log in logs]
    if not blocks:
        return pd.DataFrame()
    table = pd.concat(blocks).drop_duplicates("epoch").set_index("epoch").sort_index()
    return table[["loss", "accuracy"]].dropna(axis="columns", how="all")

"""B1: more than half of adaptation happens in biases."""

from ..results.statistics import count
from . import Claim
from ._estimates import over_seeds

ID = "B1"
SECTION = "my notes"
TEXT = "more than half of adaptation happens in biases"
METRICS = ("bias_share",)
CLAIM = Claim(ID, SECTION, TEXT)


def judge(data):
    """Judge the last epoch of every run."""
    for name, run in data.runs.items():
        if data.has(name, "bias_share") and not run.regularizer:
            points = data.points(name, "bias_share")
            last = points.groupby("seed")["bias_share"].last()
            yield CLAIM.verdict(name, "share, %", over_seeds(last, count(points)), (50, 101))

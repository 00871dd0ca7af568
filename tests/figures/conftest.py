from functools import partial

import pytest

from metalandscape.figures import _layouts, fig8
from metalandscape.results import statistics


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """R is exact whatever the number of resamples; these tests look at no interval."""
    quick = partial(statistics.correlation, resamples=20)
    for module in (_layouts, fig8):
        monkeypatch.setattr(module, "correlation", quick)

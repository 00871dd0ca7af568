"""Whether meta-training collapsed: its accuracy fell far below the best of its past."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

SHARE = 0.1  # of what was learned above chance, which a fall must exceed,
ERRORS = 4.0  # and of standard errors


@dataclass(frozen=True)
class Progress:
    """The best epoch so far.

    Attributes:
        best: its mean meta-train accuracy; NaN before the first epoch, and for regression.
        error: the standard error of that mean over the epoch's meta-iterations.
    """

    best: float = float("nan")
    error: float = 0.0

    def after(
        self, accuracies: Float[np.ndarray, "iterations"], chance: float
    ) -> tuple["Progress", bool]:
        """Return the progress after one more epoch, and whether that epoch collapsed.

        An epoch has collapsed if its accuracy lies below the best of the past by more than a tenth
        of what that is above chance, and by more than four standard errors of the difference.

        Args:
            accuracies: of the epoch's meta-iterations.
            chance: the accuracy of guessing.
        """
        mean = float(np.mean(accuracies))
        error = float(np.std(accuracies) / np.sqrt(len(accuracies)))
        fall = self.best - mean
        beyond_noise = fall > ERRORS * np.hypot(error, self.error)
        collapsed = bool(fall > SHARE * (self.best - chance) and beyond_noise)
        better = np.isfinite(mean) and not mean <= self.best
        return (Progress(mean, error) if better else self), collapsed

"""C10: the inner product of representations correlates with target accuracy.

    R = Pearson's R of accuracy and E[h_i . h_j]                                     claimed: > 0.3

within seeds: over checkpoints for each k, and over the last checkpoints of trainings of different
k.
"""

from . import Claim, ClaimData, Verdict
from ._correlations import over_epochs, over_shots
from ._settings import is_meta_learner

ID = "C10"
SECTION = "6"
TEXT = "E[h.h] correlates with accuracy over epochs and over k"
METRICS = ("accuracy", "embeddings")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("target_accuracy", "embedding_product")


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of a meta-learner on images, and those across k."""
    runs = data.measured(QUANTITIES, lambda r: is_meta_learner(r))
    found = over_epochs(CLAIM, data, runs, *QUANTITIES)
    return found + over_shots(CLAIM, data, runs, *QUANTITIES)

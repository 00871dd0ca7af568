"""C10: the inner product of representations correlates with target accuracy.

    R = Pearson's R of accuracy and E[h_i . h_j]                                       claimed: > 0

over the checkpoints of all seeds for each k, and over the last checkpoints of all trainings of
different k.
"""

from . import META_LEARNERS, Claim, ClaimData, Verdict
from ._correlations import over_epochs, over_shots

ID = "C10"
SECTION = "6"
TEXT = "E[h.h] correlates with accuracy over epochs and over k"
METRICS = ("accuracy", "embeddings")
CLAIM = Claim(ID, SECTION, TEXT)

QUANTITIES = ("target_accuracy", "embedding_product")


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run of MAML and First-Order MAML on images, and those across k."""
    runs = data.measured(QUANTITIES, lambda r: r.algorithm in META_LEARNERS)
    found = over_epochs(CLAIM, data, runs, *QUANTITIES)
    return found + over_shots(CLAIM, data, runs, *QUANTITIES)

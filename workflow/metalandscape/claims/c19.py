"""C19: the same as C18 where meta-test tasks come from another dataset.

    g = max over signals of mean over seeds of 100 (A at the signal's epoch - A at validation's)
        asked: > 0

A is target accuracy on tasks of the other dataset, validation accuracy that on tasks of the data
that the run is trained on: labels of the other dataset would have to be there to stop by. It comes
from the run that differs in nothing but `test.dataset`, whose trainings are the same.
"""

from ..settings.counterparts import elsewhere
from . import Claim, ClaimData, Verdict, _stopping

ID = "C19"
SECTION = "Beyond the paper"
TEXT = (
    "where meta-test tasks come from another dataset, some other signal stops meta-training better "
    "than validation accuracy"
)
METRICS = ("accuracy", "gradients", "embeddings", "hessian", "activations")
CLAIM = Claim(ID, SECTION, TEXT)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run whose meta-test tasks come from another dataset."""
    return _stopping.judge(CLAIM, data, elsewhere)

"""C18: some other signal stops meta-training better than validation accuracy.

    g = max over signals of mean over seeds of 100 (A at the signal's epoch - A at validation's)
        asked: > 0

in percentage points of target accuracy A on meta-test tasks of the data that the run is trained on.
The interval allows for the choice among signals, see `_stopping`; `results.stopping` has the
signals. Not the paper's claim but a question that it leaves open.
"""

from ..settings.counterparts import elsewhere
from . import Claim, ClaimData, Verdict, _stopping

ID = "C18"
SECTION = "Beyond the paper"
TEXT = "some other signal stops meta-training better than validation accuracy"
METRICS = ("accuracy", "gradients", "embeddings", "hessian", "activations")
CLAIM = Claim(ID, SECTION, TEXT)


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every run whose meta-test tasks come from the data that it is trained on."""
    return _stopping.judge(CLAIM, data, lambda run: not elsewhere(run))

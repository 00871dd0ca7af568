"""C20: a change of meta-training that makes adapted solutions flatter makes them generalize better.

    f = mean over seeds of log(H_plain / H_changed)      flattening; s is its sign
    g = mean over seeds of 100 s (A_changed - A_plain)                              asked: > 0

with A target accuracy and H curvature at the end of training, the mean of the last three
checkpoints that both runs have. Seeds are paired. A change that makes solutions sharper is asked to
make them worse: hence the sign. Where the interval of f has both signs, nothing is decided.

A change is a regularizer, or Sharp-MAML in place of MAML, with nothing else different.
"""

import numpy as np

from ..results import paired
from ..results.statistics import count
from ..settings import counterparts
from . import POSITIVE, Claim, ClaimData, Verdict, missing
from ._estimates import over_seeds
from ._settings import is_meta_learner

ID = "C20"
SECTION = "Beyond the paper"
TEXT = "what makes the adapted solutions flatter makes them generalize better"
METRICS = ("accuracy", "hessian")
CLAIM = Claim(ID, SECTION, TEXT)

GAIN = "target_accuracy of the flatter run minus that of the sharper, points"


def judge(data: ClaimData) -> list[Verdict]:
    """Judge every changed run on images against its plain counterpart."""
    pairs = counterparts.plain(data.runs)
    return [
        verdict
        for changed, plain in pairs.items()
        if data.runs[changed].way
        and is_meta_learner(data.runs[changed])
        and all(data.has(name, paired.ACCURACY, paired.CURVATURE) for name in (changed, plain))
        for verdict in _compare(data, changed, plain)
    ]


def _compare(data: ClaimData, changed: str, plain: str) -> list[Verdict]:
    effects, points = paired.effects(data.curve, changed, plain)
    counts = count(points)
    flattening = over_seeds(effects["flattening"], counts)
    sign = float(np.sign(flattening.value)) or 1.0
    size = over_seeds(sign * effects["flattening"], counts)
    gain = over_seeds(sign * effects["gain"], counts)
    names = f"{changed} vs {plain}"
    doubt = None
    if not size.low > 0 and not missing(size.n_seeds, size.n_checkpoints):
        doubt = "curvature does not differ beyond noise"
    return [
        CLAIM.verdict(names, GAIN, gain, POSITIVE, doubt),
        CLAIM.verdict(names, "logarithm of the ratio of hessian_norm", size, POSITIVE, doubt),
    ]

"""A plan, and the wildcards of its runs, as the workflow's rules pass them."""

import copy
from types import SimpleNamespace

from configurations import VALID
from metalandscape.settings import config
from metalandscape.settings.plan import Plan


def plan(**top):
    raw = copy.deepcopy(VALID)
    raw["defaults"] |= {"epochs": 5, "epochs_per_job": 2, "seeds": [0, 7]}
    raw["runs"]["letters_maml_T1"] |= {"test": {"dataset": "others", "shot": 1}, "epochs": 2}
    raw["datasets"]["others"] = raw["datasets"]["letters"] | {"val_classes": 4}
    return Plan(config.load(raw | top))


def job(**wildcards):
    return SimpleNamespace(**wildcards)


T1, MAML, WAVES = (job(run=name) for name in ("letters_maml_T1", "letters_maml", "waves"))

"""A short share of benchmarks/mutants.py: damaged inputs are accepted, or refused in a sentence."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from metalandscape.datasets import ARCHIVES
from metalandscape.ground.errors import UserError

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import mutants
from mutant_kinds import Kind


def test_mutants_end_in_acceptance_or_in_one_sentence(tmp_path, monkeypatch, unchecked):
    monkeypatch.delenv(ARCHIVES, raising=False)
    found = list(mutants.campaign(tmp_path, 300, seed=0))
    assert [each for each in found if each[2] not in mutants.FINE] == []
    endings = Counter((kind, ending) for kind, _, ending, _ in found)
    assert {ending for _, ending in endings} == {"accepted", "refused"}
    assert {kind for kind, _ in endings} == {
        kind for kind, ending in endings if ending == "refused"
    }


def fail(error):
    def read(path, out):
        raise error

    return read


def litter(path, out):
    (out / "half.csv").touch()
    raise UserError("x.csv is damaged.")


ODD = {
    "traceback": fail(ValueError("x")),
    "no sentence": fail(UserError("no full stop")),
    "left behind": litter,
    "hung": lambda path, out: mutants.time.sleep(10),
}


@pytest.mark.parametrize("ending", ODD)
def test_what_is_odd_is_seen(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(mutants, "SECONDS", 1)
    kind = Kind("f", lambda rng: b"x", ODD[ending])
    assert mutants.tried(kind, tmp_path / "own", None)[0] == ending

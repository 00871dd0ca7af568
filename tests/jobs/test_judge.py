"""What a claim's module returns is checked, because it may be a user's."""

import json

import pytest

from figure_tables import runs_of, table
from metalandscape.ground.errors import UserError
from metalandscape.jobs import judge

RUNS = runs_of([("omniglot", 5, 1)], ["maml", "finetuning"])


@pytest.mark.parametrize("found", [None, ["supported"], "supported"])
def test_what_are_no_verdicts_is_refused_with_its_file(tmp_path, monkeypatch, found):
    source, output = tmp_path / "t.csv", tmp_path / "claims.csv"
    table(RUNS, ["accuracy"], seeds=2, epochs=4).to_csv(source, index=False)
    settings = {name: json.loads(run.settings()) for name, run in RUNS.items()}
    monkeypatch.setattr("metalandscape.claims.c16.judge", lambda data: found)
    with pytest.raises(UserError, match=r"c16\.py: judge should return or yield verdicts"):
        judge.run(settings, {}, "a scale", ["c16"], [str(source)], str(output), [])
    assert not output.exists()

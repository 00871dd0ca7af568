import pandas as pd

from metalandscape.results.troubles import troubles


def rows(run, seed, *diverged):
    """Two quantities of 4 tasks, epochs 0, 1, ... of a training: how many diverged by epoch."""
    return [
        {"run": run, "seed": seed, "epoch": e, "metric": q, "n_tasks": 4, "n_diverged": n}
        for e, counts in enumerate(diverged)
        for q, n in zip("xy", counts, strict=True)
    ]


def test_a_lost_training_is_named_and_other_checkpoints_are_counted_once():
    table = pd.DataFrame(
        [
            *rows("a", 0, (0, 0), (4, 3), (0, 0), (0, 1)),
            *rows("a", 1, (4, 4), (0, 0), (4, 4), (4, 4)),
            *rows("b", 0, (0, 0), (0, 0)),
            *rows("c", 7, (4, 4), (4, 4)),
        ]
    )
    assert troubles(table) == [
        "no results, all diverged: run a, seed 1, from epoch 2 on; run c, seed 7, from epoch 0 on",
        "checkpoints with diverged adaptations: 3 of run a",  # 1 and 3 of seed 0, 0 of seed 1
    ]


def test_without_divergence_there_is_nothing_to_say():
    assert troubles(pd.DataFrame(rows("a", 0, (0, 0), (0, 0)))) == []

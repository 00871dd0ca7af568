"""Every mistake of a user ends in one sentence that names the key."""

import re

import pytest

from configurations import MISSING, changed
from metalandscape.ground import plugins
from metalandscape.ground.errors import UserError
from metalandscape.settings import config

WITHOUT_KIND = {"filters": 4}
MISTAKES = [
    ("scle", "x", "scle", "closest known name is 'scale'"),
    ("scale", MISSING, "scale", "missing"),
    ("scale", "", "scale", "not empty"),
    ("scale", 3, "scale", "text, got 3"),
    ("datasets", MISSING, "datasets", "missing"),
    ("runs", MISSING, "runs", "missing"),
    ("runs", {}, "runs", "empty"),
    ("runs", ["a"], "runs", "mapping"),
    ("runs/waves", None, "runs.waves", "mapping"),
    ("runs/waves", {5: 6}, "runs.waves", "got 5"),
    ("defaults", [1], "defaults", "mapping"),
    ("metrics", None, "metrics", "mapping"),
    ("folders", {"reslts": "x"}, "folders.reslts", "unknown"),
    ("folders", {"results": "a{b}"}, "folders.results", "form"),
    ("folders", {"figures": "a<b>"}, "folders.figures", "form"),
    ("folders", {"results": "a\0b"}, "folders.results", "control"),
    ("folders", {"results": "a\nb"}, "folders.results", "control"),
    ("folders", {"results": "x" * 256}, "folders.results", "255"),
    ("folders", {"results": "x/" * 600}, "folders.results", "too long"),
    ("folders", {"results": "~/a"}, "folders.results", "in full"),
    ("folders", {"results": "a/../../b"}, "folders.results", "absolute"),
    ("folders", {"results": "a/.."}, "folders.results", "of its own"),
    ("folders", {"results": "/"}, "folders.results", "of its own"),
    ("folders", {"results": "-rf"}, "folders.results", "hyphen"),
    ("folders", {"figures": "s3://bucket/x"}, "folders.figures", "URL"),
    ("runs/waves/initial_weights", "--all", "runs.waves.initial_weights", "hyphen"),
    ("container", "x;touch${IFS}y", "container", "form"),
    ("container", "$(y)", "container", "form"),
    ("container", "--writable", "container", "form"),
    ("archives", "a\0b", "archives", "control"),
    ("archives", "a\ud800b", "archives", "valid string"),
    ("container", "a\0b", "container", "control"),
    ("plugins", "a\0b", "plugins", "control"),
    ("plugins", "x" * 5000, "plugins", "too long"),
    ("checkpoints_per_job", 0, "checkpoints_per_job", "greater than 0"),
    ("checkpoints_per_job", 1.5, "checkpoints_per_job", "whole number"),
    # Runs
    ("runs/waves/inner_stps", 5, "runs.waves.inner_stps", "'inner_steps'"),
    ("runs/waves/inner_rate", "0.1", "runs.waves.inner_rate", "write 0.1"),
    ("runs/waves/inner_rate", "1e-5", "runs.waves.inner_rate", "write 0.00001 "),
    ("runs/waves/inner_rate", "fast", "runs.waves.inner_rate", "number, got 'fast'"),
    ("runs/waves/inner_rate", -0.1, "runs.waves.inner_rate", "got -0.1"),
    ("runs/waves/outer_rate", float("inf"), "runs.waves.outer_rate", "finite"),
    ("runs/waves/outer_rate", float("nan"), "runs.waves.outer_rate", "finite"),
    ("runs/waves/outer_rate", True, "runs.waves.outer_rate", "number"),
    ("runs/waves/shot", "5", "runs.waves.shot", "write 5"),
    ("runs/waves/shot", 2.5, "runs.waves.shot", "whole number"),
    ("runs/waves/seeds", [1, 1], "runs.waves.seeds", "duplicate seed"),
    ("runs/waves/seeds", [], "runs.waves.seeds", "not empty"),
    ("runs/waves/seeds", [-1], "runs.waves.seeds.0", "at least 0"),
    ("runs/waves/seeds", 3, "runs.waves.seeds", "list"),
    ("runs/waves/regularizer", {"name": "angl"}, "regularizer.name", "unknown"),
    ("runs/waves/regularizer", {"gamma": 0.5}, "regularizer.name", "missing"),
    ("runs/waves/regularizer", {"name": "trajectory_angle", "gama": 1}, "gama", "'gamma'"),
    ("runs/waves/regularizer", ["trajectory_angle"], "regularizer", "mapping"),
    ("defaults/regularizer", {"name": "trajectory_angle"}, "defaults.regularizer", "finetuning"),
    ("runs/waves/algorithm", "mam", "runs.waves.algorithm", "'maml'"),
    ("runs/waves/algorithm", "finetuning", "runs.waves.algorithm", "regression"),
    ("runs/waves/dataset", "wave", "runs.waves.dataset", "'waves'"),
    ("runs/waves/way", 3, "runs.waves.way", "regression"),
    ("runs/waves/network", {"kind": "conv"}, "runs.waves.network", "mlp"),
    ("runs/waves/network", {"kind": "rnn"}, "runs.waves.network.kind", "'rnn' is unknown"),
    ("runs/waves/network", WITHOUT_KIND, "runs.waves.network.kind", "missing"),
    ("runs/waves/network", ["mlp"], "runs.waves.network", "mapping"),
    ("runs/waves/optimizer", "adm", "runs.waves.optimizer", "'adam'"),
    ("runs/waves/optimizer", {"name": "adam", "beta1": 1}, "optimizer.beta1", "less than 1"),
    ("runs/waves/schedule", {"name": "cosin", "epochs": 3}, "runs.waves.schedule.name", "'cosine'"),
    ("runs/waves/schedule", {"name": "cosine"}, "runs.waves.schedule.epochs", "missing"),
    ("runs/waves/schedule", {"name": "step", "evry": 3}, "runs.waves.schedule.evry", "unknown"),
    ("runs/waves/schedule", {"epochs": 3}, "runs.waves.schedule.name", "missing"),
    ("runs/waves/clip_gradient", {}, "runs.waves.clip_gradient", "one of value and norm"),
    ("runs/waves/clip_gradient", {"value": -1}, "clip_gradient.value", "greater than 0"),
    ("runs/waves/initial_weights", "a\nb", "runs.waves.initial_weights", "control"),
    ("runs/waves/initial_weights", "", "runs.waves.initial_weights", "not empty"),
    ("runs/waves/test", {"inner_rte": 1.0}, "runs.waves.test.inner_rte", "unknown"),
    ("runs/waves/algorithm_options", {"head": "zero"}, "algorithm_options", "unknown"),
    ("runs/waves/epochs", -1, "runs.waves.epochs", "at least 0"),
    ("runs/waves/network", {"kind": "mlp", "filters": 4}, "runs.waves.network.filters", "unknown"),
    ("runs/waves/network", {"kind": "mlp", "hidden": [0]}, "runs.waves.network.hidden.0", "than 0"),
    ("runs/letters_maml_T1/way", 0, "runs.letters_maml_T1.way", "greater than 0"),
    ("runs/letters_maml_T1/way", MISSING, "runs.letters_maml_T1.way", "missing"),
    ("runs/letters_maml_T1/way", 6, "runs.letters_maml_T1.way", "5 test classes"),
    ("runs/letters_maml_T1/way", 7, "runs.letters_maml_T1.way", "6 train classes"),
    ("runs/letters_maml_T1/shot", 6, "runs.letters_maml_T1.shot", "has 8"),
    (
        "runs/letters_maml_T1/network",
        {"kind": "conv", "downsampling": "pool"},
        "runs.letters_maml_T1.network",
        "14x14 pixels",
    ),
    # Names and matrices
    ("runs/a-b", {"way": 3}, "runs.a-b", "letters, digits"),
    ("runs/a_{shot}", {"way": 3}, "runs.a_{shot}", "it has none"),
    ("runs/a_{}", {"way": 3}, "runs.a_{}", "placeholders"),
    ("runs/a_{way}", {"matrix": {"shot": [1]}}, "runs.a_{way}", "(shot)"),
    ("runs/a_{way:9999}", {"matrix": {"way": [3]}}, "runs.a_{way:9999}", "placeholders"),
    ("runs/a_{way:{shot}}", {"matrix": {"way": [3]}}, "runs.a_{way:{shot}}", "placeholders"),
    (f"runs/{'a' * 201}", {"way": 3}, f"runs.{'a' * 201}", "200 characters"),
    ("runs/a", {"way": 3, "matrix": {"shot": [1, 2]}}, "runs.a", "two runs are named 'a'"),
    ("runs/letters_{a}", {"matrix": {"a": ["maml_T1"]}}, "runs.letters_{a}", "two runs"),
    ("runs/b_{shot}", {"way": 3, "matrix": {"shot": 1}}, "runs.b_{shot}.matrix.shot", "list"),
    ("runs/b_{shot}", {"way": 3, "matrix": {"shot": []}}, "runs.b_{shot}.matrix.shot", "list"),
    ("runs/b_{sht}", {"way": 3, "matrix": {"sht": [1]}}, "runs.b_{sht}.matrix.sht", "'shot'"),
    ("runs/b_{way}", {"matrix": {"way": [3, 9]}}, "runs.b_{way}.matrix.way", "6 train classes"),
    # Defaults: the message names where the key stands.
    ("defaults/inner_rate", MISSING, "runs.letters_{algorithm}.inner_rate", "missing"),
    ("defaults/inner_rte", 0.1, "defaults.inner_rte", "'inner_rate'"),
    ("defaults/inner_rate", "1e-3", "defaults.inner_rate", "0.001"),
    ("defaults/shot", 9, "defaults.shot", "lower shot or targets"),
    ("defaults/network", {"kind": "conv", "filtres": 4}, "defaults.network.filtres", "unknown"),
    # Datasets
    ("datasets/letters", {"image_size": 8}, "datasets.letters.kind", "missing"),
    ("datasets/letters/kind", "glyph", "datasets.letters.kind", "'glyphs'"),
    ("datasets/letters/color", True, "datasets.letters.color", "'colour'"),
    ("datasets/letters/noise", 2.0, "datasets.letters.noise", "at most 0.5"),
    ("datasets/my-letters", {"kind": "glyphs"}, "datasets", "letters, digits"),
    ("datasets/folder/archive", MISSING, "datasets.folder.archive", "missing"),
    ("datasets/folder/sha256", "abc", "datasets.folder.sha256", "form"),
    ("datasets/folder/split", "no.json", "datasets.folder.split", "no such file"),
    ("datasets/folder/split", "x" * 5000, "datasets.folder.split", "too long"),
    ("datasets/folder/split", "a\0b", "datasets.folder.split", "control"),
    ("datasets/folder/archive", "a\nb", "datasets.folder.archive", "control"),
    ("datasets/waves/amplitude", {"train": [1.0], "test": [2.0, 3.0]}, "waves.amplitude.train", ""),
    # Metrics
    ("metrics/hessan", {}, "metrics.hessan", "'hessian'"),
    ("metrics/hessian/task", 5, "metrics.hessian.task", "'tasks'"),
    ("metrics/hessian/tasks", 5.5, "metrics.hessian.tasks", "whole number"),
    ("metrics/hessian/tasks", 2, "metrics.hessian.tasks", "at least 3"),
    ("metrics/hessian/tolerance", "1e-3", "metrics.hessian.tolerance", "write 0.001"),
    ("metrics/hessian/tolerance", 0, "metrics.hessian.tolerance", "greater than 0"),
    ("metrics/hessian/tolerance", float("nan"), "metrics.hessian.tolerance", "finite"),
    ("metrics/accuracy/train_tasks", -1, "metrics.accuracy.train_tasks", "at least 0"),
    # Figures
    ("figures/fig99", ["waves"], "figures.fig99", "figures/fig99.py"),
    ("figures/fig5", ["letters_mam"], "figures.fig5", "'letters_maml'"),
    ("figures/fig5", ["nothing_*"], "figures.fig5", "unknown"),
    ("figures/fig5", "waves", "figures.fig5", "list"),
    ("figures/fig5", [3], "figures.fig5", "list"),
    ("figures/fig5", [], "figures.fig5", "at least one"),
    ("figures/fig12", ["letters_*"], "metrics.accuracy.train_tasks", "fig12 needs it"),
]


def refusal(raw):
    with pytest.raises(UserError) as caught:
        config.load(raw)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and not text.endswith("..")
    return text


@pytest.mark.parametrize(
    ("path", "value", "key", "words"), MISTAKES, ids=[f"{m[0]}={m[1]!r:.20}" for m in MISTAKES]
)
def test_a_mistake_ends_in_one_sentence_that_names_the_key(path, value, key, words):
    text = refusal(changed(path, value))
    assert re.match(rf"config key (.*\.)?{re.escape(key)}: ", text), text
    assert words in text


@pytest.mark.parametrize("raw", [None, [], "text", {}])
def test_an_empty_configuration_ends_in_one_sentence(raw):
    assert "config/README.md" in refusal(raw)


def test_a_metric_that_regression_does_not_have_is_refused(monkeypatch):
    declared = plugins.declared

    def with_embeddings(room, name, constant, *default):
        return (
            ("embeddings",) if constant == "METRICS" else declared(room, name, constant, *default)
        )

    monkeypatch.setattr(plugins, "declared", with_embeddings)
    text = refusal(changed("figures/fig5", ["waves"]))
    assert "figures.fig5" in text and "embeddings" in text and "waves" in text

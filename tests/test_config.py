import copy
import inspect
import json
import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from metalandscape import config, plugins
from metalandscape.errors import UserError
from metalandscape.networks import ConvNetwork, MLPNetwork

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "config" / "README.md").read_text()
CONFIGS = sorted([*REPOSITORY.glob("config.yaml"), *REPOSITORY.glob("config/*.yaml")])

VALID = yaml.safe_load("""
scale: test
datasets:
  letters: {kind: glyphs, train_classes: 6, test_classes: 5, instances_per_class: 8}
  waves: {kind: sine}
  folder: {kind: image_folder, archive: a.zip, image_size: 32, split: {train: 4, test: 4}}
defaults:
  dataset: letters
  algorithm: maml
  network: {kind: conv}
  shot: 2
  targets: 3
  inner_rate: 0.1
  batch_size: 2
runs:
  letters_{algorithm}:
    matrix: {algorithm: [maml, finetuning]}
    way: 3
  letters_maml_T1: {way: 3, inner_steps: 1}
  waves: {dataset: waves, network: {kind: mlp}}
metrics:
  hessian: {tasks: 3, tolerance: 0.01}
figures:
  fig5: [letters_maml, letters_finetuning]
""")

MISSING = object()


def changed(path, value):
    """A valid configuration with one key set, or removed."""
    raw = copy.deepcopy(VALID)
    *parents, last = path.split("/")
    section = raw
    for part in parents:
        section = section.setdefault(part, {})
    section.pop(last, None)
    if value is not MISSING:
        section[last] = value
    return raw


# --- the documentation


def documented():
    """Section -> {key: default} of config/README.md."""
    found = {}
    for heading, text in re.findall(r"^#+ ([^\n]+)\n(.*?)(?=^#|\Z)", README, re.M | re.S):
        if "| key |" in text:
            rows = re.findall(r"^\| `(\S+)` \|[^|]*\| ([^|]*) \|", text, re.M)
            assert len(rows) == len(set(dict(rows))), f"a key stands twice under {heading}"
            found[heading.strip("`")] = dict(rows)
    return found


def default_of(cell):
    return MISSING if cell == "required" else yaml.safe_load(cell.strip("`"))


def keys(model, prefix, given=MISSING):
    """Key -> default of a model and the models in it; MISSING where it is required."""
    found = {}
    for name, field in model.model_fields.items():
        default = MISSING if field.is_required() else field.get_default(call_default_factory=True)
        if given is not MISSING:
            default = getattr(given, name)
        if inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel):
            found |= keys(field.annotation, f"{prefix}{name}.", default)
        else:
            found[prefix + name] = None if default is PydanticUndefined else default
    return found


def schema():
    """Section -> {key: default}, as the code has it."""
    run = "runs.<name>."
    sections = {
        "Top level": keys(config.Config, "") | {"defaults": {}},
        "Runs": keys(config.Run, run) | {f"{run}matrix": {}},
        "network.kind: conv": keys(ConvNetwork, f"{run}network."),
        "network.kind: mlp": keys(MLPNetwork, f"{run}network."),
        "Metrics": {
            f"metrics.{metric}.{option}": default
            for metric in plugins.names("metrics")
            for option, default in plugins.declared("metrics", metric, "OPTIONS").items()
        },
        "Figures": {"figures.<figure>": MISSING},
    }
    for kind in plugins.names("datasets"):
        options = plugins.load("datasets", kind).Options
        sections[f"kind: {kind}"] = keys(options, "datasets.<name>.")
    return sections


@pytest.mark.parametrize("section", schema())
def test_every_key_is_documented_with_its_default(section):
    rows = {key: default_of(cell) for key, cell in documented()[section].items()}
    # The row of a section that may also be a file's name.
    rows = {k: v for k, v in rows.items() if not any(other.startswith(f"{k}.") for other in rows)}
    assert rows == schema()[section]


def test_no_section_documents_keys_that_do_not_exist():
    assert set(documented()) == set(schema())


def test_every_kind_of_plugin_that_a_user_names_is_documented():
    for room in ("datasets", "algorithms", "metrics"):
        for name in plugins.names(room):
            assert re.search(rf"\b{name}\b", README), name


# --- mistakes

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
    ("runs/waves/seeds", [1, 1], "runs.waves.seeds", "twice"),
    ("runs/waves/seeds", [], "runs.waves.seeds", "not empty"),
    ("runs/waves/seeds", [-1], "runs.waves.seeds.0", "at least 0"),
    ("runs/waves/seeds", 3, "runs.waves.seeds", "list"),
    ("runs/waves/algorithm", "mam", "runs.waves.algorithm", "'maml'"),
    ("runs/waves/algorithm", "finetuning", "runs.waves.algorithm", "regression"),
    ("runs/waves/dataset", "wave", "runs.waves.dataset", "'waves'"),
    ("runs/waves/way", 3, "runs.waves.way", "regression"),
    ("runs/waves/network", {"kind": "conv"}, "runs.waves.network", "mlp"),
    ("runs/waves/network", {"kind": "rnn"}, "runs.waves.network.kind", "'conv', 'mlp'"),
    ("runs/waves/network", WITHOUT_KIND, "runs.waves.network.kind", "missing"),
    ("runs/waves/network", "mlp", "runs.waves.network", "mapping"),
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
        "14 pixels",
    ),
    # Names and matrices
    ("runs/a-b", {"way": 3}, "runs.a-b", "letters, digits"),
    ("runs/a_{shot}", {"way": 3}, "runs.a_{shot}", "it has none"),
    ("runs/a_{}", {"way": 3}, "runs.a_{}", "placeholders"),
    ("runs/a_{way}", {"matrix": {"shot": [1]}}, "runs.a_{way}", "(shot)"),
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
    ("datasets/waves/amplitude", {"train": [1.0], "test": [2.0, 3.0]}, "waves.amplitude.train", ""),
    # Metrics
    ("metrics/hessan", {}, "metrics.hessan", "'hessian'"),
    ("metrics/hessian/task", 5, "metrics.hessian.task", "'tasks'"),
    ("metrics/hessian/tasks", 5.5, "metrics.hessian.tasks", "whole number"),
    ("metrics/hessian/tasks", 2, "metrics.hessian.tasks", "at least 3"),
    ("metrics/hessian/tolerance", "1e-3", "metrics.hessian.tolerance", "write 0.001"),
    ("metrics/hessian/tolerance", 0, "metrics.hessian.tolerance", "positive"),
    ("metrics/hessian/tolerance", float("nan"), "metrics.hessian.tolerance", "positive"),
    ("metrics/accuracy/train_tasks", -1, "metrics.accuracy.train_tasks", "at least 0"),
    # Figures
    ("figures/fig99", ["waves"], "figures.fig99", "figures/fig99.py"),
    ("figures/fig5", ["letters_mam"], "figures.fig5", "'letters_maml'"),
    ("figures/fig5", ["nothing_*"], "figures.fig5", "unknown"),
    ("figures/fig5", "waves", "figures.fig5", "list"),
    ("figures/fig5", [], "figures.fig5", "list"),
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

    def with_embeddings(room, name, constant):
        return ("embeddings",) if constant == "METRICS" else declared(room, name, constant)

    monkeypatch.setattr(plugins, "declared", with_embeddings)
    text = refusal(changed("figures/fig5", ["waves"]))
    assert "figures.fig5" in text and "embeddings" in text and "waves" in text


# --- what is accepted


def test_the_valid_configuration_is_left_as_it_was():
    raw = copy.deepcopy(VALID)
    config.load(raw)
    assert raw == VALID


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_configuration_of_the_repository_loads(path):
    assert config.load(yaml.safe_load(path.read_text())).runs


def test_a_matrix_makes_a_run_of_every_combination():
    runs = {"{algorithm}_{shot}": {"way": 3, "matrix": {"algorithm": ["maml"], "shot": [1, 2]}}}
    loaded = config.load(changed("runs", runs) | {"figures": {}}).runs
    assert {name: run.shot for name, run in loaded.items()} == {"maml_1": 1, "maml_2": 2}


def test_the_matrix_wins_over_the_run_and_the_run_over_defaults():
    entry = {"way": 3, "shot": 1, "targets": 2, "matrix": {"targets": [1]}}
    run = config.load(changed("runs/a_{targets}", entry)).runs["a_1"]
    assert (run.targets, run.shot, run.inner_rate) == (1, 1, 0.1)


def test_null_undoes_a_default():
    raw = changed("defaults/way", 3)
    raw["runs"]["waves"]["way"] = None
    assert config.load(raw).runs["waves"].way is None


def test_runs_keep_the_order_in_which_they_are_written():
    names = ["letters_maml", "letters_finetuning", "letters_maml_T1", "waves"]
    assert list(config.load(VALID).runs) == names


def test_figures_keep_their_order_and_name_no_run_twice():
    loaded = config.load(changed("figures/fig5", ["waves", "letters_maml*", "letters_*"]))
    names = ["waves", "letters_maml", "letters_maml_T1", "letters_finetuning"]
    assert loaded.figures["fig5"] == names


def test_pairs_are_what_figures_show_and_no_more():
    metrics, runs = ("accuracy", "trajectories"), ("letters_finetuning", "letters_maml")
    assert config.load(VALID).pairs() == [(m, r) for m in metrics for r in runs]


def test_options_of_metrics_are_completed():
    expected = {"tasks": 3, "tolerance": 0.01, "max_products": 200}
    assert config.load(VALID).metrics["hessian"] == expected


def test_a_whole_number_may_stand_for_any_number():
    assert config.load(changed("runs/waves/inner_rate", 1)).runs["waves"].inner_rate == 1.0


# --- runs


def test_settings_are_everything_but_how_far_and_how_often():
    settings = json.loads(config.load(VALID).runs["waves"].settings())
    assert set(config.Run.model_fields) - set(settings) == {"epochs", "epochs_per_job", "seeds"}


def test_a_run_is_restored_from_its_settings():
    run = config.load(VALID).runs["waves"]
    assert config.Run.model_validate_json(run.settings()) == run


@pytest.mark.parametrize(
    ("epochs", "step", "blocks"),
    [
        (3, 1, [(1, 1), (2, 2), (3, 3)]),
        (4, 2, [(1, 2), (3, 4)]),
        (5, 2, [(1, 2), (3, 4), (5, 5)]),
        (2, 9, [(1, 2)]),
    ],
)
def test_blocks_cover_all_epochs(epochs, step, blocks):
    run = config.load(VALID).runs["waves"]
    assert run.model_copy(update={"epochs": epochs, "epochs_per_job": step}).blocks() == blocks


# --- no key without effect


def attributes_read():
    """Every `.name` in the code that acts on a configuration, checks and schema left out."""
    acting = [inspect.getsource(config.Run.shape), inspect.getsource(config.Run.blocks)]
    files = [*REPOSITORY.glob("workflow/**/*.py"), *REPOSITORY.glob("workflow/rules/*.smk")]
    acting += [f.read_text() for f in [*files, REPOSITORY / "Snakefile"] if f.stem != "config"]
    return set(re.findall(r"\.([a-z_]\w*)", "\n".join(acting)))


@pytest.mark.parametrize(
    "model", [config.Config, config.Folders, config.Run, ConvNetwork, MLPNetwork]
)
def test_every_key_is_used_somewhere(model):
    assert set(model.model_fields) - attributes_read() == set()


@pytest.mark.parametrize("metric", plugins.names("metrics"))
def test_every_option_of_a_metric_is_used(metric):
    options = set(plugins.declared("metrics", metric, "OPTIONS"))
    source = plugins.path("metrics", metric).read_text()
    used = set(re.findall(r'options\["(\w+)"\]', source))
    if 'tasks("test")' in source or "tasks(split)" in source:
        used |= {"tasks"} | ({"train_tasks"} if "tasks(split)" in source else set())
    assert options == used

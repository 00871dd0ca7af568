import copy
import inspect
import json
import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from configurations import MISSING, VALID, changed
from metalandscape.ground import plugins
from metalandscape.networks import ConvNetwork, MLPNetwork
from metalandscape.settings import config

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "config" / "README.md").read_text()
CONFIGS = sorted([*REPOSITORY.glob("config.yaml"), *REPOSITORY.glob("config/*.yaml")])

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


def test_a_figure_without_metrics_needs_no_runs(monkeypatch):
    declared = plugins.declared
    monkeypatch.setattr(
        plugins, "declared", lambda *what: () if what[2] == "METRICS" else declared(*what)
    )
    assert config.load(changed("figures/fig5", [])).pairs() == []


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
    left_out = set(config.Run.model_fields) - set(settings)
    assert left_out == {"epochs", "epochs_per_job", "seeds", "way", "regularizer"}  # null are two


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


# --- regularizers


def test_a_regularizer_gets_its_modules_defaults():
    regularized = changed("runs/letters_maml_T1/regularizer", {"name": "trajectory_angle"})
    run = config.load(regularized).runs["letters_maml_T1"]
    assert run.regularizer == {"name": "trajectory_angle", "gamma": 0.5}
    assert json.loads(run.settings())["regularizer"] == run.regularizer

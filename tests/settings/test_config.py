import copy
import inspect
import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from configurations import MISSING, VALID, changed
from metalandscape.ground import options, plugins
from metalandscape.ground.strict import Strict
from metalandscape.settings import config, parts, run

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "config" / "README.md").read_text()
CONFIGS = sorted([*REPOSITORY.glob("config.yaml"), *REPOSITORY.glob("config/*.yaml")])

# Models that are values of a run's keys, by the section that documents them.
NESTED = {
    "test": run.Test,
    "clip_gradient": run.Clip,
    "schedule.name: cosine": run.Cosine,
    "schedule.name: step": run.Step,
}
PARTS = {
    f"{key}.{tag}: {name}": (room, name, f"runs.<name>.{key}.", tag)
    for key, room, tag in parts.RUN_PARTS
    for name in plugins.names(room)
    if plugins.options(room, name).model_fields
}

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


def plain(value):
    """A default as a configuration writes it."""
    if isinstance(value, options.Part):
        return value.name
    return value.model_dump(exclude_none=True) if isinstance(value, BaseModel) else value


def keys(model, prefix, given=MISSING):
    """Key -> default of a model and the models in it; MISSING where it is required."""
    found = {}
    for name, field in model.model_fields.items():
        default = MISSING if field.is_required() else field.get_default(call_default_factory=True)
        if given is not MISSING:
            default = getattr(given, name)
        inner = field.annotation
        if inspect.isclass(inner) and issubclass(inner, BaseModel) and name not in NESTED:
            whole = inner is options.Part
            found |= (
                {prefix + name: plain(default)}
                if whole
                else keys(inner, f"{prefix}{name}.", default)
            )
        else:
            found[prefix + name] = None if default is PydanticUndefined else plain(default)
    return found


def schema():
    """Section -> {key: default}, as the code has it."""
    own = "runs.<name>."
    runs = keys(config.Run, own) | {f"{own}matrix": {}}
    del runs[f"{own}algorithm_options"]  # the options in a mapping under `algorithm`
    sections = {
        "Top level": keys(config.Config, "") | {"defaults": {}},
        "Runs": runs,
        "Metrics": {
            key: default
            for metric in plugins.names("metrics")
            for key, default in keys(
                plugins.options("metrics", metric), f"metrics.{metric}."
            ).items()
        },
        "Figures": {"figures.<figure>": MISSING},
    }
    for section, model in NESTED.items():
        sections[section] = keys(model, f"{own}{section.split('.')[0]}.")
    for section, (room, name, prefix, tag) in PARTS.items():
        sections[section] = {prefix + tag: MISSING} | keys(plugins.options(room, name), prefix)
    for kind in plugins.names("datasets"):
        model = plugins.options("datasets", kind)
        sections[f"kind: {kind}"] = keys(model, "datasets.<name>.")
    return sections


@pytest.mark.parametrize("section", schema())
def test_every_key_is_documented_with_its_default(section):
    rows = {key: default_of(cell) for key, cell in documented()[section].items()}
    # The row of a section that may also be a file's name.
    rows = {k: v for k, v in rows.items() if not any(other.startswith(f"{k}.") for other in rows)}
    assert rows == schema()[section]


def test_no_section_documents_keys_that_do_not_exist():
    assert set(documented()) == set(schema())


def test_every_nested_model_of_a_run_has_a_section():
    models = [m for m in vars(run).values() if inspect.isclass(m) and m.__module__ == run.__name__]
    assert all(issubclass(model, Strict) for model in models)
    # `constant` has no key but its name.
    assert {*NESTED.values(), run.Run, run.Constant} == set(models)


@pytest.mark.parametrize(
    "room", ["datasets", "algorithms", "networks", "optimizers", "regularizers", "metrics"]
)
def test_every_part_that_a_user_names_is_documented(room):
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
    expected = {"tasks": 3, "tolerance": 0.01, "other_tolerance": 0.01}
    expected |= {"min_products": 8, "max_products": 200}
    assert config.load(VALID).metrics["hessian"] == expected


def test_a_whole_number_may_stand_for_any_number():
    assert config.load(changed("runs/waves/inner_rate", 1)).runs["waves"].inner_rate == 1.0


# --- no key without effect


def attributes_read():
    """Every `.name` in the code that acts on a configuration, checks and schema left out."""
    acting = [inspect.getsource(getattr(run.Run, name)) for name in ("shape", "blocks")]
    files = [*REPOSITORY.glob("workflow/**/*.py"), *REPOSITORY.glob("workflow/rules/*.smk")]
    schema = [f"settings/{name}.py" for name in ("config", "run", "checks")]
    files = [f for f in files if not f.as_posix().endswith(tuple(schema))]
    acting += [f.read_text() for f in [*files, REPOSITORY / "Snakefile"]]
    return set(re.findall(r"\.([a-z_]\w*)", "\n".join(acting)))


@pytest.mark.parametrize(
    "model", [config.Config, config.Folders, run.Run, run.Clip, run.Cosine, run.Step]
)
def test_every_key_is_used_somewhere(model):
    read_elsewhere = {"plugins", "name"}  # by `plugins.use`; the tag of a union
    assert set(model.model_fields) - attributes_read() <= read_elsewhere


def test_every_key_of_test_replaces_one_of_the_run():
    assert set(run.Test.model_fields) <= set(run.Run.model_fields)


def options_used(room, name):
    """The options that a part's module, or one whose options it extends, or a private one reads."""
    modules = {base.__module__ for base in plugins.options(room, name).__mro__}
    names = {m.rpartition(".")[2] for m in modules if m.startswith(f"metalandscape.{room}.")}
    files = {plugins.path(room, each) for each in {name, *names}}
    files |= {*plugins.path(room, name).parent.glob("_*.py")}
    source = "".join(f.read_text() for f in files)
    return set(re.findall(r"(?<=\bself\.)\w+|(?<=\boptions\.)\w+", source))


@pytest.mark.parametrize("section", PARTS)
def test_every_option_of_a_part_is_used(section):
    room, name, *_ = PARTS[section]
    assert set(plugins.options(room, name).model_fields) <= options_used(room, name)


@pytest.mark.parametrize("metric", plugins.names("metrics"))
def test_every_option_of_a_metric_is_used(metric):
    path = plugins.path("metrics", metric)
    shared = re.findall(r"^from \.(_\w+) import", path.read_text(), re.M)
    source = "".join(file.read_text() for file in [path, *(path.with_stem(n) for n in shared)])
    splits = set(re.findall(r'tasks\.of\("(\w+)"\)', source))
    if "tasks.of(split)" in source:
        splits = {"test", "val", "train"}
    counted = {"test": "tasks", "val": "val_tasks", "train": "train_tasks"}
    used = options_used("metrics", metric) | {counted[split] for split in splits}
    assert set(plugins.options("metrics", metric).model_fields) <= used


@pytest.mark.parametrize(
    ("given", "kept"), [("./a//b/", "a/b"), ("/a/../b", "/b"), ("a b/c's", "a b/c's")]
)
def test_a_folder_is_kept_in_its_shortest_form(given, kept):
    raw = changed("folders", {"results": given, "figures": given})
    folders = config.load(raw).folders
    assert (folders.results, folders.figures) == (kept, kept)

"""The JSON schema: up to date, as strict as the models, and open for parts outside the package."""

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from configurations import MISSING, VALID, changed
from metalandscape.__main__ import main
from metalandscape.ground import plugins
from metalandscape.settings import config
from metalandscape.settings.schema import schema

REPOSITORY = Path(__file__).parents[2]
CONFIGS = sorted([*REPOSITORY.glob("config.yaml"), *REPOSITORY.glob("config/*.yaml")])
COMMITTED = json.loads((REPOSITORY / "config" / "schema.json").read_text())
PARTS_OUTSIDE = Path(__file__).parents[1] / "parts_outside"


@pytest.fixture
def own_parts():
    plugins.use(PARTS_OUTSIDE)
    yield
    plugins.use(None)


def accepts(raw, found=COMMITTED):
    return Draft7Validator(found).is_valid(raw)


def with_run(**keys):
    return changed("runs/one", {"way": 3, **keys})


def keys_in(node):
    """Every key that some mapping may have, with its schema."""
    if isinstance(node, list):
        node = dict(enumerate(node))
    if isinstance(node, dict):
        for name, value in node.items():
            if name in ("properties", "definitions"):
                yield from value.items()
            yield from keys_in(value)


def test_the_committed_schema_is_that_of_the_models():
    """`make schema` writes it."""
    assert schema() == COMMITTED


def test_it_is_a_schema():
    Draft7Validator.check_schema(COMMITTED)


def test_every_key_has_a_description():
    for key, field in keys_in(COMMITTED):
        # A key of a run stands under `definitions`, also where it is an axis of a matrix.
        referred = "$ref" in field or "$ref" in field.get("items", {})
        is_condition = set(field) == {"const"}
        assert referred or is_condition or field.get("description"), key


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_configuration_is_valid_and_names_the_schema(path):
    assert accepts(yaml.safe_load(path.read_text()))
    head = path.read_text().splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", head)[1]
    assert (path.resolve().parent / named).samefile(REPOSITORY / "config" / "schema.json")


@pytest.mark.parametrize(
    "raw",
    [
        VALID,
        changed("runs/waves/inner_rate", 1),
        changed("runs/waves/way", None),
        changed("defaults", MISSING),
        with_run(optimizer={"name": "sgd", "momentum": 0.5}, regularizer="trajectory_angle"),
        with_run(network="conv", algorithm={"name": "reptile", "data": "support"}),
        with_run(schedule={"name": "cosine", "epochs": 3}, clip_gradient={"norm": 1}),
        with_run(matrix={"network": [{"kind": "mlp"}, "conv"], "seeds": [[0]]}),
        changed("datasets/folder/split", "folders"),
        changed("folders", {"results": "mine"}),
    ],
)
def test_it_accepts(raw):
    assert accepts(raw)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("scael", "text"),
        ("scale", MISSING),
        ("runs", {}),
        ("folders", {"result": "x"}),
        ("device", "gpu"),
        ("threads", 0),
        ("checkpoints_per_job", "2"),
        ("archives", ""),
        ("defaults/inner_stepz", 3),
        ("defaults/matrix", {"shot": [1]}),
        ("defaults/algorithm_options", {}),
        ("runs/waves/shott", 3),
        ("runs/waves/shot", 0),
        ("runs/waves/inner_rate", "1e-3"),
        ("runs/waves/seeds", []),
        ("runs/waves/network", {"hidden": [3]}),
        ("runs/waves/network", {"kind": "mlp", "filters": 3}),
        ("runs/waves/optimizer", {"name": "adam", "beta1": 1.0}),
        ("runs/waves/optimizer", None),
        ("runs/waves/schedule", {"name": "linear"}),
        ("runs/waves/schedule", {"name": "cosine", "epochs": 3, "every": 2}),
        ("runs/waves/clip_gradient", {"values": 1}),
        ("runs/waves/test", {"epochs": 3}),
        ("runs/waves/matrix", {"shot": 3}),
        ("runs/waves/matrix", {"shott": [3]}),
        ("datasets/my letters", {"kind": "sine"}),
        ("datasets/letters", {}),
        ("datasets/letters/image_sise", 14),
        ("datasets/letters/image_size", 7),
        ("datasets/folder/split", {"train": 4}),
        ("metrics/hessian/task", 3),
        ("metrics/hessian/tasks", 2),
        ("figures/fig5", "letters_maml"),
    ],
)
def test_it_refuses_what_the_models_refuse(path, value):
    raw = changed(path, value)
    assert not accepts(raw)
    with pytest.raises(config.UserError):
        config.load(raw)


# --- parts outside the package


OWN = {
    "datasets/mine": {"kind": "stripes", "width": 3},
    "runs/waves/optimizer": {"name": "sign", "anything": 1},
    "metrics/bias_share": {"anything": 1},
    "figures/biases": ["waves"],
}


@pytest.mark.parametrize("path", OWN)
def test_a_part_that_it_does_not_know_may_have_any_options(path):
    assert accepts(changed(path, OWN[path]))


def test_with_the_users_folder_it_knows_the_options_of_their_parts(own_parts):
    found = schema()
    kind = plugins.options("metrics", "bias_share")
    assert accepts(changed("metrics/bias_share", {key: 3 for key in kind.model_fields}), found)
    assert not accepts(changed("metrics/bias_share", {"anything": 1}), found)


# --- the command


def test_the_command_writes_schema_and_tables(tmp_path, own_parts):
    output, document = tmp_path / "schema.json", tmp_path / "keys.md"
    document.write_text("<!-- keys: metrics -->\n<!-- /keys -->\n")
    files = ["--output", str(output), "--document", str(document)]
    assert main(["--plugins", str(PARTS_OUTSIDE), "schema", *files]) == 0
    assert json.loads(output.read_text()) == schema()
    assert "| `metrics.bias_share.tasks` |" in document.read_text()


def test_the_command_writes_nothing_for_a_document_with_an_unknown_table(tmp_path, capsys):
    output, document = tmp_path / "schema.json", tmp_path / "keys.md"
    document.write_text("<!-- keys: mine -->\n<!-- /keys -->\n")
    assert main(["schema", "--output", str(output), "--document", str(document)]) == 1
    assert "no table <!-- keys: mine -->" in capsys.readouterr().err
    assert not output.exists()

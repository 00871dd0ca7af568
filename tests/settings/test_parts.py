import pytest

from helpers import image_run
from metalandscape.ground.errors import UserError
from metalandscape.ground.options import Part
from metalandscape.settings import parts


def of_run(**settings):
    return parts.of_run(settings, "runs.a.{}".format)


def test_a_name_alone_is_a_part_with_its_defaults():
    part = parts.choose("regularizers", "trajectory_angle", "name", "key")
    assert part == Part(name="trajectory_angle", options={"gamma": 0.5})


def test_a_mapping_has_the_name_and_options():
    part = parts.choose("networks", {"kind": "mlp", "hidden": [3]}, "kind", "key")
    assert part == Part(name="mlp", options={"hidden": [3]})


def test_an_option_of_a_run_whose_name_has_braces_is_refused_by_its_key():
    key = "runs.letters_{algorithm}.network"
    with pytest.raises(UserError) as caught:
        parts.choose("networks", {"kind": "mlp", "hidden": "x"}, "kind", key)
    assert str(caught.value) == f"config key {key}.hidden: expected a list, got 'x'."


def test_what_is_given_is_left_as_it_was():
    given = {"kind": "mlp", "hidden": [3]}
    parts.choose("networks", given, "kind", "key")
    assert given == {"kind": "mlp", "hidden": [3]}


def test_a_run_gets_its_parts_and_keeps_its_other_keys():
    algorithm = {"name": "finetuning", "head": "zero"}
    run = of_run(network={"kind": "mlp"}, algorithm=algorithm, shot=3, regularizer=None)
    assert run["network"] == Part(name="mlp", options={"hidden": [40, 40]})
    assert (run["algorithm"], run["algorithm_options"]) == ("finetuning", {"head": "zero"})
    assert run["optimizer"].name == "adam"
    assert run["shot"] == 3 and run["regularizer"] is None


def test_the_names_of_a_runs_parts_stand_by_room():
    plain = {"algorithms": "maml", "networks": "conv", "optimizers": "adam"}
    assert parts.names_of(image_run()) == plain
    regularized = image_run(regularizer="trajectory_angle")
    assert parts.names_of(regularized) == plain | {"regularizers": "trajectory_angle"}


def test_a_part_without_options_has_none():
    assert of_run(algorithm="maml")["algorithm_options"] == {}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"network": "cnv"}, "runs.a.network: 'cnv' is unknown; .* 'conv'"),
        ({"network": {"kind": "cnv"}}, "runs.a.network.kind: 'cnv' is unknown; .* 'conv'"),
        ({"network": {"filters": 3}}, "runs.a.network.kind: missing"),
        ({"network": 3}, "runs.a.network: expected a mapping of keys, got 3"),
        (
            {"network": {"kind": "mlp", "filters": 3}},
            "runs.a.network.filters: 'filters' is unknown",
        ),
        ({"optimizer": {"name": "adam", "beta1": 1.0}}, "runs.a.optimizer.beta1: .* less than 1"),
        ({"algorithm": {"name": "maml", "x": 1}}, "runs.a.algorithm.x: unknown"),
        ({"algorithm_options": {}}, r"runs.a.algorithm_options: unknown key; write algorithm: \{"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(settings, words):
    with pytest.raises(UserError, match=f"^config key {words}"):
        of_run(**settings)

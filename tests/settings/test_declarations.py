"""What parts declare, alone and with the runs of a configuration."""

import copy

import pytest

from configurations import VALID
from metalandscape.ground import plugins
from metalandscape.ground.errors import UserError
from metalandscape.settings import config

RUN = "letters_maml_T1"


def refusal(raw):
    with pytest.raises(UserError) as caught:
        config.load(raw)
    return str(caught.value)


def with_figure(name, runs, **sections):
    raw = copy.deepcopy(VALID) | {"figures": {name: runs}}
    for section, entries in sections.items():
        raw[section] |= entries
    return raw


# --- figures and their runs


def test_an_illustration_shows_no_run():
    assert config.load(with_figure("fig1", [])).figures == {"fig1": []}
    text = refusal(with_figure("fig1", [RUN]))
    assert text == "config key figures.fig1: it reads no metric and shows no run; write []."


def test_a_run_without_the_figures_metric_is_refused():
    text = refusal(with_figure("fig9", ["waves"]))
    assert text.startswith(
        "config key figures.fig9: it shows the metric embeddings, which run waves"
    )


def test_a_figure_of_differences_needs_a_run_and_its_plain_counterpart():
    changed = copy.deepcopy(VALID["defaults"]) | {
        "way": 3,
        "regularizer": {"name": "trajectory_angle", "gamma": 0.5},
    }
    raw = with_figure("regularizers", ["changed"])
    raw["runs"]["changed"] = changed
    text = refusal(raw)
    assert text.startswith("config key figures.regularizers: none of its runs differs")
    raw["figures"]["regularizers"] = ["changed", "letters_maml"]
    assert config.load(raw)


def validated(classes, figure="fig5", val_tasks=5):
    letters = VALID["datasets"]["letters"] | {"val_classes": classes}
    return with_figure(
        figure, [RUN], datasets={"letters": letters}, metrics={"accuracy": {"val_tasks": val_tasks}}
    )


def test_validation_tasks_need_as_many_classes_as_a_task_has():
    text = refusal(validated(2))
    assert text.startswith("config key metrics.accuracy.val_tasks: run letters_maml_T1 asks for 3")
    assert "letters has 2 val classes" in text
    assert config.load(validated(3)) and config.load(validated(2, val_tasks=0))


def test_a_dataset_without_validation_classes_has_no_such_tasks():
    assert config.load(validated(0))
    text = refusal(validated(0, "stopping"))
    assert text.startswith(
        "config key figures.stopping: it shows accuracy on validation tasks, but"
    )
    assert "letters, the dataset of run letters_maml_T1, has no val classes" in text


# --- parts outside the package


@pytest.fixture
def folder(tmp_path):
    """A folder of parts, which the configuration names; afterwards it is forgotten."""
    yield tmp_path
    plugins.use(None)


def with_part(folder, name, text, **changes):
    """A configuration beside a part of the user's own."""
    (folder / name).parent.mkdir()
    (folder / name).write_text(text)
    return copy.deepcopy(VALID) | {"plugins": str(folder)} | changes


FIGURE = {"figures": {"mine": [RUN]}}
DRAW = "def draw(data): ...\n"
FINE = f"METRICS = ('accuracy',)\n{DRAW}"
CLAIM = """
ID = 'B1'
SECTION = '1'
TEXT = 'long'
METRICS = ('accuracy',)
CLAIM = None
def judge(data): ...
"""


@pytest.mark.parametrize(
    ("name", "text", "changes", "words"),
    [
        ("figures/mine.py", "def draw(data): ...", FIGURE, "it should assign METRICS"),
        ("figures/mine.py", "METRICS = ()", FIGURE, "it should define draw"),
        ("figures/mine.py", "METRICS = ('acuracy',)", FIGURE, "METRICS: 'acuracy' is unknown; the"),
        ("figures/mine.py", "METRICS = ('accuracy')", FIGURE, "as in ('accuracy',)"),
        ("claims/mine.py", "ID = 'B1'", {}, "define SECTION, TEXT, METRICS, CLAIM, judge"),
        ("figures/mine.py", "METRICS = (1 / 2,)", FIGURE, "METRICS should be a literal"),
        ("metrics/mine.py", "Options = 7", {"metrics": {"mine": {}}}, "Options should be a class"),
        ("datasets/mine.py", "", {"datasets": {"letters": {"kind": "mine"}}}, "define Options"),
        ("figures/mine.py", FINE + "CLAIMS = ('c99',)", FIGURE, "CLAIMS: 'c99' is unknown"),
        ("figures/mine.py", FINE + "OPTIONS = ['accuracy']", FIGURE, "OPTIONS should be a mapping"),
        (
            "figures/mine.py",
            FINE + "OPTIONS = {'accuracy': 'tasks'}",
            FIGURE,
            "should be a mapping",
        ),
        ("figures/mine.py", FINE + "OPTIONS = {'acuracy': ()}", FIGURE, "is none of its METRICS"),
        ("figures/mine.py", FINE + "OPTIONS = {'accuracy': ('task',)}", FIGURE, "'tasks'"),
        ("figures/mine.py", "METRICS = (['accuracy'],)\n" + DRAW, FIGURE, "should be text, not ['"),
        ("figures/mine.py", FINE.replace("data", ""), FIGURE, "draw is called with 1 argument"),
        ("figures/mine.py", FINE.replace("data", "a, b"), FIGURE, "line 2: draw is called with 1"),
        ("claims/mine.py", CLAIM.replace("'B1'", "21"), {}, "ID should be text, not 21"),
        ("claims/mine.py", CLAIM.replace("'long'", "5"), {}, "TEXT should be text, not 5"),
        (
            "claims/mine.py",
            CLAIM.replace("accuracy", "acuracy"),
            {},
            "METRICS: 'acuracy' is unknown",
        ),
        ("claims/mine.py", CLAIM.replace("data", ""), {}, "judge is called with 1 argument"),
    ],
)
def test_a_used_part_that_is_broken_is_one_sentence(folder, name, text, changes, words):
    sentence = refusal(with_part(folder, name, text, **changes))
    assert sentence.startswith(f"{folder / name}") and words in sentence
    assert "\n" not in sentence


def test_a_helper_that_a_used_part_imports_counts(folder):
    raw = with_part(folder, "figures/mine.py", "from . import _help\nMETRICS = ()\ndraw = None\n")
    (folder / "figures/_help.py").write_text("def (:")
    config.load(raw)
    assert f"{folder}/figures/_help.py, line 1: " in refusal(raw | FIGURE)


def test_a_claim_of_a_short_name_that_exists_is_refused(folder):
    text = plugins.path("claims", "c04").read_text()
    sentence = refusal(with_part(folder, "claims/mine.py", text))
    assert sentence == f"{folder}/claims/mine.py: claims/c04.py has the ID C4, too; change it."


def test_a_validator_that_fails_is_one_sentence_where_it_is_used(folder):
    text = """
from pydantic import model_validator
from ..ground import options
class Options(options.Options):
    @model_validator(mode="after")
    def _check(self):
        return 1 / 0
"""
    raw = with_part(folder, "metrics/mine.py", text)
    config.load(raw)
    sentence = refusal(raw | {"metrics": {"mine": {}}})
    assert f"{folder}/metrics/mine.py cannot be used (ZeroDivisionError" in sentence

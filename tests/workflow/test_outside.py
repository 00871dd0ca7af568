"""What users add: one file in a folder outside the package, and one line of configuration.

The parts are those of tests/parts_outside. One run of the workflow uses all of them.
"""

import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
import torch.nn.functional as F
import yaml

from metalandscape.datasets import ImageDataset
from metalandscape.figures import FigureData
from metalandscape.ground import plugins
from metalandscape.ground.files import read_arrays
from metalandscape.results import tables
from metalandscape.settings import config
from metalandscape.tasks import episodes

SOURCES = Path(__file__).parents[1] / "parts_outside"
CONFIGURATION = yaml.safe_load("""
scale: test
plugins: my_parts
folders: {results: results/smoke, figures: figures/smoke}
engine: reference
checkpoints_per_job: 2
datasets:
  columns: {kind: stripes}
  functions: {kind: saddle}
defaults: {shot: 2, targets: 3, inner_steps: 2, inner_rate: 0.4, outer_rate: 0.01, batch_size: 2,
           iterations: 2, epochs: 1, seeds: [0]}
runs:
  images:
    dataset: columns
    way: 3
    network: {kind: pixels}
    algorithm: bias_maml
    optimizer: sign
    regularizer: {name: shrink, share: 0.25}
  numbers:
    dataset: functions
    algorithm: maml
    network: {kind: mlp, hidden: [4]}
metrics:
  bias_share: {tasks: 4}
figures:
  biases: [images, numbers]
""")
PARTS = {
    *(("networks", "pixels"), ("algorithms", "bias_maml"), ("optimizers", "sign")),
    *(("regularizers", "shrink"), ("datasets", "stripes"), ("datasets", "saddle")),
    *(("metrics", "bias_share"), ("figures", "biases"), ("claims", "in_biases")),
}


def write(project, name, text):
    path = project.folder / "my_parts" / f"{name}.py"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def drawn(fresh):
    """A project with parts of the user's own, run to its figure; not to be changed."""
    project = fresh()
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SOURCES, project.folder / "my_parts", ignore=ignore)
    (project.folder / "config/smoke.yaml").write_text(yaml.safe_dump(CONFIGURATION))
    project.run()
    return project


@pytest.fixture
def project(drawn, tmp_path):
    """A copy of that project, which a test may change."""
    shutil.copytree(drawn.folder, tmp_path / "copy", symlinks=True)
    return type(drawn)(tmp_path / "copy")


@pytest.fixture
def settings(drawn):
    """The configuration that was run, with its parts."""
    folder = drawn.folder / "my_parts"
    yield config.load(CONFIGURATION | {"plugins": str(folder)})
    plugins.use(None)
    for name in [n for n in sys.modules if n.startswith("metalandscape.")]:
        module = sys.modules[name]
        if str(folder) in str(getattr(module, "__file__", "")):
            del sys.modules[name]
        elif hasattr(module, "__path__"):
            module.__path__[:] = [p for p in module.__path__ if not p.startswith(str(folder))]


def results(project, name):
    return project.folder / "results/smoke" / name


def checkpoint(project, run, epoch):
    """The tensors and metadata of a checkpoint."""
    path = results(project, f"checkpoints/{run}/seed0/epoch{epoch}.safetensors")
    arrays, metadata = read_arrays(path)
    return {name: torch.tensor(array) for name, array in arrays.items()}, metadata


# --- each part, in the results


def test_all_parts_are_tried(settings):
    outside = plugins.outside()
    assert {(file.parent.name, file.stem) for file in outside.glob("*/*.py")} == PARTS
    assert {room for room, _ in PARTS} == set(plugins.ROOMS)


def test_a_checkpoint_names_the_parts_of_its_run(drawn):
    _, metadata = checkpoint(drawn, "images", 1)
    found = yaml.safe_load(metadata["settings"])
    assert (found["algorithm"], found["network"]["name"]) == ("bias_maml", "pixels")
    assert found["optimizer"]["name"] == "sign"
    assert found["regularizer"] == {"name": "shrink", "options": {"share": 0.25}}


def test_training_is_what_the_parts_say(drawn, settings):
    """Dataset, network, algorithm, optimizer and regularizer, against autograd on one graph."""
    run = settings.runs["images"]
    dataset = ImageDataset.restore(*read_arrays(results(drawn, "data/columns.safetensors")))
    tensors, _ = checkpoint(drawn, "images", 0)
    assert set(tensors) == {"linear.weight", "linear.bias"}
    for iteration in range(2):
        weight, bias = (tensors[f"linear.{n}"].requires_grad_() for n in ("weight", "bias"))
        losses = []
        for task in episodes.sample(dataset, run, 0, iteration):
            adapted = bias
            for _ in range(2):
                loss = cross_entropy(weight, adapted, task.support_x, task.support_y)
                adapted = adapted - 0.4 * torch.autograd.grad(loss, adapted, create_graph=True)[0]
            shrunk = bias + 0.25 * (adapted - bias)
            losses.append(cross_entropy(weight, shrunk, task.target_x, task.target_y))
        steps = torch.autograd.grad(torch.stack(losses).mean(), (weight, bias))
        tensors = {
            "linear.weight": (weight - 0.01 * steps[0].sign()).detach(),
            "linear.bias": (bias - 0.01 * steps[1].sign()).detach(),
        }
    found, _ = checkpoint(drawn, "images", 1)
    for name, expected in tensors.items():
        torch.testing.assert_close(found[name], expected)


def cross_entropy(weight, bias, x, y):
    return F.cross_entropy(x.flatten(1) @ weight.T + bias, y)


def test_a_regression_dataset_has_two_inputs(drawn):
    rows, _ = read_arrays(results(drawn, "tasks/numbers/seed0/bias_share.safetensors"))
    assert rows["test.x"].shape == (4, 5, 2)
    assert rows["test.slope"].min() >= 1 and rows["test.slope"].max() <= 2
    before, after = (checkpoint(drawn, "numbers", epoch)[0] for epoch in (0, 1))
    assert before["hidden1.weight"].shape == (4, 2)
    assert not torch.equal(before["hidden1.weight"], after["hidden1.weight"])


def test_a_metric_gives_its_quantity(drawn):
    table = tables.read(results(drawn, "tables/bias_share.csv"))
    assert set(table["metric"]) == {"bias_share"} and set(table["n_tasks"]) == {4}
    own = table.groupby("run")["value"]
    assert own.get_group("images").tolist() == pytest.approx([100, 100])
    assert own.get_group("numbers").between(1, 99).all()


def test_a_figure_shows_the_quantity_by_its_label(drawn, settings):
    for suffix in ("pdf", "png"):
        assert (drawn.folder / f"figures/smoke/biases.{suffix}").stat().st_size > 10_000
    table = tables.read(results(drawn, "tables/bias_share.csv"))
    figure = plugins.load("figures", "biases").draw(FigureData(table, settings.runs, "test"))
    (ax,) = figure.axes
    assert ax.get_ylabel() == "adaptation in biases (%)"
    texts = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert "Bias-only MAML" in texts


def test_a_claim_is_judged_with_the_papers(drawn):
    table = pd.read_csv(results(drawn, "claims.csv")).query("claim == 'B1'")
    judged = table[table["role"] == "claim"].set_index("setting")
    assert judged.index.tolist() == ["numbers"]
    assert judged.loc["numbers", "verdict"] == "inconclusive"
    assert judged.loc["numbers", "reason"] == "too few seeds: 1, 3 are needed"
    measured = tables.read(results(drawn, "tables/numbers/bias_share.csv"))
    # claims.csv keeps ten digits, for the same bytes on every processor.
    value = pytest.approx(measured.query("epoch == 1")["value"].item(), rel=1e-9)
    assert judged.loc["numbers", "value"] == value
    page = results(drawn, "claims.md").read_text()
    assert "more than half of adaptation happens in biases" in page
    (row,) = [line for line in page.splitlines() if line.startswith("| B1 | more")]
    assert "| biases |" in row  # the figure that bears on it


# --- reruns


def test_an_edited_algorithm_trains_its_runs_again(project):
    path = project.folder / "my_parts/algorithms/bias_maml.py"
    path.write_text(path.read_text().replace("run.inner_rate * is", "0.5 * run.inner_rate * is"))
    jobs = project.planned()
    assert [w for rule, w in jobs if rule.startswith("train")] == ["run=images, seed=0"]
    assert {rule for rule, _ in jobs} >= {"measure_checkpoints", "draw_figure", "judge_claims"}


def test_a_comment_or_an_unused_part_reruns_nothing(project):
    """Broken or not; of claims, none is unused."""
    path = project.folder / "my_parts/algorithms/bias_maml.py"
    path.write_text("# A remark.\n" + path.read_text().replace("The inner rate", "The rate"))
    for room in set(plugins.ROOMS) - {"claims"}:
        write(project, f"{room}/broken", "import nothing_like_it\ndef (:\n")
        write(project, f"{room}/unused", "NAME = 'unused'\nTASKS = METRICS = ()\n")
    label = "QUANTITIES = {'unused': {'label': 'unused', 'unit': ''}}\nOptions = 7\n"
    write(project, "metrics/other", label)
    (project.folder / "my_parts/claims/.#in_biases.py").write_text("an editor's lock")
    assert project.planned() == set()


# --- broken parts that are used


def told(text):
    """The sentences that the user is told."""
    lines = (line.strip() for line in text.splitlines())
    return {line for line in lines if line.startswith("metalandscape: ")}


def test_a_broken_part_that_is_used_stops_everything_before_it_starts(project):
    path = write(project, "claims/broken", "def judge(data:\n")
    text = project.run("-n", ok=False)
    assert "Traceback" not in text
    (sentence,) = told(text)
    assert f"{path}, line 1: " in sentence and sentence.endswith("correct the file or remove it.")


METRIC = """TASKS = ("classification", "regression")


def measure(learner, tasks, options):
    {}
"""
BROKEN = {
    "failing": ("return 1 / 0", ", line 5: ZeroDivisionError: division by zero; correct the file."),
    "silent": ("return []", ": measure should yield Measurements, such as those of metrics.mean"),
}


def test_a_metric_that_fails_is_named_and_leaves_nothing(project):
    for name, (line, _) in BROKEN.items():
        write(project, f"metrics/{name}", METRIC.format(line))
    missing = write(project, "metrics/missing", "import nothing_like_it\n" + METRIC.format("pass"))
    targets = [f"results/smoke/tables/numbers/{name}.csv" for name in (*BROKEN, "missing")]
    text = project.run("--keep-going", *targets, ok=False)
    sentences = told(text)
    assert len(sentences) == 3
    for name, (_, words) in BROKEN.items():
        assert any(f"my_parts/metrics/{name}.py{words}" in sentence for sentence in sentences)
    assert any(f"{missing} cannot be used (ModuleNotFoundError" in s for s in sentences)
    assert not list(results(project, "metrics").glob("[fms]*/**/*.csv"))

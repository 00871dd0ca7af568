import json

import numpy as np
import pytest
import torch

from helpers import adapt, engine, gradient, image_dataset, image_run
from metalandscape.algorithms import maml
from metalandscape.ground import plugins
from metalandscape.metrics import Solution, mean
from metalandscape.metrics.trajectories import direction
from metalandscape.models import initialise
from metalandscape.tasks import lists as tasklists
from metalandscape.tasks.episodes import Task, read_fixed


@pytest.fixture(params=["reference", "auto"])
def solution(request, tmp_path):
    dataset, run = image_dataset(), image_run()
    model = maml.build(run, dataset)
    tasklists.save(tmp_path / "tasks", dataset, run.shape(), 0, {"test": 5, "train": 4})
    return Solution(
        model,
        engine(model, request.param),
        initialise(model, np.random.default_rng(0)),
        run,
        0,
        dataset,
        lambda split: read_fixed(tmp_path / "tasks", dataset, run, split),
    )


def measured(name, solution, **options):
    options = plugins.declared("metrics", name, "OPTIONS") | options
    module = plugins.load("metrics", name)
    return {(m.name, m.split): m for m in module.measure(solution, options)}


def test_accuracy_is_that_of_the_adapted_solutions_on_both_splits(solution):
    found = measured("accuracy", solution)
    for split in ("test", "train"):
        expected = []
        for t in solution.tasks(split):
            adapted = adapt(solution.model, solution.theta, t, 2, 0.1)
            predicted = solution.model.outputs(adapted, t.target_x).argmax(1)
            expected.append((predicted == t.target_y).double().mean().item())
        np.testing.assert_allclose(found["target_accuracy", split].per_task, expected)
    assert len(found["support_loss", "test"].per_task) == 5
    assert len(found["target_loss", "train"].per_task) == 4


def test_gradients_are_those_at_theta_s(solution):
    gs = [
        gradient(solution.model, solution.theta, t.support_x, t.support_y).double()
        for t in solution.tasks("test")
    ]
    expected = np.mean([float(a @ b) for i, a in enumerate(gs) for b in gs[:i]])
    found = measured("gradients", solution)["gradient_product", "test"]
    assert found.value == pytest.approx(expected, rel=1e-5)


def test_trajectories_are_cosines_and_norms_of_displacements(solution):
    d = [(solution.adapt(t) - solution.theta).double() for t in solution.tasks("test")]
    cosines = [
        torch.nn.functional.cosine_similarity(a, b, dim=0).item()
        for i, a in enumerate(d)
        for b in d[:i]
    ]
    found = measured("trajectories", solution)
    assert found["direction_cosine", "test"].value == pytest.approx(np.mean(cosines), rel=1e-6)
    norms = found["displacement_norm", "test"].per_task
    np.testing.assert_allclose(norms, [v.norm() for v in d])


def test_directions_of_hand_made_displacements():
    np.testing.assert_allclose(direction(torch.tensor([3.0, -4.0])), [0.6, -0.8])
    assert not direction(torch.zeros(3)).any()


def test_hessian_is_taken_at_the_adapted_solution_of_the_support_loss(solution):
    found = measured("hessian", solution, tolerance=1e-4)
    task = next(solution.tasks("test"))
    adapted = solution.adapt(task).double()

    def support_loss(theta):
        outputs = solution.model.outputs(theta, task.support_x.double())
        return solution.model.criterion(outputs, task.support_y)

    values = torch.linalg.eigvalsh(torch.autograd.functional.hessian(support_loss, adapted))
    norm = found["hessian_norm", "test"]
    assert norm.per_task[0] == pytest.approx(values.abs().max().item(), rel=2e-3)
    assert (found["hessian_residual", "test"].per_task <= 1e-4 * norm.per_task).all()
    assert (found["hessian_products", "test"].per_task > 1).all()


def test_embeddings_average_over_all_pairs_of_meta_test_images(solution):
    found = measured("embeddings", solution, batch_size=1000)["embedding_product", "test"]
    data = solution.dataset
    first = data.first[data.classes("test")[0, 0]]
    x = torch.from_numpy(data.images(np.arange(first, len(data.pixels))))
    h = solution.model.features(solution.theta, x).detach().double()
    gram = h @ h.T
    expected = gram[~torch.eye(len(h), dtype=bool)].mean().item()
    assert found.value == pytest.approx(expected, rel=1e-5)
    assert found.per_task.mean() == pytest.approx(found.value)


def test_regression_has_losses_and_no_accuracy(tmp_path):
    from metalandscape.datasets.sine import Options, prepare

    dataset = prepare(Options(kind="sine"), None, None)
    run = image_run(way=None, network={"kind": "mlp", "hidden": [6]}, inner_rate=0.01)
    model = maml.build(run, dataset)
    tasklists.save(tmp_path / "tasks", dataset, run.shape(), 0, {"test": 4})
    theta = initialise(model, np.random.default_rng(0))

    def tasks(split):
        return read_fixed(tmp_path / "tasks", dataset, run, split)

    found = measured("accuracy", Solution(model, engine(model), theta, run, 0, dataset, tasks))
    assert set(found) == {("target_loss", "test"), ("support_loss", "test")}
    t: Task = next(tasks("test"))
    adapted = adapt(model, theta, t, 2, 0.01)
    mse = ((model.outputs(adapted, t.target_x) - t.target_y) ** 2).mean().item()
    assert found["target_loss", "test"].per_task[0] == pytest.approx(mse)


def test_a_means_error_is_s_over_root_n():
    m = mean("x", "test", [1.0, 2.0, 4.0])
    assert m.value == pytest.approx(7 / 3)
    assert m.stderr == pytest.approx(np.std([1, 2, 4], ddof=1) / np.sqrt(3))


def test_every_metric_declares_its_options_as_numbers():
    for name in plugins.names("metrics"):
        assert json.dumps(plugins.declared("metrics", name, "OPTIONS"))
        assert plugins.declared("metrics", name, "OPTIONS") == plugins.load("metrics", name).OPTIONS

"""Densities, top eigenvalues and negative shares against dense spectra, in float64."""

import numpy as np
import pytest
import torch
from scipy.stats import norm as gauss

from helpers import conv_network, conv_tasks, engine, mlp_network, sine_tasks, start
from metalandscape.ground.options import Options
from metalandscape.learner import Learner
from metalandscape.metrics import spectrum
from metalandscape.metrics._quadrature import Quadrature
from metalandscape.metrics._solutions import signs
from metalandscape.tasks.episodes import Tasks

STEPS, RATE = 2, 0.01


def dense(learner, task):
    """Eigenvalues and eigenvectors of the Hessian at the adapted solution."""
    matrix = torch.autograd.functional.hessian(
        lambda t: learner.network.loss(t, task.support_x, task.support_y), learner.adapt(task)
    )
    return [each.numpy() for each in torch.linalg.eigh(matrix)]


def smoothed(values, weights):
    """The density written out: a Gaussian at every eigenvalue."""
    step = 1 / spectrum.GRID["points_per_decade"]
    x = np.arcsinh(values / (2 * spectrum.GRID["unit"])) / np.log(10)
    return [weights @ gauss.pdf(point, x, step) for point in spectrum.grid()]


@pytest.fixture(params=["mlp", "conv", "vectorized"])
def case(request):
    network = mlp_network((3, 3))
    tasks = sine_tasks(4)
    if request.param != "mlp":
        network, tasks = conv_network(filters=2, modules=1), conv_tasks(4)
    name = "vectorized" if request.param == "vectorized" else "reference"
    return Learner(network, engine(network, name), start(network), STEPS, RATE), tasks


def measured(learner, tasks, **options):
    given = Tasks.given(tasks, seed=3)
    found = spectrum.measure(learner, given, spectrum.Options(**options))
    return {m.name: m for m in found}


def test_it_is_the_spectrum_of_the_dense_hessian(case):
    """With as many steps as dimensions the only chance left is that of the probes."""
    learner, tasks = case
    found = measured(learner, tasks, steps=100, probes=2, top=4)
    densities = [found[f"spectral_density{j}"] for j in range(len(spectrum.grid()))]
    for number, task in enumerate(tasks):
        values, vectors = dense(learner, task)
        (probes,) = signs(3, "spectrum probes", [number], 2, learner.theta[None])
        masses = ((probes.numpy() @ vectors) ** 2).mean(0) / len(values)
        own = [d.per_task[number] for d in densities]
        assert own == pytest.approx(smoothed(values, masses), abs=1e-8)
        share = masses @ np.maximum(-values, 0) / (masses @ abs(values))
        assert found["negative_share"].per_task[number] == pytest.approx(share, abs=1e-8)
        top = [found[f"eigenvalue{i}"].per_task[number] for i in range(1, 5)]
        assert top == pytest.approx(values[::-1][:4], abs=1e-8 * values[-1])
        assert found["eigenvalue_residual"].per_task[number] < 1e-6 * values[-1]


def whole(values, weights=None):
    """A quadrature that is the spectrum itself."""
    values = np.array(values, float)
    weights = np.full(len(values), 1 / len(values)) if weights is None else np.array(weights)
    return Quadrature(values, weights, np.zeros(len(values)))


def test_the_density_is_one_of_decades_on_both_sides_of_zero():
    found = spectrum.density((whole([-50.0, 0.0, 0.02, 20.0, 20.0]),))
    step = 1 / spectrum.GRID["points_per_decade"]
    assert found.sum() * step == pytest.approx(1, abs=1e-6)
    right = spectrum.grid() > 1
    assert found[right].sum() * step == pytest.approx(2 / 5, abs=1e-4)
    assert spectrum.grid()[right] @ found[right] * step == pytest.approx(
        2 / 5 * np.log10(200), abs=1e-4
    )


def test_the_mean_of_several_starts_is_the_density_of_all():
    one, two = whole([1.0, 2.0]), whole([5.0])
    np.testing.assert_allclose(
        spectrum.density((one, two)), (spectrum.density((one,)) + spectrum.density((two,))) / 2
    )


def test_negative_curvature_is_a_share_of_all_curvature():
    assert spectrum.negative_share((whole([-1.0, 0.0, 3.0]),)) == pytest.approx(0.25)
    assert spectrum.negative_share((whole([0.0, 0.0]),)) == 0


def test_the_best_of_several_starts_is_taken_and_what_repeats_is_zero():
    low = Quadrature(np.array([1.0, 2.0, 8.9]), np.ones(3) / 3, np.array([0.1, 0.2, 0.3]))
    high = Quadrature(np.array([-1.0, 3.0, 8.0]), np.ones(3) / 3, np.array([0.4, 0.5, 0.6]))
    values, residual = spectrum.largest((low, high), 2)
    assert list(values) == [8.9, 3.0] and residual == 0.5
    values, residual = spectrum.largest((whole([-2.0, 4.0]),), 3)
    assert list(values) == [4.0, 0.0, -2.0] and residual == 0


def test_a_diverged_adaptation_is_no_number(case):
    learner, tasks = case
    bad = tasks[1]._replace(support_x=torch.full_like(tasks[1].support_x, torch.nan))
    found = measured(learner, [tasks[0], bad, *tasks[2:]], steps=6)
    alone = measured(learner, tasks, steps=6)
    for name, m in found.items():
        assert m.diverged() == 1 and np.isnan(m.value) and np.isnan(m.per_task[1])
        np.testing.assert_allclose(m.per_task[[0, 2, 3]], alone[name].per_task[[0, 2, 3]])


def test_each_of_the_top_eigenvalues_needs_a_step():
    assert issubclass(spectrum.Options, Options)
    with pytest.raises(ValueError, match="top is above steps"):
        spectrum.Options(steps=3, top=4)

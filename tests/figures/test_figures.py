import numpy as np
import pandas as pd
import pytest

from helpers import image_run
from metalandscape import plugins
from metalandscape.figures import FigureData, _style

QUANTITIES = {
    "accuracy": ["target_accuracy", "target_loss", "support_loss"],
    "gradients": ["gradient_product"],
    "trajectories": ["direction_cosine", "displacement_norm"],
    "hessian": ["hessian_norm"],
    "embeddings": ["embedding_product"],
}
RUNS = {
    "first": image_run(algorithm="first_order_maml", inner_steps=1),
    "second": image_run(algorithm="maml", inner_steps=1),
}


def table(metrics, seeds=3, epochs=12):
    rng = np.random.default_rng(0)
    rows = [
        (run, seed, epoch, "test", quantity, epoch / 10 + rng.random(), 0.1, 50)
        for run in RUNS
        for seed in range(seeds)
        for epoch in range(epochs)
        for metric in metrics
        for quantity in QUANTITIES[metric]
    ]
    columns = ["run", "seed", "epoch", "split", "metric", "value", "stderr", "n_tasks"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture(params=plugins.names("figures"))
def drawn(request):
    module = plugins.load("figures", request.param)
    data = FigureData(table(module.METRICS), RUNS, "a scale in words")
    figure = module.draw(data)
    yield figure, data, request.param
    _style.plt.close(figure)


def lines(figure):
    return [line for ax in figure.axes for line in ax.lines if len(line.get_xdata()) > 2]


def texts(figure):
    return " ".join(ax.get_title() + ax.get_xlabel() + ax.get_ylabel() for ax in figure.axes)


def test_every_figure_shows_curves_over_epochs(drawn):
    figure, _, _ = drawn
    assert all(len(line.get_xdata()) == 12 for line in lines(figure)) and lines(figure)
    assert "epoch" in texts(figure)


def test_every_figure_names_scale_data_and_seeds_and_is_saved_the_same_twice(drawn, tmp_path):
    figure, data, name = drawn
    paths = [tmp_path / f"{name}.pdf", tmp_path / f"{name}.png"]
    _style.save(figure, data, paths)
    first = [path.read_bytes() for path in paths]
    assert figure.get_supxlabel() == "a scale in words\ndata: images; seeds per run: 3"
    again = plugins.load("figures", name).draw(data)
    _style.save(again, data, paths)
    _style.plt.close(again)
    assert first == [path.read_bytes() for path in paths]


def test_every_figure_declares_its_metrics(drawn):
    _, _, name = drawn
    assert plugins.declared("figures", name, "METRICS") == plugins.load("figures", name).METRICS


def test_fig7_draws_every_seed_and_prints_the_correlation():
    data = FigureData(table(["accuracy", "gradients"]), RUNS, "scale")
    figure = plugins.load("figures", "fig7").draw(data)
    assert len(lines(figure)) == 2 * 2 * 3
    accuracy = data.curve("first", "target_accuracy")["value"]
    product = data.curve("first", "gradient_product")["value"]
    expected = np.corrcoef(accuracy, product)[0, 1]
    assert f"R = {expected:.2f} [" in figure.axes[0].get_title()
    assert "n = 36" in figure.axes[0].get_title()
    _style.plt.close(figure)


def test_fig5_draws_the_mean_over_seeds():
    data = FigureData(table(["accuracy", "trajectories"]), RUNS, "scale")
    figure = plugins.load("figures", "fig5").draw(data)
    means = data.curve("first", "target_accuracy").groupby("epoch")["value"].mean()
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), means)
    _style.plt.close(figure)


def test_fig3_marks_the_maximum_of_accuracy():
    data = FigureData(table(["accuracy", "hessian"]), RUNS, "scale")
    figure = plugins.load("figures", "fig3").draw(data)
    assert len(figure.axes) == 3
    best = data.curve("second", "target_accuracy").groupby("epoch")["value"].mean().idxmax()
    marks = [line.get_xdata()[0] for line in figure.axes[2].lines if len(line.get_xdata()) == 2]
    assert marks[1] == best
    _style.plt.close(figure)

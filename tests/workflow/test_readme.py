"""What the README tells users to do, done."""

import pandas as pd

from metalandscape.ground.files import read_arrays


def test_a_figure_is_added_by_one_file_and_one_line(project):
    project.add("my_parts/figures/curvature.py")
    project.configure(lambda config: config["figures"].update(curvature=["letters_maml"]))
    target = "figures/smoke/curvature.pdf"
    assert project.planned(target) == {("draw_figure", "figure=curvature")}
    project.run(target)
    assert (project.folder / target).read_bytes().startswith(b"%PDF")
    assert project.planned() == set()


def test_a_metric_is_added_by_one_file_and_its_options_by_one_line(project):
    project.add("my_parts/metrics/progress.py")
    project.configure(lambda config: config["metrics"].update(progress={"tasks": 4}))
    target = "results/smoke/tables/letters_maml/progress.csv"
    assert "train" not in {rule.split("_")[0] for rule, _ in project.planned(target)}
    project.run(target)
    table = pd.read_csv(project.folder / target)
    assert set(table["metric"]) == {"support_loss_drop"} and set(table["n_tasks"]) == {4}
    assert len(table) > 1 and table["value"].notna().all()
    assert project.planned() == set()


def test_an_algorithm_is_added_by_one_file_and_one_line(project):
    project.add("my_parts/algorithms/bias_maml.py")
    run = {"algorithm": "bias_maml", "inner_steps": 2, "seeds": [0]}
    project.configure(lambda config: config["runs"].update(letters_bias=run))
    assert project.planned() == set()  # no figure shows it
    folder = "results/smoke/checkpoints/letters_{}/seed0/epoch2.safetensors"
    project.run(folder.format("bias"))
    own, other = (read_arrays(project.folder / folder.format(n))[0] for n in ("bias", "maml"))
    assert own.keys() == other.keys() and any((own[n] != other[n]).any() for n in own)

"""What the README tells users to do, done."""

import pandas as pd


def test_a_figure_is_added_by_one_module_and_one_line(project):
    project.add("workflow/metalandscape/figures/sharpness.py")
    project.configure(lambda config: config["figures"].update(sharpness=["letters_maml"]))
    target = "figures/smoke/sharpness.pdf"
    assert project.planned(target) == {("draw_figure", "figure=sharpness")}
    project.run(target)
    assert (project.folder / target).read_bytes().startswith(b"%PDF")
    assert project.planned() == set()


def test_a_metric_is_added_by_one_module_and_its_options_by_one_line(project):
    project.add("workflow/metalandscape/metrics/progress.py")
    project.configure(lambda config: config["metrics"].update(progress={"tasks": 4}))
    target = "results/smoke/tables/letters_maml/progress.csv"
    project.run(target)
    assert "train" not in {rule.split("_")[0] for rule, _ in project.planned(target)}
    table = pd.read_csv(project.folder / target)
    assert set(table["metric"]) == {"support_loss_drop"} and set(table["n_tasks"]) == {4}
    assert len(table) > 1 and table["value"].notna().all()
    assert project.planned() == set()

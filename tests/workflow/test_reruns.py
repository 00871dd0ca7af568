"""What a change reruns, by dry-run: no less and no more than what depends on it."""

from base64 import urlsafe_b64encode

import pytest


def runs_of(jobs):
    return {w.split("run=")[1].split(",")[0] for _, w in jobs if "run=" in w}


def test_an_edited_figure_redraws_that_figure_alone(project):
    project.edit("figures/fig7.py")
    assert project.planned() == {("draw_figure", "figure=fig7")}


def test_an_edited_metric_measures_again_and_nothing_else(project):
    project.edit("metrics/gradients.py")
    jobs = project.planned()
    assert {rule for rule, _ in jobs} == {
        "measure_checkpoints",
        "tabulate_run",
        "tabulate_metric",
        "draw_figure",
        "judge_claims",
    }
    assert all("metric=gradients" in w for rule, w in jobs if "metric=" in w)
    assert [w for rule, w in jobs if rule == "draw_figure"] == ["figure=fig7"]


def learning(jobs):
    return {rule.partition("_")[0] for rule, _ in jobs}


def test_an_edited_rule_of_verdicts_judges_again_and_nothing_else(project):
    project.edit("claims/__init__.py", "POSITIVE: Region = (0.0,", "POSITIVE: Region = (0.1,")
    assert project.planned() == {("judge_claims", "")}


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("networks/conv.py", "BATCH_NORM_EPSILON = 1e-5", "BATCH_NORM_EPSILON = 1e-4"),
        ("engines/reference.py", "theta - rates * gradient", "theta - gradient * rates"),
        ("engines/kernel/forward.hpp", None, "static int edited = 1;"),
        ("training/blocks.py", None, "EDITED = 1"),
    ],
)
def test_an_edited_network_or_engine_trains_again_what_uses_it(project, module, old, new):
    project.edit(module, old, new)
    jobs = project.planned()
    assert learning(jobs) >= {"train", "measure", "tabulate", "draw", "judge"}
    assert not learning(jobs) & {"prepare", "sample"}
    assert runs_of(jobs) >= {"letters_maml", "letters_maml_T1"}


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("networks/conv.py", None, "# a remark"),
        ("engines/reference.py", '"""The plain loop', '"""A plain loop'),
        ("metrics/_pairs.py", "    n = len(shares)\n", "    # a remark\n\n    n = len(shares)\n"),
        ("settings/checks.py", None, "EDITED = 1"),
    ],
)
def test_comments_docstrings_and_neutral_modules_rerun_nothing(project, module, old, new):
    project.edit(module, old, new)
    assert project.planned() == set()


def test_a_new_part_that_nothing_names_reruns_nothing(project):
    for room in ("metrics", "networks", "algorithms", "figures"):
        path = project.folder / f"workflow/metalandscape/{room}/mine.py"
        path.write_text("import a_library_that_nobody_has\n\nTASKS = METRICS = ()\n")
    assert project.planned() == set()


def test_settings_of_meta_test_measure_again_and_train_nothing(project):
    project.configure(lambda config: config["defaults"].update(test={"inner_steps": 3}))
    assert learning(project.planned()) == {"measure", "tabulate", "draw", "judge"}


def test_a_shape_of_meta_test_samples_its_tasks_again(project):
    project.configure(lambda config: config["defaults"].update(test={"targets": 2}))
    assert learning(project.planned()) == {"sample", "measure", "tabulate", "draw", "judge"}


def test_results_can_be_kept_after_an_edit(project):
    """What `make keep` does."""
    project.edit("training/blocks.py")
    assert "train" in learning(project.planned())
    project.run("--touch")
    assert project.planned() == set()


def test_a_kernel_is_compiled_again_when_results_are_kept_after_its_edit(project):
    kernel = project.folder / "results/smoke/kernel.so"
    before = kernel.with_suffix(".code").read_text()
    project.edit("engines/kernel/forward.hpp", None, "static int edited = 1;")
    project.run("--touch")
    assert kernel.with_suffix(".code").read_text() != before
    assert project.planned() == set()


def test_a_deleted_kernel_is_made_by_a_command_that_reruns_nothing(project):
    kernel = "results/smoke/kernel.so"
    (project.folder / kernel).unlink()
    assert project.planned() == set()
    project.configure(lambda config: config["defaults"].update(seeds=[0, 1, 2]))
    text = project.run("--quiet", ok=False)
    told = f"do this first: snakemake --cores 1 {kernel} --configfile config/smoke.yaml"
    assert told in text and not (project.folder / kernel).exists()
    project.run(kernel)
    assert (project.folder / kernel).exists()
    work = [w for rule, w in project.planned() if rule.startswith(("train", "measure", "sample"))]
    assert work and all("seed=2" in w for w in work)


def test_a_kernel_that_was_killed_while_it_was_made_is_no_end(fresh):
    """Snakemake does not check jobs that depend on an `ancient` file which is to be made again."""
    killed, kernel = fresh(), "results/smoke/kernel.so"
    incomplete = killed.folder / ".snakemake/incomplete"
    for folder in (incomplete, killed.folder / "results/smoke"):
        folder.mkdir(parents=True)
    (killed.folder / kernel).write_bytes(b"half of it")
    (incomplete / urlsafe_b64encode(kernel.encode()).decode()).touch()
    assert learning(killed.planned()) >= {"build", "train", "measure", "draw"}


def test_more_epochs_train_only_the_new_blocks(project):
    project.configure(lambda config: config["defaults"].update(epochs=6))
    jobs = project.planned()
    training = {rule for rule, _ in jobs if rule.startswith("train")}
    assert training == {"train_epochs_5_to_6"}
    measured = {w.split("epochs=")[1] for rule, w in jobs if rule == "measure_checkpoints"}
    assert measured == {"4-5", "6"}


def test_a_new_seed_runs_alone(project):
    project.configure(lambda config: config["defaults"].update(seeds=[0, 1, 2]))
    work = [w for rule, w in project.planned() if rule.startswith(("train", "measure", "sample"))]
    assert work and all("seed=2" in w for w in work)


def test_a_runs_inner_rate_retrains_that_run_alone(project):
    project.configure(lambda config: config["runs"]["waves_maml"].update(inner_rate=0.02))
    assert project.planned() == set()  # no figure shows it
    project.configure(
        lambda config: (
            config["runs"]["letters_{algorithm}_T1"].update(matrix={"algorithm": ["maml"]})
            or config["runs"].update(
                letters_first_order_maml_T1={
                    "algorithm": "first_order_maml",
                    "inner_steps": 1,
                    "inner_rate": 0.2,
                }
            )
        )
    )
    jobs = project.planned()
    assert runs_of(jobs) == {"letters_first_order_maml_T1"}
    assert any(rule.startswith("train_epochs_1_") for rule, _ in jobs)
    assert not any(rule == "sample_tasks" for rule, _ in jobs)


def test_a_metrics_option_measures_that_metric_again(project):
    project.configure(lambda config: config["metrics"]["hessian"].update(tolerance=0.01))
    measured = [w for rule, w in project.planned() if rule == "measure_checkpoints"]
    assert measured and all("metric=hessian" in w for w in measured)


def test_another_scale_only_redraws(project):
    project.configure(lambda config: config.update(scale="other words"))
    assert {rule for rule, _ in project.planned()} == {"draw_figure", "judge_claims"}


def test_the_place_of_the_archives_reruns_nothing(project, tmp_path):
    project.configure(lambda config: config.update(archives=str(tmp_path)))
    assert project.planned() == set()


def test_the_provenance_follows_the_configuration_but_is_no_part_of_a_figure(project):
    project.configure(lambda config: config.update(scale="other words"))
    assert "rule record_provenance" in project.run("-n")
    assert "rule record_provenance" not in project.run("-n", "figures/smoke/fig7.pdf")

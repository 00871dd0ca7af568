"""Other settings and other data at meta-test, given weights, and no training at all."""

import pandas as pd
import yaml

CONFIG = yaml.safe_load("""
scale: test
folders: {results: results/smoke, figures: figures/smoke}
checkpoints_per_job: 3
datasets:
  letters: {kind: glyphs, train_classes: 6, val_classes: 4, test_classes: 6, instances_per_class: 6}
  others: {kind: glyphs, train_classes: 4, val_classes: 4, test_classes: 9, instances_per_class: 6}
defaults:
  dataset: letters
  algorithm: maml
  network: {kind: conv, filters: 8}
  way: 3
  shot: 1
  targets: 3
  inner_steps: 1
  inner_rate: 0.1
  batch_size: 2
  iterations: 3
  epochs: 2
  epochs_per_job: 2
  seeds: [0]
runs:
  cross: {test: {dataset: others, inner_steps: 3, shot: 2}}
  given:
    epochs: 0
    initial_weights: results/smoke/checkpoints/cross/seed0/epoch2.safetensors
metrics: {accuracy: {tasks: 4, val_tasks: 4, train_tasks: 3, every_step: true}}
figures: {fig12: [cross, given]}
""")


def test_a_run_is_judged_on_other_data_and_given_weights_without_training(fresh):
    project = fresh()
    project.configure(lambda config: (config.clear(), config.update(CONFIG)))
    results = project.folder / "results/smoke"
    project.run("results/smoke/tables/accuracy.csv", "results/smoke/best_epochs.csv")
    table = pd.read_csv(results / "tables/accuracy.csv")
    table = table.set_index(["run", "epoch", "split", "metric"]).sort_index()
    assert set(table.index.unique("split")) == {"test", "val", "train"}
    last = table["value"].loc["cross", 2, "test"]
    assert last["target_accuracy"] == last["target_accuracy_step3"]
    assert last["initial_accuracy"] == last["target_accuracy_step0"]
    assert table.loc["given"].index.unique("epoch").tolist() == [0]
    # The weights are those of the other run, judged here on meta-train tasks of its settings.
    assert "target_accuracy_step1" in table.loc[("given", 0, "test")].index
    best = pd.read_csv(results / "best_epochs.csv").set_index("run")
    assert best.loc["given", "epoch"] == 0 and best.loc["cross", "epoch"] in (0, 1, 2)

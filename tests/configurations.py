"""A valid configuration, and ways to change it."""

import copy

import yaml

VALID = yaml.safe_load("""
scale: test
datasets:
  letters: {kind: glyphs, train_classes: 6, test_classes: 5, instances_per_class: 8}
  waves: {kind: sine}
  folder: {kind: image_folder, archive: a.zip, image_size: 32, split: {train: 4, test: 4}}
defaults:
  dataset: letters
  algorithm: maml
  network: {kind: conv}
  shot: 2
  targets: 3
  inner_rate: 0.1
  batch_size: 2
runs:
  letters_{algorithm}:
    matrix: {algorithm: [maml, finetuning]}
    way: 3
  letters_maml_T1: {way: 3, inner_steps: 1}
  waves: {dataset: waves, network: {kind: mlp}}
metrics:
  hessian: {tasks: 3, tolerance: 0.01}
figures:
  fig5: [letters_maml, letters_finetuning]
""")

MISSING = object()


def changed(path, value):
    """A valid configuration with one key set, or removed."""
    raw = copy.deepcopy(VALID)
    *parents, last = path.split("/")
    section = raw
    for part in parents:
        section = section.setdefault(part, {})
    section.pop(last, None)
    if value is not MISSING:
        section[last] = value
    return raw

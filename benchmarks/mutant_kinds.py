"""The kinds of inputs that are damaged, and what reads each of them: jobs where there are any."""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mutant_archives as archives
import mutations
import numpy as np
import yaml
from mutations import Random, pick

import metalandscape
from metalandscape.ground import plugins
from metalandscape.jobs import draw, judge, measure, prepare, sample, tabulate, train
from metalandscape.results import tables
from metalandscape.settings import config, written
from metalandscape.settings.plan import Plan

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ["config/smoke.yaml"] * 6 + ["config.yaml", "config/real.yaml", "config/paper.yaml"]
DRAWN = 50  # one table of so many is drawn, too, which takes long
ENGINE = {"engine": "reference", "kernel": None, "threads": 1, "device": "cpu", "code": "c0de"}
LETTERS = {"kind": "glyphs", "train_classes": 4, "test_classes": 4, "instances_per_class": 5}
CHAIN = {
    "scale": "mutants",
    "datasets": {"letters": LETTERS},
    "defaults": {
        "dataset": "letters",
        "network": {"kind": "conv", "filters": 2, "modules": 2},
        "way": 2,
        "shot": 1,
        "targets": 2,
        "inner_steps": 1,
        "inner_rate": 0.1,
        "batch_size": 2,
        "iterations": 1,
        "epochs": 2,
        "seeds": [0, 1],
    },
    "runs": {"{algorithm}": {"matrix": {"algorithm": ["maml", "finetuning"]}}},
    "metrics": {"accuracy": {"tasks": 3}},
    "figures": {"fig3": ["maml", "finetuning"]},
}
PARTS = {"network": "networks", "algorithm": "algorithms", "optimizer": "optimizers"}


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes:
        file: the name of the damaged file.
        mutate: returns its content.
        read: reads the file at a path, and writes what it makes of it into a folder.
    """

    file: str
    mutate: Callable[[Random], bytes]
    read: Callable[[Path, Path], Any]


def kinds(folder: Path) -> dict[str, Kind]:
    """Return all kinds by name; what their damage starts from is made in `folder`."""
    chain = Chain(folder)
    members, pictures = archives.members(), list(archives.pictures())
    arrays, manifest = mutations.of_arrays, archives.Manifest(folder / "archives")

    def archive(file: str, pack: Callable) -> Kind:
        return Kind(
            file, lambda rng: mutations.of_archive(members, pack, rng, pictures), archives.prepared
        )

    def damaged(path: Path, read: Callable[[Path, Path], Any]) -> Kind:
        content = path.read_bytes()
        return Kind(path.name, lambda rng: arrays(content, rng), read)

    table = chain.table()
    return {
        "configuration": Kind("config.yaml", configuration, planned),
        "options of parts": Kind("options.yaml", options, planned),
        "table": Kind("table.csv", lambda rng: mutations.of_table(table, rng), chain.judged),
        "checkpoint, measured": damaged(chain.checkpoint, chain.measured),
        "checkpoint, loaded": damaged(chain.checkpoint, lambda path, _: metalandscape.load(path)),
        "initial weights": damaged(chain.checkpoint, chain.started),
        "training state": damaged(chain.state, chain.continued),
        "task list": damaged(chain.tasks, chain.measured_on),
        "prepared images": damaged(chain.data, chain.trained_on),
        "prepared functions": damaged(chain.waves, chain.sampled_from),
        "zip of images": archive("images.zip", mutations.packed_zip),
        "tar of images": archive("images.tar.gz", mutations.packed_tar),
        "pickle": Kind("cache.pkl", archives.pickled, archives.unpickled),
        "manifest": Kind("a.json", manifest.mutate, manifest.read),
    }


# --- configurations


def configuration(rng: Random) -> bytes:
    """Return a damaged configuration of the project."""
    text = (ROOT / pick(rng, CONFIGS)).read_text()
    if rng.integers(5) == 0:
        return mutations.of_bytes(text.encode(), rng)
    return _yaml(mutations.of_tree(yaml.safe_load(text), rng, mutations.YAML_VALUES))


def options(rng: Random) -> bytes:
    """Return a configuration with odd options of one part."""
    raw = json.loads(json.dumps(CHAIN))
    place = pick(rng, [*PARTS, "regularizer", "metric", "dataset"])
    room = PARTS.get(place, f"{place}s")
    name = pick(rng, plugins.names(room))
    own = {
        key: _value(field, rng) for key, field in plugins.options(room, name).model_fields.items()
    }
    own = {key: value for key, value in own.items() if rng.integers(2)}
    if place == "metric":
        raw["metrics"] = {name: own}
    elif place == "dataset":
        raw["datasets"]["letters"] = {"kind": name, **own}
    else:
        tag = "kind" if place == "network" else "name"
        raw["runs"]["{algorithm}"][place] = {tag: name, **own}
    if place == "algorithm":
        raw["runs"] = {
            "maml": raw["runs"]["{algorithm}"],
            "finetuning": {"algorithm": "finetuning"},
        }
        del raw["runs"]["maml"]["matrix"]
    return _yaml(raw)


def _value(field: Any, rng: Random) -> Any:
    """Return an option's default, a plausible number, or anything."""
    default = None if field.is_required() else field.get_default()
    plain = isinstance(default, int | float | str | None)
    return pick(rng, (default if plain else None, 1, 0.5, 3, pick(rng, mutations.YAML_VALUES)))


def _yaml(tree: Any) -> bytes:
    return yaml.safe_dump(tree, sort_keys=False).encode()


def planned(path: Path, _out: Path) -> None:
    """Do what the workflow does with a configuration before its first job."""
    try:
        raw = written.load(path)
        plan = Plan(config.load(raw))
        plan.configuration(raw)
        for metric, run in plan.settings.pairs():
            job = SimpleNamespace(metric=metric, run=run, seed="0", epochs="0")
            for find in (plan.options_of, plan.counts_of, plan.shapes_of, plan.measured_of):
                find(job)
        for figure in plan.settings.figures:
            plan.shown_names(SimpleNamespace(figure=figure))
        plan.settings_of_runs(plan.judged_runs())
        plan.judged_datasets()
    finally:
        plugins.use(None)


# --- files of the chain


class Chain:
    """The files of a tiny chain, made once, and its jobs on one damaged file."""

    def __init__(self, folder: Path):
        """Run the chain in a folder."""
        self.plan = Plan(config.load(CHAIN))
        self.data, self.tasks = folder / "letters.safetensors", folder / "tasks.safetensors"
        self.checkpoint, self.state = folder / "epoch1.safetensors", folder / "state1.safetensors"
        self.waves = folder / "waves.safetensors"
        prepare.run(json.dumps(LETTERS), str(self.data), None)
        prepare.run('{"kind": "sine"}', str(self.waves), None)
        self._sample(self.data, self.tasks)
        self._train(self.data, folder, 1)

    def _sample(self, data: Path, output: Path) -> None:
        shapes = self.plan.shapes_of(SimpleNamespace(run="maml"))
        own = {"data": [str(data)], "output": str(output)}
        sample.run("maml", "accuracy", 0, shapes=shapes, counts='{"test": 3}', **own)

    def _train(self, data: Path, folder: Path, epoch: int, **start: str) -> None:
        """Train up to an epoch, from the state before it where that is given."""
        epochs = [epoch] if "previous" in start else range(epoch + 1)
        train.run(
            **self._run(data),
            **{"previous": None, "initial": None} | start,
            checkpoints=[str(folder / f"epoch{e}.safetensors") for e in epochs],
            state=str(folder / f"state{epoch}.safetensors"),
            log=str(folder / "log.csv"),
        )

    def _run(self, data: Path) -> dict[str, Any]:
        run = self.plan.settings.runs["maml"]
        return {"run": "maml", "settings": run.settings(), "seed": 0, "data": str(data), **ENGINE}

    def _measure(self, checkpoint: Path, tasks: Path, out: Path) -> None:
        measure.run(
            **self._run(self.data) | {"data": [str(self.data)]},
            metric="accuracy",
            options=json.dumps(self.plan.metric_options("accuracy")),
            tasks=str(tasks),
            checkpoints=[str(checkpoint)],
            output=str(out / "a.csv"),
            per_task=str(out / "a.tasks.csv"),
        )

    def measured(self, path: Path, out: Path) -> None:
        """Measure a checkpoint."""
        self._measure(path, self.tasks, out)

    def measured_on(self, path: Path, out: Path) -> None:
        """Measure on a task list."""
        self._measure(self.checkpoint, path, out)

    def started(self, path: Path, out: Path) -> None:
        """Train from given weights."""
        self._train(self.data, out, 1, initial=str(path))

    def continued(self, path: Path, out: Path) -> None:
        """Train from a training state."""
        self._train(self.data, out, 2, previous=str(path))

    def sampled_from(self, path: Path, out: Path) -> None:
        """Sample tasks from a dataset."""
        self._sample(path, out / "tasks.safetensors")

    def trained_on(self, path: Path, out: Path) -> None:
        """Sample tasks from a dataset, and train on it."""
        self._sample(path, out / "tasks.safetensors")
        self._train(path, out, 1)

    def table(self) -> bytes:
        """Return a table of all quantities of all metrics, with random values."""
        rng, rows = np.random.default_rng(0), [",".join(tables.COLUMNS)]
        for metric in plugins.names("metrics"):
            for quantity in plugins.declared("metrics", metric, "QUANTITIES"):
                for run in self.plan.settings.runs:
                    for seed, epoch in np.ndindex(2, 3):
                        numbers = f"{rng.random():.4f},{0.1 * rng.random():.4f}"
                        rows.append(f"{run},{seed},{epoch},test,{quantity},{numbers},4,0,0")
        return "".join(f"{row}\n" for row in rows).encode()

    def judged(self, path: Path, out: Path) -> None:
        """Join a table, judge the claims by it, and sometimes draw it."""
        runs = self.plan.settings_of_runs(self.plan.settings.runs)
        tabulate.run([str(path)], str(out / "joined.csv"))
        judge.run(
            runs,
            {"letters": LETTERS},
            "mutants",
            self.plan.claims(),
            [str(path)],
            str(out / "claims.csv"),
            [str(out / "claims.html"), str(out / "claims.md")],
        )
        if zlib.crc32(path.read_bytes()) % DRAWN == 0:
            draw.run("fig3", "mutants", runs, [str(path)], [str(out / "fig3.png")])

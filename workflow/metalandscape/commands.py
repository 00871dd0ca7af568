"""What the commands do: open files, call the science, write files. Heavy imports are local."""

import json
import os
import re
from pathlib import Path

from .datasets import ARCHIVES, DatasetOptions, open_dataset
from .ground import plugins
from .settings.config import Run


def download(dataset: str, output: str) -> None:
    """Write a manifest that tells where the dataset's archives are, fetching them if need be.

    With the environment variable METALANDSCAPE_ARCHIVES set, they are taken from that folder and
    nothing touches the network.
    """
    from .datasets._manifest import save as save_manifest

    kind, options = _dataset(dataset)
    staged = os.environ.get(ARCHIVES)
    folder = Path(staged) if staged else Path(output).parent
    if not staged and options.downloadable():
        folder.mkdir(parents=True, exist_ok=True)
        kind.download(options, folder)
    save_manifest(Path(output), options, folder, bool(staged))


def prepare(dataset: str, output: str, manifest: str | None) -> None:
    """Write a dataset's prepared file."""
    kind, options = _dataset(dataset)
    recorded = json.loads(Path(manifest).read_text())["folder"] if manifest else "."
    # The archives may have moved since the manifest was written.
    folder = os.environ.get(ARCHIVES) or recorded
    record = Path(output).with_suffix(".sha256")
    kind.prepare(options, Path(folder), record).save(Path(output))


def build_kernel(output: str) -> None:
    """Compile the fast engine's kernel."""
    from .engines import native

    native.build(output)


def sample(shape: str, seed: int, data: str, counts: str, output: str) -> None:
    """Write the fixed task list of one metric."""
    from .tasks import lists as tasklists

    tasklists.save(output, open_dataset(data), json.loads(shape), seed, json.loads(counts))


def train(
    run: str,
    seed: int,
    data: str,
    previous: str | None,
    checkpoints: list[str],
    state: str,
    log: str,
    engine: str,
    kernel: str | None,
    threads: int,
    device: str,
) -> None:
    """Train a block of epochs: the checkpoints' names tell which."""
    import pandas as pd

    from . import engines
    from .results import tables
    from .training import State, train

    start = State.load(previous) if previous else None
    files = {epoch_of(path): path for path in checkpoints}
    end, rows = train(
        _run(run),
        seed,
        open_dataset(data),
        start,
        files,
        engines.Choice(engine, kernel, threads, device),
    )
    tables.write(log, pd.DataFrame(rows))
    end.save(state)


def measure(
    metric: str,
    options: str,
    name: str,
    run: str,
    seed: int,
    data: str,
    tasks: str,
    checkpoints: list[str],
    output: str,
    per_task: str,
    engine: str,
    kernel: str | None,
    device: str,
) -> None:
    """Measure one metric at one or several checkpoints."""
    from . import engines
    from .metrics import Solution
    from .results import tables
    from .tasks.episodes import read_fixed
    from .training import load_checkpoint

    settings, dataset = _run(run), open_dataset(data)
    algorithm = plugins.load("algorithms", settings.algorithm)
    trained = algorithm.build(settings, dataset)
    choice = engines.Choice(engine, kernel, device=device)

    def at(path: str) -> Solution:
        model, theta = algorithm.starting_point(
            trained, load_checkpoint(path, trained), settings, dataset, seed
        )
        return Solution(
            model,
            choice.of(model),
            theta,
            settings,
            seed,
            dataset,
            lambda split: read_fixed(tasks, dataset, settings, split),
        )

    function = plugins.load("metrics", metric).measure
    measured = (
        (epoch_of(path), function(at(path), json.loads(options)))
        for path in sorted(checkpoints, key=epoch_of)
    )
    tables.write_measurements(output, per_task, name, seed, measured)


def tabulate(inputs: list[str], output: str) -> None:
    """Join the tables of several jobs."""
    from .results import tables

    tables.concatenate(output, inputs)


def draw(figure: str, scale: str, runs: str, tables: list[str], outputs: list[str]) -> None:
    """Draw a figure from cached tables."""
    from .figures import FigureData, _style
    from .results.tables import read_all

    data = FigureData(read_all(tables), _runs(runs), scale)
    _style.save(plugins.load("figures", figure).draw(data), data, outputs)


def judge(
    runs: str, datasets: str, scale: str, tables: list[str], output: str, readable: list[str]
) -> None:
    """Judge the paper's claims from cached tables; write all verdicts, and pages to read."""
    from .claims import ClaimData, _report
    from .results import pages
    from .results.tables import read_all, write

    data = ClaimData(read_all(tables), _runs(runs), json.loads(datasets))
    claims = [plugins.load("claims", name) for name in plugins.names("claims")]
    verdicts = [verdict for claim in claims for verdict in claim.judge(data)]
    write(output, _report.frame(verdicts))
    for page in readable:
        pages.write(page, _report.parts([claim.CLAIM for claim in claims], verdicts, scale))


def record(config: str, files: list[str], benchmarks: str, runs: list[str], output: str) -> None:
    """Write a page that tells where results come from."""
    from .results import pages, provenance

    pages.write(output, provenance.parts(config, files, Path(benchmarks), runs))


def epoch_of(path: str | Path) -> int:
    """Return the epoch in a checkpoint's file name, e.g. 7 of `epoch7.safetensors`."""
    return int(re.fullmatch(r"epoch(\d+)", Path(path).stem)[1])


def _run(settings: str) -> Run:
    return Run.model_validate_json(settings)


def _runs(settings: str) -> dict[str, Run]:
    return {name: Run.model_validate(run) for name, run in json.loads(settings).items()}


def _dataset(settings: str) -> tuple[object, DatasetOptions]:
    kind = plugins.load("datasets", json.loads(settings)["kind"])
    return kind, kind.Options.model_validate_json(settings)

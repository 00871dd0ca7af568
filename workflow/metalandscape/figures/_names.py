"""The words of figures: quantities, algorithms, datasets, and what tells runs apart.

Names stand with what they name: each metric declares its `QUANTITIES`, each algorithm and each kind
of dataset its `NAME`. What declares none, or can't be read, goes by its own name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..ground import plugins
from ..settings.config import Run

TASK = ("dataset", "way", "shot")
MAIN = (*TASK, "algorithm", "inner_steps")  # named in every title
OPTIONS = "algorithm_options"  # which tell only runs of one algorithm apart
UNNAMED = {"epochs", "epochs_per_job", "seeds"}  # how far and how often, not what


def plain(name: str) -> str:
    """Return a name of the configuration or of code as words."""
    return name.replace("_", " ").strip()


def label(quantity: str) -> str:
    """Return a quantity's label with its unit; a minus before its name negates it."""
    name = quantity.removeprefix("-")
    sign = "$-$ " if name != quantity else ""
    for known, entry in _quantities():
        found = re.fullmatch(_pattern(known), name)
        if found:
            text = str(entry["label"])
            for key, value in found.groupdict().items():
                text = text.replace(f"{{{key}}}", value)
            return f"{sign}{text} ({entry['unit']})" if entry.get("unit") else sign + text
    return sign + plain(name)


def _quantities() -> Iterator[tuple[str, Mapping]]:
    """Yield the quantities that metrics declare; a module that can't be read has none."""
    for metric in plugins.names("metrics"):
        quantities = plugins.readable("metrics", metric, "QUANTITIES", {})
        for name, entry in quantities.items() if isinstance(quantities, dict) else ():
            if isinstance(entry, dict) and "label" in entry:
                yield str(name), entry


def _pattern(name: str) -> str:
    """Return the regular expression of a quantity's name, with groups for places in braces."""
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\d+)", re.escape(name))


def algorithm(run: Run) -> str:
    """Return the name of a run's algorithm."""
    return plugins.readable("algorithms", run.algorithm, "NAME", plain(run.algorithm))


def role(run: Run) -> str:
    """Return "meta-learner" or "baseline"."""
    return plugins.readable("algorithms", run.algorithm, "ROLE", "meta-learner")


def dataset(run: Run) -> str:
    """Return the name of a run's dataset: its kind's if it is called like a kind."""
    return plugins.readable("datasets", run.dataset, "NAME", plain(run.dataset))


def performance(run: Run) -> str:
    """Return the quantity that generalization is judged by; regression has no accuracy."""
    return "target_accuracy" if run.way else "-target_loss"


def words(run: Run, among: Iterable[Run] = ()) -> dict[str, str]:
    """Return the settings that figures name, in words; "" where there is nothing to say.

    Args:
        run: the run.
        among: the runs it is shown with, from which `differing` chooses further settings.
    """
    among = list(among)
    main = {
        "dataset": dataset(run),
        "way": f"{run.way}-way" if run.way else "",
        "shot": f"{run.shot}-shot",
        "algorithm": algorithm(run),
        "inner_steps": f"T = {run.inner_steps}",
    }
    further = (field for field in differing(among) if field not in MAIN)
    return main | {field: setting(run, field, among) for field in further}


def differing(runs: Iterable[Run]) -> list[str]:
    """Return the fields that tell runs of one task setting (dataset, way, shot) apart."""
    groups: dict[tuple, list[dict]] = {}
    for run in runs:
        groups.setdefault(tuple(getattr(run, key) for key in TASK), []).append(_dump(run))
    fields = dict.fromkeys(field for dumps in groups.values() for d in dumps for field in d)
    return [f for f in fields if any(_vary(group, f) for group in groups.values())]


def _vary(dumps: Sequence[Mapping[str, Any]], field: str) -> bool:
    """Return whether a field differs among runs; options among those of one algorithm."""
    first: dict[Any, Any] = {}
    for dump in dumps:
        kin = dump.get("algorithm") if field == OPTIONS else ""
        if first.setdefault(kin, dump.get(field)) != dump.get(field):
            return True
    return False


def elsewhere(runs: Iterable[Run]) -> list[str]:
    """Return in words the settings that differ along with the task setting, and only so."""
    runs = list(runs)
    named = {*MAIN, *differing(runs)}
    dumps = [_dump(run) for run in runs]
    fields = dict.fromkeys(field for dump in dumps for field in dump if field not in named)
    varied = [f for f in fields if _vary(dumps, f)]
    return [either(setting(run, f, runs) for run in runs) for f in varied]


def either(texts: Iterable[str]) -> str:
    """Return different texts joined by "or"; if only their last words differ, these alone."""
    first, *others = dict.fromkeys(texts)
    ends = [text.rpartition(" ") for text in (first, *others)]
    if len({start for start, _, _ in ends}) == 1:
        others = [last for _, _, last in ends[1:]]
    return " or ".join([first, *others])


def setting(run: Run, field: str, among: Iterable[Run]) -> str:
    """Return one field of a run in words, as far as it differs among some runs."""
    own = _dump(run)
    kin = [
        dump
        for dump in map(_dump, among)
        if field != OPTIONS or dump.get("algorithm") == own.get("algorithm")
    ]
    value, others = own.get(field), [dump.get(field) for dump in kin]
    if not isinstance(value, dict):
        return _scalar(field, value)
    name, options = _part(value)
    alike = [_part(o)[1] for o in others if isinstance(o, dict) and _part(o)[0] == name]
    shown = {
        key: option
        for key, option in options.items()
        if None in others or any(other.get(key) != option for other in alike)
    }
    named = any(not isinstance(o, dict) or _part(o)[0] != name for o in others)
    heading = [f"{plain(field)} {plain(name)}"] if name and named else []
    text = ", ".join([*heading, *(_scalar(k, v) for k, v in shown.items())])
    return f"{text} at meta-test" if field == "test" and text else text


def _dump(run: Run) -> dict[str, Any]:
    return run.model_dump(mode="json", exclude=UNNAMED)


def _part(value: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name and the options of a mapping such as a network's."""
    options = {k: v for k, v in value.items() if k not in ("name", "kind", "options")}
    return str(value.get("name", value.get("kind", ""))), options | value.get("options", {})


def _scalar(field: str, value: Any) -> str:
    if value is None or value is False:
        return f"no {plain(field)}"
    if value is True:
        return plain(field)
    if isinstance(value, str):
        value = plain(value)
    elif isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    return f"{plain(field)} {value}"


def task(run: Run) -> str:
    """Return way and shot in words."""
    return " ".join(filter(None, (words(run)["way"], words(run)["shot"])))


def title(*runs: Run, among: Iterable[Run] = ()) -> str:
    """Return the title of a panel: what the runs it shows have in common.

    Args:
        *runs: the runs of the panel.
        among: the runs of the whole figure; settings that tell these apart are named, too.
    """
    among = list(among) or runs
    first, *others = [words(run, among) for run in runs]
    common = {k: v for k, v in first.items() if v and all(v == other[k] for other in others)}
    shots = " ".join(common.pop(k) for k in ("way", "shot") if k in common)
    lines = (
        [common.pop("dataset", None), shots],
        [common.pop("algorithm", None), common.pop("inner_steps", None)],
        common.values(),
    )
    return "\n".join(filter(None, (", ".join(filter(None, line)) for line in lines)))


def labels(runs: Mapping[str, Run]) -> dict[str, str]:
    """Return what tells the runs of a panel apart, by run; their algorithm if nothing does."""
    return shared_labels([runs])[0]


def shared_labels(panels: Sequence[Mapping[str, Run]]) -> list[dict[str, str]]:
    """Return what tells the runs of each of several panels apart, for one legend of all panels.

    Where dataset, way, shot, algorithm or inner steps tell the runs of every panel apart, the same
    of these has the same label in all panels, and whatever else differs is listed behind it.
    """
    parts = [_told_apart(runs) for runs in panels]
    if all(len({main for main, _ in part.values()}) == len(part) for part in parts):
        further: dict[str, dict[str, list[str]]] = {}
        for main, others in (told for part in parts for told in part.values()):
            for field, text in others.items():
                further.setdefault(main, {}).setdefault(field, []).append(text)
        behind = {m: [either(texts) for texts in f.values()] for m, f in further.items()}
        return [
            {name: ", ".join([main, *behind.get(main, [])]) for name, (main, _) in part.items()}
            for part in parts
        ]
    return [_full(part) for part in parts]


def _told_apart(runs: Mapping[str, Run]) -> dict[str, tuple[str, dict[str, str]]]:
    """Return the words that tell runs apart, by run: the main ones, and the others by field."""
    named = {name: words(run, runs.values()) for name, run in runs.items()}
    keys = next(iter(named.values()), {})
    differ = [k for k in keys if len({w[k] for w in named.values()}) > 1]
    main = [k for k in differ if k in MAIN] or ([] if differ else ["algorithm"])
    return {
        name: (
            ", ".join(w[k] for k in main if w[k]),
            {k: w[k] for k in differ if k not in MAIN and w[k]},
        )
        for name, w in named.items()
    }


def _full(part: Mapping[str, tuple[str, dict[str, str]]]) -> dict[str, str]:
    """Return all words that tell runs apart; runs without such words go by their own names."""
    found = {
        name: ", ".join(filter(None, [main, *others.values()]))
        for name, (main, others) in part.items()
    }
    unique = len(set(found.values())) == len(found)
    return found if unique else {name: plain(name) for name in part}

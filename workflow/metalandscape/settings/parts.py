"""The parts that a configuration chooses: from `kind: conv, filters: 8` to a `Part`."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ..ground import plugins
from ..ground.errors import UserError
from ..ground.options import Part
from ..ground.strict import mapping, sentence, unknown
from .run import Run

# Key of a run, room, and the key that names the part in a mapping.
RUN_PARTS = (
    ("network", "networks", "kind"),
    ("algorithm", "algorithms", "name"),
    ("optimizer", "optimizers", "name"),
    ("regularizer", "regularizers", "name"),
)


def of_run(settings: Mapping[str, Any], place: Any) -> dict[str, Any]:
    """Return a run's settings with its parts as `Part`s, all options filled in.

    Args:
        settings: as the configuration has them.
        place: where a key stands in the configuration.

    Raises:
        UserError: a part is unknown, or one of its options.
    """
    if "algorithm_options" in settings:
        raise UserError(
            f"config key {place('algorithm_options')}: unknown key; write algorithm: "
            "{name: ..., option: ...}."
        )
    given = {"optimizer": "adam", **settings}
    parts: dict[str, Any] = {
        key: choose(room, given[key], tag, place(key))
        for key, room, tag in RUN_PARTS
        if given.get(key) is not None
    }
    if (algorithm := parts.pop("algorithm", None)) is not None:
        parts |= {"algorithm": algorithm.name, "algorithm_options": algorithm.options}
    return {**settings, **parts}


def names_of(run: Run) -> dict[str, str]:
    """Return the names of a run's parts by room."""
    chosen = {
        "algorithms": run.algorithm,
        "networks": run.network.name,
        "optimizers": run.optimizer.name,
    }
    return chosen | ({"regularizers": run.regularizer.name} if run.regularizer else {})


def choose(room: str, given: Any, tag: str, key: str) -> Part:
    """Return a part by its name, or by a mapping of its name and options.

    Args:
        room: where the part stands.
        given: a name, or a mapping whose key `tag` is the name.
        tag: "kind" or "name".
        key: where it stands in the configuration.

    Raises:
        UserError: the part is unknown, or one of its options.
    """
    tagged = f"{key}.{tag}"
    if isinstance(given, str):
        given, tagged = {tag: given}, key
    own = dict(mapping(given, key))
    if tag not in own:
        raise UserError(f"config key {tagged}: missing; add it.")
    name = own.pop(tag)
    known = plugins.names(room)
    if name not in known:
        raise UserError(f"config key {tagged}: {unknown(name, known)}.")
    return Part(name=name, options=validated(room, name, own, key))


def validated(room: str, name: str, given: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return all options of a part, checked, as JSON has them.

    Raises:
        UserError: an option is unknown or has a wrong value.
    """
    options = plugins.options(room, name)
    try:
        return options.model_validate(dict(given)).model_dump(mode="json")
    except ValidationError as error:
        known = list(options.model_fields)
        raise UserError(sentence(error, lambda field: f"{key}.{field}", known)) from error
    except Exception as error:  # a validator of the part's own fails
        raise plugins.unusable(plugins.path(room, name), error) from error

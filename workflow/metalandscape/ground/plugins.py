"""Rooms that are extended by adding one file: networks, algorithms, datasets, metrics, figures, ...

What a module of such a room declares at its top (its options, the metrics a figure or a claim
reads) is read here from its source text, because importing the module would import torch or
seaborn, which costs the workflow seconds at every call.

A part may also lie outside the package: a folder that `use` names holds folders named as the rooms,
`my_parts/metrics/progress.py`. Such a file reads as if it stood in the package.
"""

import ast
import difflib
import functools
import importlib
import os
import sys
import traceback
from collections.abc import Container
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from .errors import UserError
from .options import Options, Part
from .strict import Strict
from .syntax import bound, check_arguments, needed, parsed

PACKAGE = Path(__file__).parents[1]
# What a module of each room must define.
ROOMS = {
    "networks": ("TASKS", "INPUTS", "Network"),
    "algorithms": ("TASKS", "Algorithm"),
    "optimizers": ("SLOTS", "step"),
    "regularizers": ("correct",),
    "datasets": ("Options", "prepare", "restore"),
    "metrics": ("TASKS", "measure"),
    "figures": ("METRICS", "draw"),
    "claims": ("ID", "SECTION", "TEXT", "METRICS", "CLAIM", "judge"),
}
# How many arguments the workflow gives their functions.
TAKES = {"prepare": 3, "restore": 2, "measure": 3, "draw": 1, "judge": 1, "step": 6, "correct": 3}
# Literals that hold several names, where a forgotten comma makes a text of them: ("accuracy").
SEVERAL = ("TASKS", "SLOTS", "METRICS", "CLAIMS")
TEXTS = ("ID", "SECTION", "TEXT", "NAME")

VARIABLE = "METALANDSCAPE_PLUGINS"  # names the folder outside the package to jobs

_outside: list[Path] = []


def use(folder: str | Path | None) -> None:
    """Find parts in a folder outside the package, too.

    Raises:
        UserError: there is no such folder, it holds no room, or a part in it has the name of
            another one.
    """
    _outside.clear()
    parsed.cache_clear()
    _options.cache_clear()
    if folder is None:
        return
    if not any(os.path.isdir(Path(folder, room)) for room in ROOMS):
        raise UserError(
            f"config key plugins: {os.path.abspath(folder)} holds none of the folders "
            f"{', '.join(ROOMS)}; name a folder with parts, such as metrics/mine.py, in it."
        )
    folder = Path(folder).resolve()
    _refuse_misplaced(folder)
    for room in ROOMS:
        for name in set(_names(folder / room)) & set(_names(PACKAGE / room)):
            raise UserError(
                f"{folder / room / name}.py: there is a part of this name already; rename the file."
            )
    _outside.append(folder)


def _refuse_misplaced(folder: Path) -> None:
    """Refuse what looks like a part and would be passed over.

    Raises:
        UserError: a folder is named almost as a room, or a file's name is no name in Python.
    """
    for place in sorted(folder.glob("*/")):
        close = difflib.get_close_matches(place.name, ROOMS, 1, 0.8)
        if place.name not in ROOMS and close and any(place.glob("*.py")):
            raise UserError(f"{place}: parts are found in {folder / close[0]}; rename the folder.")
    for file in sorted(file for room in ROOMS for file in (folder / room).glob("[!.#]*.py")):
        if not file.stem.isidentifier():
            raise UserError(
                f"{file}: the name of a part consists of letters, digits and underscores, no digit "
                "first; rename the file."
            )


def outside() -> Path | None:
    """Return the folder that `use` named."""
    return _outside[0] if _outside else None


def _names(folder: Path) -> list[str]:
    """Return the names of parts: what is no Python name is some editor's file, such as .#mine."""
    files = (path.stem for path in folder.glob("*.py"))
    return [name for name in files if name.isidentifier() and not name.startswith("_")]


def names(room: str) -> list[str]:
    """Return the names of the modules in a room, e.g. `names("metrics")`."""
    return sorted(name for folder in (PACKAGE, *_outside) for name in _names(folder / room))


def path(room: str, name: str) -> Path:
    """Return the file that defines `name`."""
    # A link to nothing is the part that is named, and reading it says so.
    folders = [folder for folder in _outside if os.path.lexists(folder / room / f"{name}.py")]
    return [PACKAGE, *folders][-1] / room / f"{name}.py"


def check(room: str, name: str) -> None:
    """Refuse a part that lacks what a module of its room must define, without importing it.

    Raises:
        UserError: it does, or its file is not Python.
    """
    file = path(room, name)
    body = parsed(file).body
    found = {each for node in body for each in bound(node)}
    if "*" not in found:
        _require(file, room, found)
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name in ROOMS[room] and node.name in TAKES:
            check_arguments(file, node, TAKES[node.name])


def _require(file: Path, room: str, found: Container[str]) -> None:
    if missing := [each for each in ROOMS[room] if each not in found]:
        raise UserError(
            f"{file}: it should define {', '.join(missing)}; see the docstring of "
            f"metalandscape/{room}/__init__.py."
        )


def described(room: str, name: str) -> str:
    """Return the docstring of the module `name`, without importing it."""
    return ast.get_docstring(parsed(path(room, name))) or ""


def load(room: str, name: str) -> ModuleType:
    """Import and return the module `name` of a room.

    Raises:
        UserError: there is no such part, its module fails to load, or lacks what it should have.
    """
    file = path(room, name)
    if not file.exists():
        raise UserError(
            f"there is no part {name} among the {room}; known: {', '.join(names(room))}."
        )
    parent = importlib.import_module(f"metalandscape.{room}")
    for folder in _outside:
        if str(folder / room) not in parent.__path__:
            parent.__path__.append(str(folder / room))
    try:
        module = importlib.import_module(f"metalandscape.{room}.{name}")
    except UserError:
        raise
    except Exception as error:
        raise unusable(file, error) from error
    _require(file, room, vars(module))
    return module


def declared(room: str, name: str, constant: str, *default: Any) -> Any:
    """Return the literal that a module assigns to `constant`, without importing the module.

    Raises:
        UserError: the module assigns no literal to that name, and no default is given.
    """
    file = path(room, name)
    for node in parsed(file).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and bound(node) == [constant]:
            return _literal(file, constant, node.value)
    if default:
        return default[0]
    raise UserError(f"{file}: it should assign {constant}; see the docstring of its folder.")


def _literal(file: Path, constant: str, node: ast.expr | None) -> Any:
    try:
        value = ast.literal_eval(node or ast.Name(constant))
    except (ValueError, TypeError) as error:
        raise UserError(f"{file}: {constant} should be a literal.") from error
    if constant in SEVERAL and not isinstance(value, tuple | list):
        raise UserError(f"{file}: {constant} should be a tuple of names, as in ({value!r},).")
    texts = value if constant in SEVERAL else [value] if constant in TEXTS else []
    for text in texts:
        if not isinstance(text, str):
            raise UserError(f"{file}: {constant} should be text, not {text!r}; correct it.")
    return value


def readable(room: str, name: str, constant: str, default: Any = None) -> Any:
    """Return what `declared` does, or the default where a module is missing or broken, too."""
    try:
        return declared(room, name, constant, default)
    except UserError:
        return default


def options(room: str, name: str) -> type[Options]:
    """Return the class `Options` of a module, by running only the lines that the class needs.

    A module without such a class has no options.

    Raises:
        UserError: these lines fail, or it is no class of options.
    """
    module = sys.modules.get(f"metalandscape.{room}.{name}")
    if module is None:
        return _options(path(room, name), room)
    return _checked(path(room, name), getattr(module, "Options", Options))


@functools.cache
def _options(file: Path, room: str) -> type[Options]:
    kept = needed(parsed(file).body, "Options")
    scope: dict[str, Any] = {
        "__name__": f"metalandscape.{room}.{file.stem}",
        "__package__": f"metalandscape.{room}",
    }
    try:
        exec(compile(ast.Module(kept, []), str(file), "exec"), scope)
    except Exception as error:
        raise unusable(file, error) from error
    return _checked(file, scope.get("Options", Options))


def _checked(file: Path, options: Any) -> type[Options]:
    if not (isinstance(options, type) and issubclass(options, Strict)):
        raise UserError(f"{file}: Options should be a class derived from ground.options.Options.")
    return cast("type[Options]", options)


def chosen(room: str, part: Part) -> tuple[ModuleType, Options]:
    """Return the module of a chosen part, and its options."""
    module = load(room, part.name)
    return module, options(room, part.name).model_validate(part.options)


def blamed(error: BaseException) -> str | None:
    """Return a sentence about the part outside the package that an error comes from, or None."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if _outside and Path(f.filename).is_relative_to(_outside[0])]
    if not own:
        return None
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{own[-1].filename}, line {own[-1].lineno}: {reason:.300}; correct the file."


def unusable(file: Path, error: Exception) -> UserError:
    """Return the error about a part that fails in a way of its own."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return UserError(f"{file} cannot be used ({reason:.300}); correct the file.")

"""Rooms that are extended by adding one file: algorithms, datasets, metrics, figures, claims.

What a module of such a room declares (its options, the metrics a figure or a claim reads) is a
literal at its top. It is read here from the source text, because importing the module would import
torch or seaborn, which costs the workflow seconds at every call.
"""

import ast
import functools
import hashlib
import importlib
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).parents[1]


def names(room: str) -> list[str]:
    """Return the names of the modules in a room, e.g. `names("metrics")`."""
    return sorted(p.stem for p in (PACKAGE / room).glob("*.py") if not p.stem.startswith("_"))


def path(room: str, name: str) -> Path:
    """Return the file that defines `name`."""
    return PACKAGE / room / f"{name}.py"


@functools.cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def described(room: str, name: str) -> str:
    """Return the docstring of the module `name`, without importing it."""
    return ast.get_docstring(_parsed(path(room, name))) or ""


@functools.cache
def version(room: str, name: str) -> str:
    """Return a digest of the file that defines `name` and the private files that it builds on.

    It is a parameter of the workflow's rules, so that an edit reruns what depends on it.
    """
    found, waiting = [], [path(room, name)]
    while waiting:
        file = waiting.pop()
        found.append(file)
        for node in ast.walk(_parsed(file)):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                imported = [node.module] if node.module else [alias.name for alias in node.names]
                files = [path(room, i) for i in imported if i.startswith("_")]
                waiting += [f for f in files if f not in [*found, *waiting]]
    text = "".join(file.read_text() for file in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load(room: str, name: str) -> ModuleType:
    """Import and return the module `name` of a room."""
    return importlib.import_module(f"metalandscape.{room}.{name}")


def declared(room: str, name: str, constant: str, *default: object) -> object:
    """Return the literal that a module assigns to `constant`, without importing the module.

    Raises:
        KeyError: the module assigns no literal to that name, and no default is given.
    """
    for node in _parsed(path(room, name)).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == constant:
            return ast.literal_eval(node.value)
    if default:
        return default[0]
    raise KeyError(f"{path(room, name)} assigns no {constant}")

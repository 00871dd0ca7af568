"""Digests of code: what a job's result depends on besides its settings and its files.

A digest covers the modules that a job runs: those named, and in turn all that they import from this
package or from the folder of parts outside it. Comments, docstrings, blank lines and what only
names things on figures do not count, so that editing them reruns nothing.
"""

import ast
import functools
import hashlib
import re
from pathlib import Path
from typing import Any

from . import plugins
from .syntax import bound, parsed

NEUTRAL = frozenset(
    {
        "metalandscape",  # the interface for Python programs, which no job calls
        "metalandscape.__main__",
        "metalandscape.library",
        "metalandscape.ground",
        "metalandscape.ground.brief",
        "metalandscape.ground.damage",
        "metalandscape.ground.digests",
        "metalandscape.ground.errors",
        "metalandscape.ground.options",
        "metalandscape.ground.plugins",
        "metalandscape.ground.strict",
        "metalandscape.ground.syntax",
        "metalandscape.ground.version",  # stands in metadata only
        "metalandscape.settings",
        "metalandscape.settings.checks",
        "metalandscape.settings.config",
        "metalandscape.settings.declarations",
        "metalandscape.settings.environment",
        "metalandscape.settings.key_tables",
        "metalandscape.settings.layout",
        "metalandscape.settings.limits",
        "metalandscape.settings.matrix",
        "metalandscape.settings.parts",
        "metalandscape.settings.plan",
        "metalandscape.settings.schema",
        "metalandscape.settings.shipped",
        "metalandscape.settings.written",
        "metalandscape.results.captions",
        "metalandscape.terminal",
        "metalandscape.terminal.jobs",
        "metalandscape.terminal.lines",
        "metalandscape.terminal.work",
    }
)
"""Modules that cannot change a result: they find files, read settings, or word messages."""

SHOWN = frozenset({"NAME", "COLOUR", "QUANTITIES", "CLAIMS", "SECTION"})
"""Constants that only name and color things on figures and pages."""


@functools.cache
def digest(*modules: str) -> str:
    """Return the digest of some modules and of all that they import.

    Args:
        modules: full names, e.g. "metalandscape.jobs.train"; a part's is given by `part`.
    """
    sha = hashlib.sha256()
    for name in sorted(closure(*modules)):
        sha.update(f"{name}\0{_code(_file(name))}\0".encode())
    return sha.hexdigest()[:16]


def part(room: str, name: str) -> str:
    """Return the full name of a part's module."""
    return f"metalandscape.{room}.{name}"


def closure(*modules: str) -> set[str]:
    """Return the modules that count: those given and all that they import, without neutral ones."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        file = _file(name)
        if name in found or name in NEUTRAL or file is None:
            continue
        found.add(name)
        # Importing a module runs the packages it stands in.
        waiting += [name.rpartition(".")[0], *_imported(name, file)]
    return found


def _file(name: str) -> Path | None:
    """Return the file of a module of this package or of a part outside it, or None."""
    _, *inner = name.split(".")
    roots = [plugins.PACKAGE, *filter(None, [plugins.outside()])]
    for root in roots:
        place = root.joinpath(*inner)
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file() and name.startswith("metalandscape"):
                return file
    return None


@functools.cache
def _imported(name: str, file: Path) -> set[str]:
    """Return the full names of what a module imports from this package, in functions too."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            module = ".".join([*(base if node.level else []), *filter(None, [node.module])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return {each for each in found if each.startswith("metalandscape") and _file(each)}


@functools.cache
def _code(file: Path) -> str:
    """Return what a module does, as text: its syntax tree, and the sources it compiles."""
    return "\0".join([_canonical(parsed(file)), *map(_without_comments, sources(file))])


def sources(file: Path) -> list[Path]:
    """Return the files in other languages that a module compiles, its literal `SOURCES`."""
    nodes = [node for node in parsed(file).body if isinstance(node, ast.Assign)]
    named = [node.value for node in nodes if "SOURCES" in bound(node)]
    return [file.parent / name for value in named for name in ast.literal_eval(value)]


def _canonical(node: Any) -> str:
    """Return a syntax tree as text that is the same in every version of Python."""
    if isinstance(node, list):
        return "[" + ",".join(map(_canonical, node)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(body := fields.get("body"), list):
        fields["body"] = [each for each in body if not _is_silent(each)]
    kept = (
        f"{key}={_canonical(value)}" for key, value in fields.items() if value not in (None, [])
    )
    return f"{type(node).__name__}({','.join(kept)})"


def _is_silent(node: ast.stmt) -> bool:
    """Return whether a statement does nothing: a text by itself, or what `SHOWN` lists."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    constant = isinstance(node, ast.Assign | ast.AnnAssign)
    return text or (constant and bool(SHOWN & set(bound(node))))


def _without_comments(path: Path) -> str:
    """Return a C++ source without comments and with single spaces."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", path.read_text(encoding="utf-8"), flags=re.S)
    return " ".join(text.split())

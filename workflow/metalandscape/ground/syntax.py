"""Source texts of parts, read without importing them."""

import ast
import functools
from pathlib import Path

from .errors import UserError


@functools.cache
def parsed(file: Path) -> ast.Module:
    """Return the syntax tree of a file.

    Raises:
        UserError: it can't be read, or it isn't Python.
    """
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, OSError) as error:
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        reason = error.msg if isinstance(error, SyntaxError) else error
        raise UserError(f"{file}{where}: {reason}; correct the file or remove it.") from error


def check_arguments(file: Path, function: ast.FunctionDef, number: int) -> None:
    """Refuse a function that can't be called with so many arguments.

    Raises:
        UserError: it can't; the sentence names file and line.
    """
    own = function.args
    most = len(own.posonlyargs) + len(own.args)
    unfilled = any(default is None for default in own.kw_defaults)
    if unfilled or most - len(own.defaults) > number or (most < number and own.vararg is None):
        raise UserError(
            f"{file}, line {function.lineno}: {function.name} is called with {number} "
            f"argument{'s' * (number > 1)}, which it cannot take; see the docstring of "
            f"metalandscape/{file.parent.name}/__init__.py."
        )


def needed(body: list[ast.stmt], name: str) -> list[ast.stmt]:
    """Return the statements that bind a name and, in turn, the names that these use, in order."""
    wanted = {name}
    kept: set[int] = set()
    while True:
        found = {i for i, node in enumerate(body) if i not in kept and wanted & set(bound(node))}
        if not found:
            return [body[i] for i in sorted(kept)]
        kept |= found
        used = (n for i in found for n in ast.walk(body[i]) if isinstance(n, ast.Name))
        wanted |= {n.id for n in used}


def bound(node: ast.AST) -> list[str]:
    """Return the names that a statement of a module binds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.If | ast.Try | ast.With | ast.ExceptHandler):
        return [name for inner in ast.iter_child_nodes(node) for name in bound(inner)]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [n.id for t in targets if t for n in ast.walk(t) if isinstance(n, ast.Name)]

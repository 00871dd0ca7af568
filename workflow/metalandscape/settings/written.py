"""What YAML reads otherwise than it is meant: of a repeated key the last one, 010 as eight."""

import re
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path
from typing import Any

import yaml

from ..ground.errors import UserError
from .limits import NODES

# Numbers of a base that is not written with a letter: 010 is octal, 1:30 is ninety.
OTHER_BASE = re.compile(r"[-+]?0[0-7_]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


def check_written(path: str | Path) -> None:
    """Check that YAML reads a file as it is meant, and that its aliases stay in bounds.

    Raises:
        UserError: a mapping holds a key twice, or a number is in another base; the sentence names
            file and line. Or the file can't be read, is no YAML, or would be too large with its
            aliases written out.
    """
    root = _composed(path)
    for node in _distinct(root):
        if isinstance(node, yaml.MappingNode):
            _check_keys(path, node)
        if node.tag in NUMBERS and OTHER_BASE.fullmatch(node.value):
            raise UserError(
                f"{path}, line {node.start_mark.line + 1}: YAML reads {node.value} as "
                f"{yaml.safe_load(node.value)}; write the number in base ten, or text in quotes."
            )
    if root is not None and _size(root) > NODES:
        raise UserError(
            f"{path}: with its aliases written out it has more than {NODES:,} values, the limit; "
            "use fewer aliases of aliases."
        )


def load(path: str | Path) -> Any:
    """Return the content of a YAML file.

    Raises:
        UserError: see `check_written`.
    """
    check_written(path)
    return _read(path, yaml.safe_load)


def _read(path: str | Path, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        what = " ".join(str(error).split())
        raise UserError(f"{path} is no YAML that can be read: {what}.") from error


def _composed(path: str | Path) -> yaml.Node | None:
    return _read(path, lambda text: yaml.compose(text, yaml.SafeLoader))


def _check_keys(path: str | Path, node: yaml.MappingNode) -> None:
    seen = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            raise UserError(
                f"{path}, line {key.start_mark.line + 1}: the key {key.value!r} is repeated; "
                "remove one."
            )
        seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _distinct(root: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield every node once, in the file's order, however many aliases name it."""
    seen, waiting = set(), [root] if root else []
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting += reversed(_children(node))


def _size(root: yaml.Node) -> float:
    """Return the number of nodes with all aliases written out; infinite if one contains itself."""
    sizes: dict[int, float] = {}
    known: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting[-1]
        if id(node) not in sizes:
            sizes[id(node)] = inf  # until those of its children are known
            waiting += [child for child in _children(node) if id(child) not in sizes]
            continue
        waiting.pop()
        if id(node) not in known:
            known.add(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(child)] for child in _children(node))
    return sizes[id(root)]

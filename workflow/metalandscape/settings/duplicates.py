"""Repeated keys of a YAML file, of which YAML silently keeps the last one."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from ..ground.errors import UserError


def refuse_repeated_keys(path: str | Path) -> None:
    """Check that no mapping of a YAML file holds a key twice.

    Raises:
        UserError: one does; the sentence names file, line and key.
    """
    root = yaml.compose(Path(path).read_text(encoding="utf-8"), yaml.SafeLoader)
    for key in _repeated(root):
        raise UserError(
            f"{path}, line {key.start_mark.line + 1}: the key {key.value!r} stands twice in the "
            "same place; remove one."
        )


def _repeated(node: yaml.Node | None) -> Iterator[yaml.Node]:
    children = [] if node is None or isinstance(node, yaml.ScalarNode) else node.value
    seen = set()
    for child in children:
        if isinstance(child, tuple):
            key, child = child
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                yield key
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
        yield from _repeated(child)

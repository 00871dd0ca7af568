"""Which class belongs to which split."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, SerializeAsAny, model_serializer, model_validator

from ..ground import plugins
from ..ground.errors import UserError
from ..ground.strict import Strict

SPLITS = ("train", "val", "test")
FOLDERS = "folders"


def _count_or_names(value: Any) -> Any:
    count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    names = isinstance(value, list) and all(isinstance(name, str) for name in value)
    if not count and not names:
        raise ValueError("should be a number of classes or a list of class names")
    return value


Part = Annotated[int | list[str], BeforeValidator(_count_or_names)]


class ClassSplit(Strict):
    """The classes of each split: all as numbers of classes, or all as lists of class names.

    Attributes:
        train: Classes for meta-training: a number, or a list of names. Numbers are drawn by a fixed
            permutation of the sorted class names. A name is the path of the class's folder, or the
            end of it.
        val: Classes for meta-validation.
        test: Classes for meta-test.
    """

    train: Part
    val: Part | None = None
    test: Part

    @model_validator(mode="after")
    def _check(self) -> "ClassSplit":
        parts = [part for part in (self.train, self.val, self.test) if part is not None]
        if len({type(part) for part in parts}) > 1:
            raise ValueError("should hold numbers only or lists of class names only")
        named = Counter(name for part in parts if isinstance(part, list) for name in part)
        for name, times in named.most_common(1):
            if times > 1:
                raise ValueError(f"class {name!r} is named twice; a class belongs to one split")
        return self

    def count(self, split: str) -> int | None:
        """Return the number of classes of a split, or None if only the archive knows."""
        part = getattr(self, split)
        return len(part or []) if not isinstance(part, int) else part

    def named(self) -> dict[str, str]:
        """Return the split of every class, where the split holds lists of names."""
        return {name: split for split in SPLITS for name in getattr(self, split) or []}

    def assign(self, names: Iterable[str], rng: np.random.Generator) -> dict[str, str]:
        """Return the split of every class that has one, where the split holds numbers.

        They are taken from a permutation of the sorted names: first train, then val, then test.

        Raises:
            UserError: there are fewer classes than the split asks for.
        """
        names = sorted(names)
        if (need := sum(self.count(split) or 0 for split in SPLITS)) > len(names):
            raise UserError(f"split: {need} classes asked of an archive with {len(names)}.")
        order = iter(rng.permutation(len(names)))
        return {
            names[i]: split for split in SPLITS for i in itertools.islice(order, self.count(split))
        }


def shipped(name: str) -> Path:
    """Return a file that comes with the package, such as `config/splits/cifar_fs.json`.

    A checkout has it in the repository, an installed package in the package's own folder.
    """
    own = plugins.PACKAGE / name
    return own if own.is_file() else plugins.PACKAGE.parents[1] / name


class FolderSplit(ClassSplit):
    """The split that the archive's folders train, val and test are: `split: folders`."""

    train: Part = Field(default=[])
    test: Part = Field(default=[])

    def count(self, split: str) -> None:
        """Return None: the number of classes isn't known before the archive is read."""

    @model_serializer
    def _text(self) -> str:
        return FOLDERS


def load(value: Any) -> Any:
    """Replace the name of a JSON file by its content; anything else is returned as it is.

    `folders` is no file's name: it stands for the split that the archive's folders are. A file's
    name is relative to the working directory or, if there is no such file, that of a file that
    comes with the package.
    """
    if not isinstance(value, str):
        return value
    if value == FOLDERS:
        return FolderSplit()
    path = next((p for p in (Path(value), shipped(value)) if p.is_file()), None)
    if path is None:
        raise ValueError("no such file in the working directory or among those of the package")
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is not a JSON file: {error}") from error


SplitOrFile = Annotated[
    SerializeAsAny[ClassSplit], BeforeValidator(load, json_schema_input_type=ClassSplit | str)
]

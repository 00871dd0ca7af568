"""The manifest of a dataset's archives: where they were found, and what they held.

A preparation is repeated when the archives' content changes, and not when they are only moved,
copied or touched: names, sizes and times tell quickly that nothing happened, a digest of the
content decides where they differ.
"""

import functools
import hashlib
import json
import os
from pathlib import Path

from ..ground.damage import DAMAGE, item
from ..ground.errors import UserError
from ..ground.files import whole
from . import ARCHIVES, DatasetOptions
from ._archives import content_digest, find
from ._walk import walk


def save(path: Path, options: DatasetOptions, folder: Path, staged: bool) -> None:
    """Write the manifest of the archives in `folder`; those that are not `staged` were fetched."""
    found = {name: find(folder, name) for name in options.archives()}
    archives = {
        name: {
            "downloaded": not staged and options.downloadable(),
            "stamp": stamp(archive),
            "content": content(archive),
        }
        for name, archive in found.items()
        if archive is not None
    }
    with whole(path) as temporary:
        text = json.dumps({"folder": str(folder.resolve()), "archives": archives}, indent=1)
        temporary.write_text(f"{text}\n")


def load(path: str | Path) -> dict:
    """Return a manifest: the `folder` and the `archives`.

    Raises:
        UserError: it can't be read, or is damaged.
    """
    try:
        recorded = json.loads(Path(path).read_text(encoding="utf-8"))
        item(recorded, "folder", str)
        for archive in item(recorded, "archives", dict).values():
            item(archive, "downloaded", bool), item(archive, "stamp", str)
            item(archive, "content", str)
    except (OSError, *DAMAGE) as error:
        raise UserError(
            f"{path} is damaged, or is no list of archives; remove it to make it anew."
        ) from error
    return recorded


def identity(options: DatasetOptions, manifest: str | Path) -> str:
    """Return what changes when the content of a dataset's archives does.

    It is that of the manifest for archives that are gone, and empty for downloaded ones, whose
    checksum is fixed, and for those that aren't there yet.
    """
    manifest = Path(manifest)
    try:
        recorded = load(manifest) if manifest.exists() else {}
    except UserError:
        recorded = {}  # unlike the recorded identity, so that the manifest is made again
    known = recorded.get("archives", {})
    staged = os.environ.get(ARCHIVES)
    if not known and not staged and options.downloadable():
        return ""
    folder = Path(staged or recorded.get("folder") or ".")
    return " ".join(_identity(folder, name, known.get(name)) for name in options.archives())


def _identity(folder: Path, name: str, known: dict | None) -> str:
    if known and known["downloaded"]:
        return ""
    before = known["content"] if known else ""
    path = find(folder, name)
    if path is None:
        return before
    try:
        return before if known and known["stamp"] == stamp(path) else content(path)
    except UserError:  # the preparation will say what is wrong with it
        return before


def stamp(path: Path) -> str:
    """Return a digest of names, sizes and times: if it is unchanged, so is the archive."""
    names = _files(path)
    text = "".join(f"{name}\0{p.stat().st_size} {p.stat().st_mtime_ns}\n" for name, p in names)
    return hashlib.sha256(text.encode()).hexdigest()


@functools.lru_cache(maxsize=64)
def _content(path: Path, _stamp: str) -> str:
    digests = {}
    for name, file in _files(path):
        with file.open("rb") as opened:
            digests[name] = hashlib.file_digest(opened, "sha256").digest()
    return content_digest(digests)


def content(path: Path) -> str:
    """Return a digest of the content of an archive: the packed file, or all files of a folder."""
    return _content(path, stamp(path))


def _files(path: Path) -> list[tuple[str, Path]]:
    if path.is_dir():
        return [(name, path / name) for name in sorted(walk(path)[0])]
    return [("", path)]

"""Seeded damage to inputs: bytes, YAML and JSON, tables, safetensors files, archives."""

import copy
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np

Random = np.random.Generator

NUMBERS = [0, -1, 1, 2, 3, 10**9, 10**18, 10**30, 2**63, 2**64, -(10**30), 0.0, -0.0, 1e-320, 1.5]
ODD_NUMBERS = [1e308, -1e308, float("inf"), float("-inf"), float("nan"), True, False, None]
TEXTS = ["", " ", "x", "1e-3", "0.1", "éé", "💥", "a" * 100_000, "a\nb", "a\0b", "\u202e", "null"]
CODE = ["../x", "/etc", "/", "~", "x y", "'; touch a; '", "$(touch a)", "`touch a`", "<b>", "{x}"]
PATTERNS = ["{", "{}", "*", "[", "[!", "**", "__class__", "conv", "mlp", "maml", "glyphs", "adam"]
CONTAINERS = [[], [[]], [0], [1, 1], [True], [1.5], [None], ["x"], [-1], [10**30], {}, {"a": 1}]
ODD = [{1: 2}, {None: 1}, {"kind": "mlp", "hidden": []}, {"kind": []}, {"name": {}}, {"kind": 1}]
FOREIGN = [b"bytes", date(2020, 1, 1), {"x"}]  # YAML has them, JSON has not
JSON_VALUES = [*NUMBERS, *ODD_NUMBERS, *TEXTS, *CODE, *PATTERNS, *CONTAINERS, *ODD[2:]]
YAML_VALUES = [*JSON_VALUES, *ODD[:2], *FOREIGN]
KEYS = ["x", "", "../x", "é", "{shot}", "{", "{0}", "{shot.__class__}", "a b", "__init__", "seeds"]
MORE_KEYS = ["matrix", "kind", "way", "shot", "fig1", "fig7", "epochs", "network", "a" * 5000]
CELLS = ["", "nan", "inf", "-1", "1.5", "1e400", "x", '"', ",", ";", "0x1", "٣", "1_0", "9" * 30]
NAMES = [
    "../evil.png",
    "/evil.png",
    "c0/../../evil.png",
    "..\\evil.png",
    "C:\\evil.png",
    "c0//x.png",
]
MORE_NAMES = ["c0", "c0/", "c0/0.png", "c0/x.txt", "x.png", "c0/c1/x.png", ".c0/x.png", "é/x.png"]


def pick(rng: Random, items: Sequence[Any]) -> Any:
    """Return one of several things as it is."""
    return items[rng.integers(len(items))]


def times(rng: Random) -> range:
    """Return how often to change something: mostly once."""
    return range(pick(rng, (1, 1, 1, 2, 3)))


def of_bytes(data: bytes, rng: Random) -> bytes:
    """Flip bits, cut, repeat, insert and overwrite."""
    for _ in times(rng):
        at, to = sorted(int(i) for i in rng.integers(len(data) + 1, size=2))
        to = min(to, at + 64)
        noise = rng.bytes(int(rng.integers(1, 9)))
        way = rng.integers(6)
        if way == 0:
            data = data[:at]
        elif way == 1:
            data = data[:at] + noise + data[at:]
        elif way == 2:
            data = data[:at] + noise + data[at + len(noise) :]
        elif way == 3:
            data = data[:at] + data[to:]
        elif way == 4:
            data = data[:to] + data[at:]
        elif data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([data[at] ^ 1 << int(rng.integers(8))]) + data[at + 1 :]
    return data


def of_tree(tree: Any, rng: Random, values: Sequence[Any] = JSON_VALUES) -> Any:
    """Change, remove, rename, add and exchange values of nested mappings and lists."""
    tree = copy.deepcopy(tree)
    for _ in times(rng):
        paths = [path for path in _paths(tree) if path]
        if not paths:
            return pick(rng, values)
        _change(tree, pick(rng, paths), paths, rng, values)
    return tree


def _paths(node: Any, at: tuple = ()) -> Iterator[tuple]:
    yield at
    if isinstance(node, list):
        node = dict(enumerate(node))
    for key, value in node.items() if isinstance(node, dict) else ():
        yield from _paths(value, (*at, key))


def _at(tree: Any, path: tuple) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def _change(tree: Any, path: tuple, paths: list, rng: Random, values: Sequence[Any]) -> None:
    parent, key = _at(tree, path[:-1]), path[-1]
    value, way = parent[key], rng.integers(7)
    if way == 0:
        del parent[key]
    elif way == 1 and isinstance(parent, dict):
        parent[pick(rng, KEYS + MORE_KEYS)] = parent.pop(key)
    elif way == 2 and isinstance(value, dict):
        value[pick(rng, KEYS + MORE_KEYS)] = copy.deepcopy(pick(rng, values))
    elif way == 2 and isinstance(value, list):
        value.append(copy.deepcopy(pick(rng, values)))
    elif way == 3:
        parent[key] = copy.deepcopy(_at(tree, pick(rng, paths)))
    elif way == 4 and type(value) in (int, float):
        parent[key] = value * pick(rng, (-1, 0, 1000, 10**6, 0.5, 10**12))
    else:
        parent[key] = copy.deepcopy(pick(rng, values))


def of_table(data: bytes, rng: Random) -> bytes:
    """Edit a CSV file: its cells, rows and columns, its separator, its bytes."""
    rows = [line.split(",") for line in data.decode().splitlines()]
    for _ in times(rng):
        row, column = int(rng.integers(len(rows))), int(rng.integers(len(rows[0])))
        way = rng.integers(8)
        if way == 0:
            rows.insert(row, rows[row])
        elif way == 1:
            rows = rows[: row + 1]
        elif way == 2:
            rows = [[*r[:column], *r[column + 1 :]] for r in rows]
        elif way == 3:
            rows = [[*r[column:], *r[:column]] for r in rows]
        elif way == 4:
            separator = pick(rng, (";", "\t", "|", " "))
            return "\n".join(map(separator.join, rows)).encode()
        elif way == 5:
            return of_bytes("\n".join(map(",".join, rows)).encode(), rng)
        else:
            rows[row] = [*rows[row][:column], pick(rng, CELLS), *rows[row][column + 1 :]]
    return "".join(f"{','.join(row)}\n" for row in rows).encode()


def of_arrays(data: bytes, rng: Random) -> bytes:
    """Damage a safetensors file: its bytes, its header, its metadata, its numbers."""
    length = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    way = rng.integers(4)
    if way == 0:
        return of_bytes(data, rng)
    if way == 1:
        header = of_tree(header, rng)
    elif way == 2:
        metadata = of_tree(json.loads(header["__metadata__"]["json"]), rng)
        header["__metadata__"]["json"] = json.dumps(metadata)
    else:
        at = int(rng.integers(max(1, len(body) - 4)))
        number = np.float32(pick(rng, (np.nan, np.inf, -1, 0, 1e30, 1e-40))).tobytes()
        body = body[:at] + number + body[at + 4 :]
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


Members = list[tuple[str, bytes]]


def of_members(members: Members, rng: Random, pictures: Sequence[bytes]) -> Members:
    """Rename, remove, add and damage the files of an archive; `pictures` are odd images."""
    members = list(members)
    for _ in times(rng):
        at = int(rng.integers(len(members)))
        name, content = members[at]
        way = rng.integers(5)
        if way == 0 and len(members) > 1:
            del members[at]
        elif way == 1:
            members[at] = (pick(rng, NAMES + MORE_NAMES), content)
        elif way == 2:
            members.append((pick(rng, NAMES + MORE_NAMES), pick(rng, (content, b"text"))))
        elif way == 3:
            members[at] = (name, pick(rng, pictures))
        else:
            members[at] = (name, of_bytes(content, rng))
    return members


def packed_zip(members: Members) -> bytes:
    """Return a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


def packed_tar(members: Members) -> bytes:
    """Return a tar, compressed by gzip."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members:
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return gzip.compress(file.getvalue(), mtime=0)


def of_archive(
    members: Members, pack: Callable[[Members], bytes], rng: Random, pictures: Sequence[bytes]
) -> bytes:
    """Damage an archive: as a rule its files, sometimes its bytes."""
    if rng.integers(3) == 0:
        return of_bytes(pack(members), rng)
    return pack(of_members(members, rng, pictures))

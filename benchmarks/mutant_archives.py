"""Archives of images, pickles and manifests that are damaged, and what reads them."""

import io
import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import mutations
import numpy as np
from mutations import Random
from PIL import Image

from metalandscape.datasets import _manifest, _pickles, image_folder
from metalandscape.jobs import download, prepare


def _png(pixels: np.ndarray, form: str = "PNG", mode: str | None = None) -> bytes:
    file, image = io.BytesIO(), Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(file, form)
    return file.getvalue()


def members() -> mutations.Members:
    """Return the names and contents of four classes of three images."""
    rng = np.random.default_rng(0)
    names = [f"c{c}/{i}.png" for c in range(4) for i in range(3)]
    return [(name, _png(rng.integers(0, 256, (8, 8, 3), np.uint8))) for name in names]


def pictures() -> Iterator[bytes]:
    """Yield images of many modes and formats, and what is none."""
    pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    yield from (_png(pixels, mode=mode) for mode in ("1", "L", "LA", "P", "RGBA"))
    yield _png(pixels[..., 0].astype(np.uint16) * 300)
    yield from (_png(pixels, "TIFF", mode) for mode in ("F", "I", "CMYK", "YCbCr"))
    yield from (_png(pixels, form) for form in ("JPEG", "GIF", "WEBP", "BMP"))
    whole = _png(pixels)
    size = b"".join(side.to_bytes(4, "big") for side in (100_000, 100_000))
    yield from (b"", b"text", whole[:60], whole[:16] + size + whole[24:])
    yield _png(np.zeros((1, 60_000), np.uint8))


def prepared(path: Path, out: Path) -> None:
    """Prepare an archive of images."""
    prepare.run(_image_options(str(path)), str(out / "images.safetensors"), None)


def _image_options(archive: str) -> str:
    split = {"train": 2, "test": 2}
    own = {"kind": "image_folder", "archive": archive, "image_size": 8, "split": split}
    return json.dumps(own)


def pickled(rng: Random) -> bytes:
    """Return a damaged pickle of a form that caches of images have."""
    images = np.arange(96, dtype=np.uint8).reshape(2, 4, 4, 3)
    content = {
        "image_data": images,
        "class_dict": {"n01": [0], "n02": [1]},
        "labels": [0, 1.5, "é"],
    }
    return mutations.of_bytes(pickle.dumps(content, int(rng.integers(6))), rng)


def unpickled(path: Path, _out: Path) -> None:
    """Read a pickle."""
    with path.open("rb") as file:
        _pickles.load(file, path.name)


class Manifest:
    """The manifest of an archive of images."""

    def __init__(self, folder: Path):
        """Make the archive and its manifest in a folder."""
        folder.mkdir()
        (folder / "a.zip").write_bytes(mutations.packed_zip(members()))
        download.run(_image_options("a.zip"), str(folder / "a.json"))
        self.content = (folder / "a.json").read_text()

    def mutate(self, rng: Random) -> bytes:
        """Return a damaged manifest."""
        if rng.integers(3) == 0:
            return mutations.of_bytes(self.content.encode(), rng)
        return json.dumps(mutations.of_tree(json.loads(self.content), rng)).encode()

    @staticmethod
    def read(path: Path, out: Path) -> None:
        """Compare the archive with its manifest, as a dry-run does, and prepare it."""
        given = _image_options("a.zip")
        _manifest.identity(image_folder.Options.model_validate_json(given), path)
        prepare.run(given, str(out / "images.safetensors"), str(path))

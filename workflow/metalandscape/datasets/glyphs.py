"""`glyphs`: letters of many scripts drawn from the fonts that matplotlib ships; needs no network.

A class is a letter, an instance one of twelve DejaVu faces under a random affine map. In one
channel it stands in for Omniglot; in color on a textured background, for MiniImagenet.
"""

import functools
import importlib.util
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydantic import Field, NonNegativeInt, PositiveInt

from ..ground.errors import UserError
from ..ground.randomness import generator
from . import ImageOptions, Split
from ._images import ImageDataset
from ._pixels import described

NAME = "letters"

FILL = 0.8  # the longer side of a glyph's bounding box, in units of the image's side
OVERSAMPLING = 4  # strokes are drawn this many times larger and averaged down
TEXTURE = 0.12  # standard deviation of the ground's colour between cells, of a range of 1
CELLS = 4  # cells of texture along the image's side
REFERENCE = "DejaVuSans.ttf"  # the face in which letters are compared,
REFERENCE_SIZE = 16  # at this many pixels;
ALIKE = 0.9  # above this cosine of their bitmaps two letters would be one class


class Options(ImageOptions):
    """Configuration of `kind: glyphs`.

    Attributes:
        image_size: Height and width in pixels.
        colour: A bright letter on a dark textured background in three channels, instead of one
            channel.
        train_classes: Letters for meta-training.
        val_classes: Letters for meta-validation; the same ones whatever `train_classes` is.
        test_classes: Letters for meta-test; the same ones whatever `train_classes` is.
        instances_per_class: Images of a letter.
        noise: Strength s of the random affine map x -> (I + s A) x + s b of every image, with A and
            b standard normal and x in units of the image's side, from its center.
    """

    kind: Literal["glyphs"]
    image_size: int = Field(default=14, ge=8, le=1024)
    colour: bool = False
    train_classes: PositiveInt = 200
    val_classes: NonNegativeInt = 0
    test_classes: PositiveInt = 100
    instances_per_class: int = Field(default=20, gt=0, le=10_000)
    noise: float = Field(default=0.06, ge=0, le=0.5)

    def classes(self, split: Split) -> int:
        """Return the number of letters of a split, turned ones included."""
        turns = 4 if self.rotations and split == "train" else 1
        return getattr(self, f"{split}_classes") * turns

    def input_shape(self) -> tuple[int, int, int]:
        """Return (channels, height, width)."""
        return (3 if self.colour else 1, self.image_size, self.image_size)

    def instances(self) -> int:
        """Return the number of instances of every class."""
        return self.instances_per_class


def prepare(options: Options, folder: Path, record: Path) -> ImageDataset:
    """Draw all images; `folder` and `record` are not used, since there is no archive.

    Raises:
        UserError: more letters are asked for than are visually distinct.
    """
    classes, splits = {}, {}
    for letter, split in _chosen(options):
        name = f"U+{ord(letter):04X} {unicodedata.name(letter)}"
        classes[name] = [render(letter, i, options) for i in range(options.instances_per_class)]
        splits[name] = split
    return ImageDataset.from_classes(
        classes,
        splits,
        options.rotations,
        turned_together=options.turned_together,
        preprocessing=described(options.image_size, 3 if options.colour else 1, "black"),
        kind=options.kind,
    )


def _chosen(options: Options) -> list[tuple[str, Split]]:
    """Return the letters to draw, each with its split."""
    available = letters()
    train, val, test = options.train_classes, options.val_classes, options.test_classes
    if train + val + test > len(available):
        raise UserError(
            f"train_classes + val_classes + test_classes: {train + val + test} letters asked of "
            f"glyphs, which has {len(available)}."
        )
    order = generator(0, "glyphs", "split").permutation(available).tolist()
    # Train letters come from the front and test letters from the back, validation letters before
    # these, so that both are the same however many train letters a run may see.
    back = len(order) - test
    parts = {"train": order[:train], "val": order[back - val : back], "test": order[back:]}
    return [(letter, split) for split, chosen in parts.items() for letter in chosen]


def restore(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> ImageDataset:
    """Return the dataset of a prepared file."""
    return ImageDataset.restore(arrays, metadata)


@functools.cache
def faces() -> list[Path]:
    """Return the twelve font files that have letters of many scripts."""
    spec: Any = importlib.util.find_spec("matplotlib")
    found = Path(spec.submodule_search_locations[0], "mpl-data", "fonts", "ttf").glob("DejaVu*.ttf")
    return sorted(path for path in found if "Display" not in path.name)


@functools.cache
def letters() -> list[str]:
    """Return the letters to choose from, in code point order.

    They are in all faces, are neither accented forms nor typographic variants of another letter
    (no Unicode decomposition, no modifier), and look like no earlier one: A stands for the Latin,
    Greek and Cyrillic letter, d also for p, its turned form.
    """
    from fontTools.ttLib import TTFont

    shared = set.intersection(*(set(TTFont(face)["cmap"].getBestCmap()) for face in faces()))
    candidates = [
        letter
        for letter in map(chr, sorted(shared))
        if unicodedata.category(letter) in ("Lu", "Ll", "Lo")
        and not unicodedata.decomposition(letter)
    ]
    return _distinct(candidates, next(face for face in faces() if face.name == REFERENCE))


def _distinct(candidates: list[str], face: Path) -> list[str]:
    """Drop letters whose cosine with a letter kept before, in any quarter turn, is over `ALIKE`."""
    kept: list[str] = []
    turned: list[list[np.ndarray]] = []
    norms: list[float] = []
    for letter in candidates:
        strokes = _strokes(letter, face, REFERENCE_SIZE, np.eye(2), np.zeros(2))
        bitmap = np.asarray(strokes, np.float64)  # integers, so the products below are exact
        norm = np.linalg.norm(bitmap)
        products = np.reshape(turned, (-1, 4, bitmap.size)) @ bitmap.ravel()  # [kept, turns]
        if (products.max(1, initial=0) <= ALIKE * norm * np.array(norms)).all():
            kept.append(letter)
            turned.append([np.rot90(bitmap, turns).ravel() for turns in range(4)])
            norms.append(float(norm))
    return kept


def render(letter: str, instance: int, options: Options) -> np.ndarray:
    """Return instance number `instance` of a letter, uint8 [image_size, image_size, channels]."""
    rng = generator(0, "glyphs", letter, instance)
    face = faces()[instance % len(faces())]
    matrix = np.eye(2) + options.noise * rng.standard_normal((2, 2))
    shift = options.noise * rng.standard_normal(2)
    image = _strokes(letter, face, options.image_size, matrix, shift)
    if options.colour:
        image = _paint(image, rng)
    return np.asarray(image).reshape(options.image_size, options.image_size, -1)


@functools.cache
def _font(face: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face, size, layout_engine=ImageFont.Layout.BASIC)


@functools.lru_cache(maxsize=64)
def _glyph(letter: str, face: Path, size: int) -> Image.Image:
    """Return a letter of `size` pixels to the em, light on dark, cut to its bounding box."""
    font = _font(face, size)
    left, top, right, bottom = font.getbbox(letter)
    glyph = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(glyph).text((-left, -top), letter, fill=255, font=font)
    return glyph.crop(glyph.getbbox())


def _strokes(
    letter: str, face: Path, size: int, matrix: np.ndarray, shift: np.ndarray
) -> Image.Image:
    """Draw a letter, light on dark, fitted to the image and mapped.

    Args:
        letter: one character.
        face: the font file.
        size: height and width in pixels.
        matrix: [2, 2], takes a point of the image to one of the glyph, both from their centres.
        shift: [2], the same point's shift in units of the image's side.

    Returns:
        An image of one channel, size x size.
    """
    canvas = OVERSAMPLING * size
    glyph = _glyph(letter, face, canvas)
    matrix = matrix * (max(glyph.size) / (FILL * canvas))
    offset = np.array(glyph.size) / 2 - matrix @ (canvas * (0.5 + shift))
    coefficients = np.column_stack([matrix, offset]).ravel().tolist()
    drawn = glyph.transform(
        (canvas, canvas), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    )
    return drawn.reduce(OVERSAMPLING)


def _paint(strokes: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Paint strokes in a colour from [0.5, 1] on a textured ground with a colour from [0, 0.5].

    The intervals must not overlap: if letters may be darker than their ground, networks of this
    size don't learn to classify them.
    """
    letter, ground = rng.uniform(0.5, 1, 3), rng.uniform(0, 0.5, 3)
    levels = ground + TEXTURE * rng.standard_normal((CELLS, CELLS, 3))
    cells = Image.fromarray(np.uint8(255 * levels.clip(0, 1)))
    image = cells.resize(strokes.size, Image.Resampling.BILINEAR)
    image.paste(tuple(int(255 * level) for level in letter), mask=strokes)
    return image

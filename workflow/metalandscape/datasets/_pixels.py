"""What an image shows, as eight-bit pixels: the one way in for archives and a user's own images.

The picture is taken as a viewer shows it: turned as its EXIF orientation says, transparent parts
over a stated ground, 16-bit values scaled by their range. What has no single meaning is refused: an
animation, and 32-bit or float values, whose range no file states. CMYK is converted to RGB without
a color profile.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..ground.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000")
Ground = Literal["white", "black"]
GROUNDS = {"white": 255, "black": 0}
GRAY_LEVELS = {"1": 255, "L;2": 85, "L;4": 17}  # what Pillow multiplies gray of few bits by
RANGES = {"I;12": 4095}  # the largest value where it is not that of 16 bits


def described(
    image_size: int, channels: int, ground: Ground = "white", inverted: bool = False
) -> dict[str, Any]:
    """Return the description of a preparation, as `preprocess` takes it.

    Args:
        image_size: height and width in pixels.
        channels: 1 (gray) or 3 (color).
        ground: what transparent parts show.
        inverted: whether x becomes 255 - x, as for Omniglot's dark strokes on white.
    """
    return {
        "image_size": image_size,
        "channels": channels,
        "ground": ground,
        "inverted": inverted,
    }


def preprocess(images: Any, preprocessing: dict[str, Any]) -> np.ndarray:
    """Apply to images of your own what was applied to a dataset's.

    Args:
        images: paths, PIL images, or uint8 arrays [h, w], [h, w, 1], [h, w, 3] or [h, w, 4]; one of
            these, a list of them, or an array of several.
        preprocessing: `ImageDataset.preprocessing`, also found in a prepared file's metadata.

    Returns:
        uint8 [n, image_size, image_size, channels].

    Raises:
        UserError: an image cannot be read, or it is nothing of the above.
    """
    size, channels = preprocessing["image_size"], preprocessing["channels"]
    images = [images] if _is_one(images) else images
    pixels = [
        _own(image, f"image {i}", size, channels, preprocessing["ground"])
        for i, image in enumerate(images)
    ]
    stacked = np.array(pixels, np.uint8).reshape(-1, size, size, channels)
    return 255 - stacked if preprocessing["inverted"] else stacked


def _is_one(images: Any) -> bool:
    shape = np.shape(images) if isinstance(images, np.ndarray) else ()
    single = isinstance(images, (str, Path)) or hasattr(images, "getbands")  # a PIL image
    return single or len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))


def _own(image: Any, where: str, size: int, channels: int, ground: Ground) -> np.ndarray:
    from PIL import Image

    if isinstance(image, (str, Path)):
        try:
            data = Path(image).read_bytes()
        except OSError as error:
            raise UserError(f"{image} cannot be read ({error.strerror}).") from error
        return decode(data, str(image), size, channels, ground)
    if not isinstance(image, Image.Image):
        image = _from_array(image, where)
    return _refusing(where, lambda: _fitted(image, size, channels, ground))


def _from_array(array: Any, where: str) -> "Image":
    from PIL import Image

    shape: Any = getattr(array, "shape", None)
    dtype = getattr(array, "dtype", None)
    if dtype != np.uint8 or not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))):
        got = type(array).__name__ if shape is None else f"{dtype} {list(shape)}"
        raise UserError(
            f"{where}: expected a path, a PIL image or uint8 [h, w, 1, 3 or 4], got {got}."
        )
    return Image.fromarray(array[..., 0] if shape[2:] == (1,) else array)


def decode(
    data: bytes, where: str, size: int, channels: int, ground: Ground = "white"
) -> np.ndarray:
    """Return an image file's content as uint8 [size, size, channels].

    An image of another size is resized (Lanczos) without regard to its aspect ratio, as is usual
    for MiniImagenet. `where` names archive and member in the message.

    Raises:
        UserError: `data` is no image, or one that shows nothing definite.
    """
    from PIL import Image

    def read() -> np.ndarray:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return _fitted(image, size, channels, ground)

    return _refusing(where, read)


class _UnclearError(ValueError):
    """The image can be read, but what it shows is not definite."""


def _refusing(where: str, read: Callable[[], np.ndarray]) -> np.ndarray:
    try:
        return read()
    except _UnclearError as error:
        raise UserError(f"{where} {error}.") from error
    except Exception as error:  # a damaged image may raise anything
        raise UserError(f"{where} is not an image that can be read.") from error


def _fitted(image: "Image", size: int, channels: int, ground: Ground) -> np.ndarray:
    shown = _shown(image, ground).convert("L" if channels == 1 else "RGB")
    return _resized(shown, size).reshape(size, size, channels)


def resized(pixels: np.ndarray, size: int) -> np.ndarray:
    """Resize one image, uint8 [h, w, 3], to [size, size, 3] (Lanczos)."""
    from PIL import Image

    return pixels if pixels.shape[:2] == (size, size) else _resized(Image.fromarray(pixels), size)


def _resized(image: "Image", size: int) -> np.ndarray:
    from PIL.Image import Resampling

    if image.size != (size, size):
        image = image.resize((size, size), Resampling.LANCZOS)
    return np.asarray(image)


def _shown(image: "Image", ground: Ground) -> "Image":
    """Return the picture upright, opaque and in eight bits a channel."""
    from PIL import ImageOps

    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # a phone's MPO: the photograph and its previews
        raise _UnclearError(f"has {frames} frames or pages; give one image a file")
    raw = _raw_mode(image)
    high = image.mode in ("F", "I") or image.mode.startswith("I;")
    # TIFF can store gray with 0 as white; Pillow turns that round in eight bits only.
    negative = high and getattr(image, "tag_v2", {}).get(262) == 0
    exact = image.format in ("PNG", "PPM")
    image = ImageOps.exif_transpose(image)
    transparent = image.info.get("transparency")
    if high:
        image, alpha = _scaled(image, raw, exact, negative, transparent)
    elif transparent is not None and image.mode in ("1", "L", "RGB"):
        alpha = _keyed(image, raw, transparent)
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    else:
        return image
    return image if alpha is None else _over(image, alpha, ground)


def _raw_mode(image: "Image") -> str:
    """Return how the file stores a pixel, in Pillow's words; the image must not be loaded yet."""
    arguments = image.tile[0].args if getattr(image, "tile", None) else image.mode
    return arguments if isinstance(arguments, str) else str((arguments or [image.mode])[0])


def _scaled(
    image: "Image", raw: str, exact: bool, negative: bool, transparent: int | None
) -> tuple["Image", "Image | None"]:
    """Return an image of more than eight bits in eight, and its alpha channel."""
    from PIL import Image

    if image.mode == "F" or (image.mode == "I" and not exact):
        raise _UnclearError(
            "has 32-bit, signed or float values, whose range the file does not state; save it "
            "with 8 or 16 bits a channel"
        )
    values = np.asarray(image).astype(np.int64)  # [h, w]
    largest = RANGES.get(raw, 65535)
    eight = ((values.clip(0, largest) * 255 + largest // 2) // largest).astype(np.uint8)
    alpha = None if transparent is None else Image.fromarray(_mask(values != transparent))
    return Image.fromarray(255 - eight if negative else eight), alpha


def _keyed(image: "Image", raw: str, transparent: int | tuple[int, ...]) -> "Image":
    """Return the alpha channel of an image one color of which is transparent (PNG's tRNS)."""
    from PIL import Image

    if ";16" in raw:
        raise _UnclearError("has 16 bits a channel and a transparent color; save it with 8 bits")
    values = np.asarray(image).astype(np.int64)
    if image.mode == "RGB":
        return Image.fromarray(_mask((values != np.array(transparent)).any(-1)))
    if image.mode == "1":
        return Image.fromarray(_mask(values != (transparent != 0)))
    return Image.fromarray(_mask(values != transparent * GRAY_LEVELS.get(raw, 1)))


def _mask(opaque: np.ndarray) -> np.ndarray:
    return np.where(opaque, 255, 0).astype(np.uint8)


def _over(image: "Image", alpha: "Image", ground: Ground) -> "Image":
    """Composite an image over a plain ground."""
    from PIL import Image

    colored = image.convert("RGB").convert("RGBA")
    colored.putalpha(alpha)
    level = GROUNDS[ground]
    below = Image.new("RGBA", image.size, (level, level, level, 255))
    return Image.alpha_composite(below, colored).convert("RGB")

"""Images mean what they show: depth, transparency, orientation, frames; and a user's own images."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from metalandscape.datasets import _pixels, described, preprocess
from metalandscape.ground.errors import UserError

SIZE = 8


def encoded(image, form="PNG", **options):
    buffer = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(buffer, form, **options)
    return buffer.getvalue()


def raw_png(values, depth, kind, transparent):
    """A PNG of `values` [h, w, channels] with `depth` bits a channel and one transparent color."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    height, width, _ = values.shape
    bits = "".join("0" * 8 + "".join(f"{v:0{depth}b}" for v in row.ravel()) for row in values)
    lines = int(bits, 2).to_bytes(len(bits) // 8, "big")
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    key = b"".join(struct.pack(">H", v) for v in transparent)
    parts = {b"IHDR": header, b"tRNS": key, b"IDAT": zlib.compress(lines), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(n, d) for n, d in parts.items())


def decoded(data, channels=1, ground="white"):
    pixels = _pixels.decode(data, "x.zip: a/1.png", SIZE, channels, ground)
    return pixels[..., 0] if channels == 1 else pixels


# --- what the right size and eight bits leave alone


def test_pixels_of_the_right_size_are_kept():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    for data in (encoded(pixels), encoded(pixels, "WEBP", lossless=True)):
        np.testing.assert_array_equal(_pixels.decode(data, "", 9, 3), pixels)
    assert _pixels.decode(encoded(pixels), "", 4, 1).shape == (4, 4, 1)


def test_what_is_no_image_is_named():
    cut = encoded(np.zeros((9, 9, 3), np.uint8))[:-30]
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) print\n"
    for data in (b"text", b"", cut, script):
        with pytest.raises(UserError, match=r"x\.zip: a/1\.png is not an image"):
            decoded(data)


# --- depth

RAMP = (np.arange(64).reshape(8, 8) * 1000).astype(np.uint16)
RAMP_SHOWN = np.round(RAMP / 65535 * 255)


def white_is_zero(data):
    """A TIFF with its tag 262 (photometric interpretation) set to 0."""
    at = data.index(struct.pack("<HHI", 262, 3, 1)) + 8
    return data[:at] + struct.pack("<H", 0) + data[at + 2 :]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("form", ["PNG", "TIFF", "PPM", "JPEG2000"])
def test_16_bits_are_scaled_by_their_range(form, channels):
    shown = decoded(encoded(RAMP, form), channels)
    np.testing.assert_array_equal(shown.reshape(8, 8, -1)[..., 0], RAMP_SHOWN)


def test_the_range_of_a_pgm_is_the_one_it_states():
    data = b"P5 8 8 1000\n" + (RAMP // 64).astype(">u2").tobytes()
    np.testing.assert_allclose(decoded(data), (RAMP // 64) / 1000 * 255, atol=0.51)


def test_16_bits_with_zero_as_white_are_turned_round():
    data = white_is_zero(encoded(RAMP, "TIFF"))
    np.testing.assert_array_equal(decoded(data), 255 - RAMP_SHOWN)


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8),
        (np.arange(64, dtype=np.int32) * 100000).reshape(8, 8),
    ],
)
def test_values_without_a_range_are_refused(values):
    with pytest.raises(UserError, match=r"a/1\.png has 32-bit, signed or float values.*save it"):
        decoded(encoded(values, "TIFF"))


# --- transparency: left half black, right half transparent, in every mode that has it

RIGHT = np.arange(SIZE) >= SIZE // 2
ALPHA = np.broadcast_to(np.where(RIGHT, 0, 255).astype(np.uint8), (SIZE, SIZE))
COLORS = np.broadcast_to(RIGHT[:, None], (SIZE, SIZE, 3)) * np.array([200, 100, 7])


def layered(mode):
    layer = Image.new("L", (SIZE, SIZE))
    colors = {"LA": [layer], "RGBA": [layer] * 3}[mode]
    return Image.merge(mode, [*colors, Image.fromarray(ALPHA)])


def palette(transparency):
    image = Image.fromarray(np.broadcast_to(RIGHT, (SIZE, SIZE)).astype(np.uint8), "P")
    image.putpalette([0, 0, 0, 9, 99, 200])
    return encoded(image, transparency=transparency)


def gray(depth, key):
    return raw_png((np.broadcast_to(RIGHT, (SIZE, SIZE)) * key)[..., None], depth, 0, [key])


TRANSPARENT = {
    "RGBA": encoded(layered("RGBA")),
    "LA": encoded(layered("LA")),
    "RGBA in WebP": encoded(layered("RGBA"), "WEBP", lossless=True),
    "RGBA in TIFF": encoded(layered("RGBA"), "TIFF"),
    "palette, one entry": palette(1),
    "palette, alpha of every entry": palette(b"\xff\x00"),
    "palette in GIF": encoded(Image.open(io.BytesIO(palette(1))), "GIF", transparency=1),
    "tRNS of 1 bit": gray(1, 1),
    "tRNS of 2 bits": gray(2, 2),
    "tRNS of 4 bits": gray(4, 7),
    "tRNS of 8 bits": gray(8, 77),
    "tRNS of 16 bits": gray(16, 7000),
    "tRNS of RGB": raw_png(COLORS, 8, 2, [200, 100, 7]),
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", TRANSPARENT)
def test_transparent_parts_show_the_ground(name, channels):
    for ground, level in (("white", 255), ("black", 0)):
        shown = decoded(TRANSPARENT[name], channels, ground).reshape(SIZE, SIZE, -1)
        assert set(shown[:, RIGHT].ravel()) == {level}
        assert set(shown[:, ~RIGHT].ravel()) == {0}


def test_half_transparent_is_half_ground():
    image = Image.new("RGBA", (SIZE, SIZE), (100, 0, 0, 51))  # a fifth opaque
    assert decoded(encoded(image), 3)[0, 0].tolist() == [224, 204, 204]


def test_the_color_of_transparent_parts_does_not_bleed_when_resized():
    image = Image.new("RGBA", (4 * SIZE, SIZE), (255, 0, 0, 0))
    assert set(decoded(encoded(image), 3).ravel()) == {255}


def test_16_bit_colors_with_a_transparent_one_are_refused():
    with pytest.raises(UserError, match="16 bits a channel and a transparent color"):
        decoded(raw_png(COLORS * 256, 16, 2, [51200, 25600, 1792]), 3)


# --- orientation

UPRIGHT = np.random.default_rng(1).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
STORED = {  # what a camera stores with this EXIF orientation, for the picture UPRIGHT
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.swapaxes(0, 1),
    6: np.rot90(UPRIGHT, 1),
    7: np.rot90(UPRIGHT, 2).swapaxes(0, 1),
    8: np.rot90(UPRIGHT, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_photographs_are_turned_as_their_exif_says(form, orientation):
    exif = Image.Exif()
    exif[0x112] = orientation
    pixels = np.ascontiguousarray(STORED[orientation])
    options = {"lossless": True} if form == "WEBP" else {}
    data = encoded(pixels, form, exif=exif, **options)
    np.testing.assert_array_equal(decoded(data, 3), UPRIGHT)


def test_a_turned_image_of_16_bits_keeps_its_depth():
    exif = Image.Exif()
    exif[0x112] = 6
    data = encoded(np.ascontiguousarray(np.rot90(RAMP)), exif=exif)
    np.testing.assert_array_equal(decoded(data), RAMP_SHOWN)


# --- frames and color spaces


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_several_frames_are_refused(form):
    frames = [Image.new("RGB", (SIZE, SIZE), color) for color in ("red", "blue", "green")]
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:])
    with pytest.raises(UserError, match=r"a/1\.png has 3 frames or pages; give one image a file"):
        decoded(data, 3)


def test_of_a_phones_mpo_the_photograph_is_taken():
    frames = [Image.new("RGB", (SIZE, SIZE), color) for color in ("black", "white")]
    data = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert decoded(data, 3).max() == 0


def test_cmyk_is_converted():
    data = encoded(Image.new("CMYK", (SIZE, SIZE), (0, 255, 255, 0)), "TIFF")
    assert decoded(data, 3)[0, 0].tolist() == [255, 0, 0]
    assert decoded(encoded(Image.new("CMYK", (SIZE, SIZE), (0, 0, 0, 0)), "JPEG")).min() > 250


# --- a user's own images


def test_own_images_are_prepared_like_the_archives(tmp_path):
    pixels = np.random.default_rng(2).integers(0, 256, (20, 30, 3), np.uint8)
    (tmp_path / "own.png").write_bytes(encoded(pixels))
    own = [tmp_path / "own.png", str(tmp_path / "own.png"), Image.fromarray(pixels), pixels]
    expected = _pixels.decode(encoded(pixels), "", SIZE, 1)
    prepared = preprocess(own, described(SIZE, 1))
    assert prepared.shape == (4, SIZE, SIZE, 1) and prepared.dtype == np.uint8
    for image in prepared:
        np.testing.assert_array_equal(image, expected)
    inverted = preprocess(pixels[None], described(SIZE, 1, inverted=True))
    np.testing.assert_array_equal(inverted[0], 255 - expected)


def test_ground_and_gray_arrays():
    clear = np.zeros((SIZE, SIZE, 4), np.uint8)
    assert preprocess([clear], described(SIZE, 3, "black")).max() == 0
    assert preprocess([clear], described(SIZE, 3, "white")).min() == 255
    gray = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    for own in (gray, gray[..., None]):
        np.testing.assert_array_equal(preprocess(own, described(SIZE, 1))[0, ..., 0], gray[0])
    for one in (clear, gray[0], Image.fromarray(clear), Image.fromarray(gray[0])):
        assert preprocess(one, described(SIZE, 3)).shape == (1, SIZE, SIZE, 3)
    assert preprocess([], described(SIZE, 3)).shape == (0, SIZE, SIZE, 3)


@pytest.mark.parametrize(
    "own", [[np.zeros((8, 8))], [np.zeros((8, 8, 2), np.uint8)], [3], [[1, 2]], np.zeros((5, 8, 8))]
)
def test_what_is_no_picture_is_refused(own):
    with pytest.raises(UserError, match="image 0: expected a path, a PIL image or uint8"):
        preprocess(own, described(SIZE, 3))


def test_own_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(UserError, match=r"absent\.png cannot be read"):
        preprocess(tmp_path / "absent.png", described(SIZE, 3))

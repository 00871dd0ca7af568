import re

import numpy as np
import pytest

from metalandscape.ground import files
from metalandscape.ground.errors import UserError


def test_a_failed_write_leaves_nothing(tmp_path):
    def fail():
        with files.whole(tmp_path / "a.csv") as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not list(tmp_path.iterdir())


def test_arrays_and_metadata_come_back_memory_mapped(tmp_path):
    arrays = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "b": np.array([1.5, 2.5])}
    files.write_arrays(tmp_path / "f", arrays, names=["x", "é"])
    back, metadata = files.read_arrays(tmp_path / "f")
    assert metadata == {"names": ["x", "é"]}
    assert isinstance(back["a"], np.memmap) and back["a"].dtype == np.uint8
    np.testing.assert_array_equal(back["a"], arrays["a"])
    np.testing.assert_array_equal(back["b"], arrays["b"])


def headed(header, data=b""):
    """A safetensors file with any header."""
    return len(header).to_bytes(8, "little") + header + data


DAMAGE = "is damaged, or is no safetensors file; make or copy it anew."
HEADER = b'{"a": {"dtype": "%s", "shape": [2], "data_offsets": [0, %d]}}'
DAMAGED = {
    "empty": (b"", DAMAGE),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), DAMAGE),
    "a list": (headed(b"[]"), DAMAGE),
    "half": (headed(HEADER % (b"F32", 8), bytes(4)), DAMAGE),
    "half precision": (
        headed(HEADER % (b"BF16", 4), bytes(4)),
        "its tensor a has the type BF16; convert it to one of U8, I64, F32, F64.",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_or_of_another_format_is_refused_by_name(tmp_path, name):
    content, words = DAMAGED[name]
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(UserError, match="^" + re.escape(str(tmp_path / "f"))) as caught:
        files.read_arrays(tmp_path / "f")
    assert words in str(caught.value)

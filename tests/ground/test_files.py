import numpy as np
import pytest

from metalandscape.ground import files


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

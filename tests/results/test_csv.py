import numpy as np
import pandas as pd

from metalandscape.results import csv


def test_numbers_are_read_back_exactly(tmp_path):
    values = [0.1, 1 / 3, 1e-300, np.pi * 1e200, -0.0, np.nan, np.inf]
    csv.write(tmp_path / "a.csv", pd.DataFrame({"x": values, "n": range(7)}))
    back = csv.read(tmp_path / "a.csv")
    np.testing.assert_array_equal(back["x"], values)
    assert back["n"].tolist() == list(range(7)) and list(back.columns) == ["x", "n"]


def test_the_same_table_is_the_same_bytes(tmp_path):
    table = pd.DataFrame({"x": np.random.default_rng(0).standard_normal(50)})
    for name in "ab":
        csv.write(tmp_path / name, table)
    csv.write(tmp_path / "c", csv.read(tmp_path / "a"))
    assert len({(tmp_path / name).read_bytes() for name in "abc"}) == 1
